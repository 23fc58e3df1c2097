#include "server/catalogue/finding.h"

#include <string.h>

#include "catalogue/finder_record.h"
#include "catalogue/term.h"
#include "kontor/v1/configuration.pb-c.h"
#include "server/catalogue/offer.h"
#include "server/rpc/import.h"
#include "server/rpc/would_be.h"

/* Terms of one record that are looked at for near ones: others wait for the committer
 * meanwhile. */
enum { MAX_LOOKS = 4096 };

/* A vocabulary that was looked for before in this call. */
struct kept {
    const char *id;
    const struct term_list *list; /* NULL: there is none. */
    struct kept *next;
};

/* A finding may be out of date by the time it is read, so the commit does not rest on
 * these reads. */
static enum status
get(struct call *call, const struct kind *kind, const char *id,
    struct document *document)
{
    const struct scopes *scopes = &call->who->scopes;
    enum status status;
    if (would_be_get(call, kind, id, scopes, document, &status)) {
        return status;
    }
    return store_get(call->reader, kind, id, scopes, 0, call->arena, document);
}

static bool
is_offer_known(struct call *call, const char *id)
{
    struct document document;
    const char *slash = strrchr(id, '/');
    const char *service =
        slash == NULL ? "" : arena_copy_n(call->arena, id, (size_t)(slash - id));
    return slash != NULL && get(call, KIND_SERVICE, service, &document) == STATUS_OK &&
           offer_named(call_record(call, &document), slash + 1) != NULL;
}

static bool
is_known(void *context, const char *name, const char *id)
{
    struct call *call = context;
    struct document document;
    if (strcmp(name, "offer") == 0) {
        return is_offer_known(call, id);
    }
    const struct kind *kind = kind_by_name(kind_table, name);
    return get(call, kind, id, &document) == STATUS_OK;
}

static struct kept *
read_terms(struct call *call, const char *id)
{
    struct document document;
    struct kept *kept = arena_alloc(call->arena, sizeof(*kept));
    kept->id = arena_copy(call->arena, id);
    if (get(call, KIND_VOCABULARY, id, &document) == STATUS_OK) {
        kept->list = term_list_new(call->arena, call_record(call, &document));
    }
    return kept;
}

/* Read once a batch: every record of it draws on the same. */
static const struct term_list *
terms(void *context, const char *id)
{
    struct call *call = context;
    struct kept **first = (struct kept **)import_memo(call);
    struct kept *kept = first == NULL ? NULL : *first;
    while (kept != NULL && strcmp(kept->id, id) != 0) {
        kept = kept->next;
    }
    if (kept == NULL) {
        kept = read_terms(call, id);
        if (first != NULL) {
            kept->next = *first;
            *first = kept;
        }
    }
    return kept->list;
}

static void
tell(void *context, const char *path, const char *text)
{
    import_finding(context, path, "%s", text);
}

struct finder
finding_of(struct call *call, const char *id)
{
    size_t *n_looks = arena_alloc(call->arena, sizeof(*n_looks));
    *n_looks = MAX_LOOKS;
    return (struct finder){.arena = call->arena,
                           .n_looks = n_looks,
                           .context = call,
                           .registry = call_registry_of(call, id),
                           .is_known = is_known,
                           .terms = terms,
                           .tell = tell};
}

void
finding_vocabulary(struct call *call, const void *record)
{
    const Kontor__V1__Vocabulary *vocabulary = record;
    struct finder finder = finding_of(call, vocabulary->id);
    finder_vocabulary(&finder, vocabulary);
}

void
finding_provider(struct call *call, const void *record)
{
    const Kontor__V1__Provider *provider = record;
    struct finder finder = finding_of(call, provider->id);
    finder_provider(&finder, provider);
}

void
finding_service(struct call *call, const void *record)
{
    const Kontor__V1__Service *service = record;
    struct finder finder = finding_of(call, service->id);
    finder_service(&finder, service);
}

void
finding_bundle(struct call *call, const void *record)
{
    const Kontor__V1__Bundle *bundle = record;
    struct finder finder = finding_of(call, bundle->id);
    finder_bundle(&finder, bundle);
}

void
finding_endpoint(struct call *call, const void *record)
{
    const Kontor__V1__Endpoint *endpoint = record;
    struct finder finder = finding_of(call, endpoint->id);
    term_find(&finder, &endpoint->base);
}
