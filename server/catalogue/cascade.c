#include "server/catalogue/cascade.h"

#include <stdlib.h>

#include "server/broker.h"
#include "server/catalogue/offer_bundle.h"
#include "server/catalogue/onboarding.h"
#include "server/catalogue/provider.h"
#include "server/catalogue/service.h"

/* The actor is "~broker/provider". */
#define WORK "provider"

enum {
    PAGE = 32,      /* Services of one commit. */
    MAX_PAGES = 16, /* At one look: deadlines are waiting behind it. */
    MAX_TOKEN = 4096,
};

struct cascade {
    struct dispatch *dispatch;
    struct store_reader *reader;
    struct arena *kept;   /* Of what is kept from one look to the next. */
    const char *provider; /* NULL: none is being settled. */
    int64_t revision;     /* Of the provider, when its first page was read. */
    bool is_at_bundles;   /* Behind its services. */
    const char *token;
};

/* What one work is about. */
struct task {
    const struct kind *kind;
    const struct page *page;
    const char *provider;
    int64_t revision;
    size_t n_written;
};

static bool
run(struct cascade *cascade, decide_fn decide, struct task *task)
{
    bool is_written = false;
    return dispatch_own_wait(cascade->dispatch, WORK, decide, task, &is_written) ==
           STATUS_OK;
}

/* A service or a bundle, as far as it follows its provider. */
struct follower {
    const char *provider;
    protobuf_c_boolean *is_suspended;
    const struct record *record;
};

static struct follower
follower_of(const struct kind *kind, void *record)
{
    if (kind == KIND_SERVICE) {
        Kontor__V1__Service *service = record;
        return (struct follower){service->provider, &service->is_suspended,
                                 &service_record};
    }
    Kontor__V1__Bundle *bundle = record;
    return (struct follower){bundle->provider, &bundle->is_suspended,
                             &offer_bundle_record};
}

/* One of them as its provider's state has it; a change of either runs this again. */
static enum status
settle_one(struct call *call, const char *id, struct decision *decision,
           struct task *task)
{
    struct document document, of_provider;
    Kontor__V1__Provider *provider;
    char **scope;
    size_t n_scope;
    enum status status = call_get_any(call, task->kind, id, &document);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    void *record = call_record(call, &document);
    struct follower follower = follower_of(task->kind, record);
    status = provider_read(call, follower.provider, &of_provider, &provider);
    if (status != STATUS_OK || provider == NULL ||
        *follower.is_suspended == onboarding_is_ended(provider->state)) {
        return status;
    }
    *follower.is_suspended = onboarding_is_ended(provider->state);
    follower.record->scope(call, record, &scope, &n_scope);
    decision_put(call, decision, task->kind, id, document.revision, scope, n_scope,
                 record);
    task->n_written++;
    return STATUS_OK;
}

static enum status
settle_page(struct call *call, const void *request, struct decision *decision)
{
    struct task *task = (struct task *)(uintptr_t)request;
    enum status status = STATUS_OK;
    task->n_written = 0;
    for (size_t i = 0; i < task->page->n_documents && status == STATUS_OK; i++) {
        status = settle_one(call, task->page->documents[i].id, decision, task);
    }
    if (status == STATUS_OK && task->n_written == 0) {
        decision_reply(decision, NULL);
    }
    return status;
}

/* The provider has settled, unless it was moved meanwhile. */
static enum status
finish(struct call *call, const void *request, struct decision *decision)
{
    const struct task *task = request;
    struct document document;
    Kontor__V1__Provider *provider;
    char **scope;
    size_t n_scope;
    enum status status = provider_read(call, task->provider, &document, &provider);
    if (status != STATUS_OK) {
        return status;
    }
    if (provider == NULL || document.revision != task->revision) {
        decision_reply(decision, NULL);
        return STATUS_OK;
    }
    provider->is_settling = false;
    provider_record.scope(call, provider, &scope, &n_scope);
    decision_put(call, decision, KIND_PROVIDER, provider->id, document.revision, scope,
                 n_scope, &provider->base);
    return STATUS_OK;
}

/* ---- Looking ---- */

/* The first provider that is settling, or none. */
static void
begin(struct cascade *cascade, struct arena *arena)
{
    struct find find = {
        .kind = KIND_PROVIDER, .index = "settling", .n_equal = 1, .limit = 1};
    struct page page;
    find.equal[0].integer = 1;
    if (store_find(cascade->reader, &find, arena, &page) != STATUS_OK ||
        page.n_documents == 0) {
        return;
    }
    arena_reset(cascade->kept);
    cascade->provider = arena_copy(cascade->kept, page.documents[0].id);
    cascade->revision = page.documents[0].revision;
    cascade->is_at_bundles = false;
    cascade->token = "";
}

/* One page; false: this look is over. */
static bool
step(struct cascade *cascade, struct arena *arena, size_t *n_changed)
{
    const struct kind *kind = cascade->is_at_bundles ? KIND_BUNDLE : KIND_SERVICE;
    struct find find = {.kind = kind,
                        .index = "provider",
                        .n_equal = 1,
                        .limit = PAGE,
                        .token = cascade->token};
    struct page page;
    find.equal[0].text = cascade->provider;
    if (store_find(cascade->reader, &find, arena, &page) != STATUS_OK) {
        return false;
    }
    struct task task = {.kind = kind,
                        .page = &page,
                        .provider = cascade->provider,
                        .revision = cascade->revision};
    if (!run(cascade, settle_page, &task)) {
        return false;
    }
    *n_changed += task.n_written;
    if (page.next_token[0] != '\0') {
        cascade->token = arena_copy(cascade->kept, page.next_token);
        return true;
    }
    cascade->token = "";
    if (!cascade->is_at_bundles) {
        cascade->is_at_bundles = true;
        return true;
    }
    (void)run(cascade, finish, &task);
    cascade->provider = NULL;
    return false;
}

size_t
cascade_run(struct cascade *cascade)
{
    struct arena *arena = arena_new();
    size_t n_changed = 0;
    if (cascade->provider == NULL) {
        begin(cascade, arena);
    }
    for (size_t i = 0; i < MAX_PAGES && cascade->provider != NULL; i++) {
        if (!step(cascade, arena, &n_changed)) {
            break;
        }
    }
    arena_free(arena);
    return n_changed;
}

struct cascade *
cascade_new(struct dispatch *dispatch)
{
    struct cascade *cascade = calloc(1, sizeof *cascade);
    if (cascade == NULL) {
        abort();
    }
    cascade->dispatch = dispatch;
    cascade->kept = arena_new();
    if (store_reader_open(dispatch_broker(dispatch)->store, &cascade->reader) !=
        STATUS_OK) {
        arena_free(cascade->kept);
        free(cascade);
        return NULL;
    }
    return cascade;
}

void
cascade_free(struct cascade *cascade)
{
    if (cascade == NULL) {
        return;
    }
    store_reader_close(cascade->reader);
    arena_free(cascade->kept);
    free(cascade);
}
