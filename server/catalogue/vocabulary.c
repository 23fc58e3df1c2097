#include "server/catalogue/vocabulary.h"

/* Terms are the registry's: who decides there writes them, no single provider. */
static enum status
judge(struct call *call, const void *old, const struct document *old_doc, void *record,
      struct decision *decision)
{
    const Kontor__V1__Vocabulary *vocabulary = record;
    (void)old;
    (void)old_doc;
    (void)decision;
    if ((call->who->roles & (ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN))) == 0) {
        call_value(call, "role", "SHIFTER or ADMIN");
        return call_fail(call, REASON_ROLE_MISSING,
                         "writing a vocabulary needs the role SHIFTER or ADMIN");
    }
    return call_must_have(
        call, arena_print(call->arena, "r:%s", call_registry_of(call, vocabulary->id)));
}

static void
scope(struct call *call, const void *record, char ***out, size_t *n_out)
{
    const Kontor__V1__Vocabulary *vocabulary = record;
    char **strings = arena_alloc(call->arena, 2 * sizeof(*strings));
    strings[0] =
        arena_print(call->arena, "=r:%s", call_registry_of(call, vocabulary->id));
    strings[1] = "~*";
    *out = strings;
    *n_out = 2;
}

const struct record vocabulary_record = {
    .kind = &KIND_VOCABULARY,
    .field = "vocabulary",
    .list_field = "vocabularies",
    .judge = judge,
    .scope = scope,
};
