#include "server/catalogue/vocabulary.h"

#include <string.h>

#include "server/catalogue/term.h"
#include "server/rpc/import.h"

/* So many terms are named in one finding; the rest is counted. */
enum { MAX_NAMED = 5 };

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

void
vocabulary_find(struct call *call, const void *record)
{
    const Kontor__V1__Vocabulary *vocabulary = record;
    const struct term_list *own = term_list_new(call, vocabulary);
    const struct term_list *above =
        vocabulary->parents[0] == '\0' ? own : term_list_get(call, vocabulary->parents);
    const char *named = "";
    size_t n = 0;
    for (size_t i = 0; i < vocabulary->n_terms; i++) {
        const Kontor__V1__Term *term = vocabulary->terms[i];
        if (term->parent[0] == '\0' || term_is_known(own, term->parent) ||
            term_is_known(above, term->parent)) {
            continue;
        }
        if (n++ < MAX_NAMED) {
            named = arena_print(call->arena, "%s%s%s under %s", named,
                                named[0] == '\0' ? "" : ", ", term->id, term->parent);
        }
    }
    if (n > 0) {
        import_finding(call, "terms",
                       "%zu of %zu terms stand under a term that is not there: %s%s", n,
                       vocabulary->n_terms, named, n > MAX_NAMED ? ", ..." : "");
    }
}

const struct record vocabulary_record = {
    .kind = &KIND_VOCABULARY,
    .field = "vocabulary",
    .list_field = "vocabularies",
    .judge = judge,
    .scope = scope,
};
