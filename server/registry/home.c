#include "server/registry/home.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/rules.h"
#include "proto/wire.h"
#include "server/registry/registry.h"

enum { PAGE = 500 };

/* ---- Creating ---- */

/* What the maker waits for. */
struct waiting {
    const struct home_wanted *wanted;
    pthread_mutex_t lock; /* Guards the rest. */
    pthread_cond_t ended;
    bool is_over;
    enum status status;
    char *error;
    size_t error_size;
};

static enum status
decide(struct call *call, const void *request, struct decision *decision)
{
    const struct waiting *waiting = request;
    const struct home_wanted *wanted = waiting->wanted;
    /* Only commit 1 may come without a caller whose rights were judged: in a store that
     * has a home anybody with a shell could make himself its admin. */
    if (call->applied != 0) {
        return call_fail(call, REASON_ALREADY_EXISTS,
                         "the store is not empty; --init begins a new one only");
    }
    Kontor__V1__CreateRegistryRequest create =
        KONTOR__V1__CREATE_REGISTRY_REQUEST__INIT;
    Kontor__V1__Registry *registry = arena_alloc(call->arena, sizeof *registry);
    kontor__v1__registry__init(registry);
    registry->id = (char *)wanted->registry;
    registry->trust_domain = (char *)wanted->trust_domain;
    registry->bundle = (char *)wanted->bundle;
    create.registry = registry;
    create.first_admin = (char *)wanted->admin;
    /* The frame checks what comes by wire; this request does not, so its rules are
     * checked here, or --init would store what CreateRegistry refuses. */
    rules_check(&create.base, call->faults);
    enum status status = call_check_faults(call);
    if (status != STATUS_OK) {
        return status;
    }
    return registry_put_new(call, decision, wanted->registry, registry, wanted->admin);
}

/* There is no client that would unfold the faults: a line on a terminal names them all
 * at once. */
static void
error_print(const struct error *error, char *text, size_t size)
{
    const struct faults *faults = error->faults;
    int used = snprintf(text, size, "%s", error->message);
    for (size_t i = 1; faults != NULL && i < faults->n_rows; i++) {
        if (used < 0 || (size_t)used >= size) {
            return;
        }
        used += snprintf(text + used, size - (size_t)used, "; %s: %s",
                         faults->rows[i].path, faults->rows[i].description);
    }
}

static void
done(void *context, enum status status, const struct error *error,
     const Kontor__V1__Commit *commit)
{
    struct waiting *waiting = context;
    (void)commit;
    /* The committer's thread tells; the one that waits owns the text, so it is written
     * while that one cannot go on. */
    (void)pthread_mutex_lock(&waiting->lock);
    waiting->status = status;
    waiting->is_over = true;
    if (status != STATUS_OK && error != NULL) {
        error_print(error, waiting->error, waiting->error_size);
    }
    (void)pthread_cond_signal(&waiting->ended);
    (void)pthread_mutex_unlock(&waiting->lock);
}

enum status
home_create(struct dispatch *dispatch, const struct home_wanted *wanted, char *error,
            size_t error_size)
{
    struct waiting waiting = {.wanted = wanted,
                              .lock = PTHREAD_MUTEX_INITIALIZER,
                              .ended = PTHREAD_COND_INITIALIZER,
                              .error = error,
                              .error_size = error_size};
    struct own_work work = {.name = "init",
                            .decide = decide,
                            .request = &waiting,
                            .done = done,
                            .context = &waiting};
    /* As a work of the broker's own it takes the way of every change: judged by the
     * committer, durable before it is answered. */
    enum status status = dispatch_own(dispatch, &work);
    if (status != STATUS_OK) {
        (void)snprintf(error, error_size, "the store takes no work: %s",
                       status_name(status));
        return status;
    }
    (void)pthread_mutex_lock(&waiting.lock);
    while (!waiting.is_over) {
        (void)pthread_cond_wait(&waiting.ended, &waiting.lock);
    }
    (void)pthread_mutex_unlock(&waiting.lock);
    return waiting.status;
}

/* ---- Summing up ---- */

/* Which registry is home is a fact of the store, not of the configuration: a changed
 * setting must not hand the broker to another. */
static enum status
note_home(const struct document *document, struct arena *arena,
          struct home_summary *out)
{
    struct faults faults = {.arena = arena};
    const Kontor__V1__Registry *registry = (const Kontor__V1__Registry *)wire_unpack(
        document->kind->record, document->w, &wire_stored_limits, arena, &faults);
    if (registry == NULL) {
        return STATUS_DATA_LOSS;
    }
    if (registry->is_home) {
        (void)snprintf(out->id, sizeof out->id, "%s", document->id);
    }
    return STATUS_OK;
}

/* Counts the documents of a kind; among registries the home one is noted. */
static enum status
count(struct store_reader *reader, const struct kind *kind, struct home_summary *out,
      size_t *n_documents)
{
    struct arena *arena = arena_new();
    struct find find = {.kind = kind, .limit = PAGE, .token = ""};
    enum status status = arena == NULL ? STATUS_RESOURCE_EXHAUSTED : STATUS_OK;
    do {
        struct page page = {.next_token = ""};
        status = status == STATUS_OK ? store_find(reader, &find, arena, &page) : status;
        for (size_t i = 0; status == STATUS_OK && i < page.n_documents; i++) {
            bool is_registry = kind == KIND_REGISTRY;
            status =
                is_registry ? note_home(&page.documents[i], arena, out) : STATUS_OK;
        }
        *n_documents += page.n_documents;
        find.token = page.next_token;
    } while (status == STATUS_OK && find.token[0] != '\0');
    arena_free(arena);
    return status;
}

enum status
home_summarise(struct store *store, struct home_summary *out)
{
    struct store_reader *reader = NULL;
    *out = (struct home_summary){.n_registries = 0};
    enum status status = store_reader_open(store, &reader);
    if (status == STATUS_OK) {
        status = count(reader, KIND_REGISTRY, out, &out->n_registries);
    }
    if (status == STATUS_OK) {
        status = count(reader, KIND_PRINCIPAL, out, &out->n_principals);
    }
    if (status == STATUS_OK) {
        status = count(reader, KIND_REVOCATION, out, &out->n_revoked);
    }
    store_reader_close(reader);
    return status;
}
