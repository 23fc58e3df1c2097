#include <string.h>

#include "store/trimmed.h"
#include "store/verify.h"

/* A document of the base is a change like any other, only that what wrote it is gone.
 */
static enum status
verify_base_document(void *context, const Kontor__V1__BaseDocument *document)
{
    struct verify *verify = context;
    const struct kind *kinds = verify->reader->store->options.kinds;
    const struct kind *kind = kind_by_name(kinds, document->kind);
    Kontor__V1__Commit commit = KONTOR__V1__COMMIT__INIT;
    Kontor__V1__Change change;
    const char *wrong = NULL;
    trimmed_change(document, &change);
    commit.seq = document->revision;
    commit.at = document->updated_at;
    if (kind == NULL) {
        verify->wrong =
            arena_print(verify->lasting, "the base: this version knows no kind \"%s\"",
                        document->kind);
        return STATUS_DATA_LOSS;
    }
    bool is_erased = chain_is_erased(&change);
    struct backend_counts *counts = &verify->wanted[kind - kinds];
    counts->present++;
    counts->past -= kind->has_history && is_erased ? 1 : 0;
    erasures_add_document(&verify->erasures, document);
    enum status status = is_erased
                             ? verify_erased(verify, kind, &commit, &change, &wrong)
                             : verify_put(verify, kind, &commit, &change, &wrong);
    if (wrong != NULL) {
        verify->wrong = arena_print(verify->lasting, "the base: %s %s: %s",
                                    document->kind, document->id, wrong);
    }
    return status;
}

enum status
verify_base(struct verify *verify)
{
    struct trimmed_walk walk = {.store = verify->reader->store,
                                .reader = verify->reader->reader,
                                .arena = verify->arena,
                                .lasting = verify->lasting,
                                .each = verify_base_document,
                                .context = verify};
    enum status status = trimmed_walk(&walk);
    verify->wrong = walk.wrong != NULL ? walk.wrong : verify->wrong;
    if (status == STATUS_OK && walk.base != NULL) {
        verify->chain.seq = walk.base->seq;
        memcpy(verify->chain.hash, walk.base->hash.data, sizeof verify->chain.hash);
    }
    return status;
}
