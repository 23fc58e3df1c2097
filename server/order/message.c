#include "server/order/message.h"

#include <string.h>

#include "kontor/v1/order_service.pb-c.h"
#include "kontor/v1/registry.pb-c.h"
#include "proto/digest.h"
#include "proto/moment.h"
#include "server/broker.h"

#define SCOPE(name) KONTOR__V1__MESSAGE__SCOPE__##name
#define ROLE(name) KONTOR__V1__MESSAGE__ROLE__##name

enum { ID_DIGITS = 12, MAX_ITEM_SCOPE = 4 };

/* A message on its way. */
struct post {
    const Kontor__V1__PostMessageRequest *request;
    Kontor__V1__Message__Scope scope;
    struct document order;
    Kontor__V1__OrderItem *item; /* NULL = it is about the whole order. */
    char **about;                /* Scope strings of what it is about, as they stand. */
    size_t n_about;
    enum view view; /* The writer's, of the order. */
};

/* ---- What it is about ---- */

/*
 * Both are read without a check: nothing a message rests on ever changes of them, and
 * the item of a busy agent would have the message decided again with each report.
 */
static enum status
open_item(struct call *call, struct post *post)
{
    struct document document;
    const char *id =
        arena_print(call->arena, "%s/%s", post->request->order, post->request->item);
    enum status status = call_get_as_of(call, KIND_ITEM, id, NULL, &document);
    if (status == STATUS_OK) {
        post->item = call_record(call, &document);
        post->about = document.scope;
        post->n_about = document.n_scope;
    }
    return status;
}

static enum status
open_order(struct call *call, const Kontor__V1__PostMessageRequest *request,
           struct post *post)
{
    *post = (struct post){.request = request, .scope = request->scope};
    if (post->scope == SCOPE(SCOPE_UNSPECIFIED)) {
        post->scope = request->to[0] != '\0' ? SCOPE(DIRECT) : SCOPE(PUBLIC);
    }
    enum status status =
        call_get_as_of(call, KIND_ORDER, request->order, NULL, &post->order);
    if (status != STATUS_OK) {
        return status;
    }
    post->view = post->order.view;
    post->about = post->order.scope;
    post->n_about = post->order.n_scope;
    return request->item[0] == '\0' ? STATUS_OK : open_item(call, post);
}

/* ---- As what ---- */

/* Whether the registry delivers some of the order. */
static bool
is_delivering(struct call *call, const struct post *post, const char *registry)
{
    for (size_t i = 0; i < post->order.n_scope; i++) {
        const char *name = post->order.scope[i] + 1;
        if (strncmp(name, "p:", 2) == 0 &&
            strcmp(call_registry_of(call, name + 2), registry) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * The side is that of the string the order was seen by: who orders owns it, who
 * delivers takes part. Within one registry both are the same string, and what somebody
 * does there decides.
 */
static Kontor__V1__Message__Role
role_of(struct call *call, const struct post *post)
{
    const struct principal *who = call->who;
    uint32_t ordering = ROLE_BIT(PORTAL) | ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER);
    uint32_t delivering = ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT);
    bool is_manager = (who->roles & ROLE_BIT(SHIFTER)) != 0;
    if (is_manager && strcmp(who->registry, call->broker->home) == 0) {
        return ROLE(MEDIATOR);
    }
    if (post->view != VIEW_FULL) {
        return ROLE(PROVIDER);
    }
    bool is_provider = (who->roles & delivering) != 0 && (who->roles & ordering) == 0 &&
                       is_delivering(call, post, who->registry);
    return is_provider ? ROLE(PROVIDER) : ROLE(CUSTOMER);
}

/* ---- Who reads it ---- */

static const char *const unknown_to = "names nobody who takes part in this";

static bool
has_role(const Kontor__V1__Principal *principal, uint32_t roles)
{
    for (size_t i = 0; i < principal->n_roles; i++) {
        if ((roles >> principal->roles[i] & 1) != 0) {
            return true;
        }
    }
    return false;
}

/*
 * Principals are their own registry's business, so the answer is the same for one that
 * is not there and one that has nothing to do with what the message is about.
 */
static enum status
judge_addressee(struct call *call, const struct post *post)
{
    struct document document;
    const char *to = post->request->to;
    enum status status = call_get_any(call, KIND_PRINCIPAL, to, &document);
    if (status == STATUS_NOT_FOUND) {
        call_fault(call, "to", "%s", unknown_to);
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        return status;
    }
    const Kontor__V1__Principal *principal = call_record(call, &document);
    struct scopes scopes = {(const char *const *)principal->scopes,
                            principal->n_scopes};
    if (!has_role(principal, call->row->roles) ||
        store_view(&scopes, post->about, post->n_about) == VIEW_NONE) {
        call_fault(call, "to", "%s", unknown_to);
    }
    return STATUS_OK;
}

static enum status
judge_scope(struct call *call, const struct post *post)
{
    const char *to = post->request->to;
    enum status status = STATUS_OK;
    if (post->scope != SCOPE(DIRECT) && to[0] != '\0') {
        call_fault(call, "to", "goes with DIRECT only");
    } else if (post->scope == SCOPE(DIRECT) && to[0] == '\0') {
        call_fault(call, "to", "is required for DIRECT");
    } else if (strcmp(to, call->who->id) == 0) {
        call_fault(call, "to", "is the writer");
    } else if (post->scope == SCOPE(DIRECT)) {
        status = judge_addressee(call, post);
    }
    return status == STATUS_OK ? call_check_faults(call) : status;
}

/* Adds a scope string once: owning one is more than taking part by it. */
static void
add_scope(struct call *call, char **scope, size_t *n_scope, const char *kind,
          const char *name)
{
    char *text = arena_print(call->arena, "%s%s", kind, name);
    for (size_t i = 0; i < *n_scope; i++) {
        if (strcmp(scope[i] + 1, text + 1) == 0) {
            return;
        }
    }
    scope[(*n_scope)++] = text;
}

/* An item is owned by both sides, a message about it by the one that orders. */
static void
scope_public(struct call *call, const struct post *post, char ***scope, size_t *n_scope)
{
    const Kontor__V1__OrderItem *item = post->item;
    if (item == NULL) {
        *scope = post->order.scope;
        *n_scope = post->order.n_scope;
        return;
    }
    *scope = arena_alloc(call->arena, MAX_ITEM_SCOPE * sizeof **scope);
    *n_scope = 0;
    add_scope(call, *scope, n_scope, "=r:", call_registry_of(call, item->order));
    add_scope(call, *scope, n_scope, "=j:", item->project);
    add_scope(call, *scope, n_scope, "~r:", call_registry_of(call, item->provider));
    add_scope(call, *scope, n_scope, "~p:", item->provider);
}

/*
 * The one test of the broker, "shares a string", decides who reads it. The writer's own
 * string stands with what is not public: who has but a project or a provider of the
 * registry reads at least what it wrote.
 */
static void
scope_of(struct call *call, const struct post *post, char ***scope, size_t *n_scope)
{
    if (post->scope == SCOPE(PUBLIC)) {
        scope_public(call, post, scope, n_scope);
        return;
    }
    *scope = arena_alloc(call->arena, 2 * sizeof **scope);
    *n_scope = 0;
    add_scope(call, *scope, n_scope, "=",
              principal_own_scope(call->who->id, call->arena));
    if (post->scope == SCOPE(DIRECT)) {
        add_scope(call, *scope, n_scope, "=",
                  principal_own_scope(post->request->to, call->arena));
    } else {
        add_scope(call, *scope, n_scope, "=r:", call->who->registry);
    }
}

/* ---- Writing ---- */

/* A guard that counts: its number, and the revision it was read at. */
struct tally {
    const char *guard;
    int64_t revision; /* 0 = nobody wrote one yet. */
    int64_t number;
};

static enum status
open_tally(struct call *call, const char *guard, struct tally *tally)
{
    struct document document;
    *tally = (struct tally){.guard = guard};
    enum status status = call_get_any(call, KIND_GUARD, guard, &document);
    if (status == STATUS_OK) {
        tally->revision = document.revision;
        tally->number = tally_number(&document);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/*
 * How many there are is a condition over many documents, so it has a guard (STORE
 * design, "Deciding"), and that counts: to count the messages themselves would be to
 * read them all.
 */
static enum status
take_place(struct call *call, const char *order, struct decision *decision)
{
    struct tally tally;
    enum status status = open_tally(
        call, arena_print(call->arena, "messages/%s/%s", order, call->who->registry),
        &tally);
    if (status != STATUS_OK) {
        return status;
    }
    if (tally.number >= MESSAGE_MAX) {
        call_value(call, "limit", "%d", MESSAGE_MAX);
        return call_fail(call, REASON_TOO_MANY_MESSAGES,
                         "%s has written %d messages about order %s, which is all it "
                         "may",
                         call->who->registry, MESSAGE_MAX, order);
    }
    decision_tally(call, decision, tally.guard, tally.revision, tally.number + 1);
    return STATUS_OK;
}

/* When it is written: behind the last one about the order, so that of two within one
 * millisecond the answer never stands before the question. */
static enum status
take_time(struct call *call, const char *order, struct decision *decision,
          int64_t *posted_ms)
{
    struct tally tally;
    enum status status =
        open_tally(call, arena_print(call->arena, "messages/%s", order), &tally);
    if (status == STATUS_OK) {
        *posted_ms = call->at_ms > tally.number ? call->at_ms : tally.number + 1;
        decision_tally(call, decision, tally.guard, tally.revision, *posted_ms);
    }
    return status;
}

/*
 * A free id below the order. A hash and no number: numbers without a gap would tell
 * everybody of the messages they may not read.
 */
static enum status
choose_id(struct call *call, const Kontor__V1__PostMessageRequest *request,
          const char **id)
{
    for (int64_t n = 0;; n++) {
        uint8_t hash[DIGEST_SIZE];
        struct document document;
        struct digest *digest = digest_new(call->arena);
        digest_add_text(digest, call->who->id);
        digest_add_text(digest, request->request_id);
        /* No randomness in a handler: decided again, it must come to the same id. A
         * request that is told apart by its own id is judged and written under one. */
        digest_add_int(digest, request->request_id[0] == '\0' ? call->now_ms : 0);
        digest_add_int(digest, n);
        digest_end(digest, hash);
        *id = arena_print(call->arena, "%s/m-%.*s", request->order, ID_DIGITS,
                          digest_hex(call->arena, hash));
        enum status status = call_get_any(call, KIND_MESSAGE, *id, &document);
        if (status != STATUS_OK) {
            return status == STATUS_NOT_FOUND ? STATUS_OK : status;
        }
    }
}

static void
put_message(struct call *call, const struct post *post, const char *id,
            int64_t posted_ms, struct decision *decision)
{
    Kontor__V1__Message message = KONTOR__V1__MESSAGE__INIT;
    char **scope;
    size_t n_scope;
    scope_of(call, post, &scope, &n_scope);
    message.order = post->request->order;
    message.item = post->request->item;
    message.scope = post->scope;
    message.to = post->request->to;
    message.author = (char *)call->who->id;
    message.role = role_of(call, post);
    message.text = post->request->text;
    message.posted_at = moment_new(call->arena, posted_ms);
    decision_put(call, decision, KIND_MESSAGE, id, 0, scope, n_scope, &message.base);
}

enum status
message_post(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__PostMessageRequest *request = message;
    struct post post;
    const char *id = NULL;
    int64_t posted_ms = 0;
    enum status status = open_order(call, request, &post);
    if (status == STATUS_OK) {
        status = judge_scope(call, &post);
    }
    if (status == STATUS_OK) {
        status = choose_id(call, request, &id);
    }
    if (status == STATUS_OK) {
        status = take_place(call, request->order, decision);
    }
    if (status == STATUS_OK) {
        status = take_time(call, request->order, decision, &posted_ms);
    }
    if (status == STATUS_OK) {
        put_message(call, &post, id, posted_ms, decision);
    }
    return status;
}

enum status
message_answer(struct call *call, const void *request, const Kontor__V1__Commit *commit,
               void **reply)
{
    (void)request;
    /* The message stands behind its guards. */
    const char *id = commit->changes[commit->n_changes - 1]->id;
    return answer_record(call, commit, KIND_MESSAGE, id, reply);
}

/* ---- Reading ---- */

static enum status
filter(struct call *call, const void *message, struct find *find)
{
    const Kontor__V1__ListMessagesRequest *request = message;
    (void)call;
    find->index = "order";
    find->equal[0].text = request->order;
    find->n_equal = 1;
    return STATUS_OK;
}

const struct record message_list_record = {
    .kind = &KIND_MESSAGE,
    .field = "message",
    .list_field = "messages",
    .filter = filter,
};
