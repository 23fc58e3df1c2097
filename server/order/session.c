#include "server/order/session.h"

#include <string.h>

#include "proto/digest.h"
#include "proto/moment.h"
#include "server/catalogue/offer.h"
#include "server/clock.h"
#include "server/order/item.h"
#include "server/order/job.h"

enum { DEFAULT_PARALLEL = 1, ID_DIGITS = 12, DEFAULT_PAGE = 100, MAX_PAGE = 500 };

/* ---- Outside the log ---- */

const char *
session_expires_key(const char *session, struct arena *arena)
{
    return arena_print(arena, "session/%s/expires", session);
}

const char *
session_renewed_key(const char *session, struct arena *arena)
{
    return arena_print(arena, "session/%s/renewed", session);
}

/* How far ahead of this broker's clock another one's may be that wrote the number. */
enum { SKEW_MS = 30000 };

int64_t
session_expires_ms(struct store_reader *reader, const struct broker *broker,
                   const Kontor__V1__Session *session, struct arena *arena)
{
    int64_t now_ms = clock_wall_ms(broker->clock);
    int64_t lease_ms = (int64_t)session->lease_seconds * 1000;
    int64_t full_term_ms = broker_steady_since_ms(broker) + lease_ms;
    int64_t expires_ms = 0;
    if (store_soft_get(reader, session_expires_key(session->id, arena), &expires_ms) !=
        STATUS_OK) {
        return full_term_ms;
    }
    /* Written before the clock was set back: nobody is given more than a term. */
    if (expires_ms > now_ms + lease_ms + SKEW_MS) {
        return full_term_ms;
    }
    /*
     * Numbers outside the log may be lost with the broker; a renewal that was answered
     * then would be forgotten. So nobody is declared dead within a term of the start.
     * Nor within a term of a jump: the agent counts its lease by a clock that did not,
     * and would go on beside whoever takes over.
     */
    return expires_ms > full_term_ms ? expires_ms : full_term_ms;
}

bool
session_is_expired(struct store_reader *reader, const struct broker *broker,
                   const Kontor__V1__Session *session, struct arena *arena)
{
    return session_expires_ms(reader, broker, session, arena) <=
           clock_wall_ms(broker->clock);
}

int64_t
session_renewed_fence(struct store_reader *reader, const char *session,
                      struct arena *arena)
{
    int64_t fence = INT64_MIN;
    enum status status =
        store_soft_get(reader, session_renewed_key(session, arena), &fence);
    return status == STATUS_OK ? fence : INT64_MIN;
}

void
session_extend(struct call *call, const Kontor__V1__Session *session,
               struct decision *decision)
{
    decision_soft(call, decision, session_expires_key(session->id, call->arena),
                  call->now_ms + (int64_t)session->lease_seconds * 1000);
}

/* ---- Reading ---- */

bool
session_serves(const Kontor__V1__Session *session, const char *offer)
{
    for (size_t i = 0; i < session->n_offers; i++) {
        if (strcmp(session->offers[i], offer) == 0) {
            return true;
        }
    }
    return false;
}

bool
session_takes(const Kontor__V1__Session *session, Kontor__V1__JobKind kind)
{
    bool is_taken = session->n_kinds == 0;
    for (size_t i = 0; i < session->n_kinds; i++) {
        is_taken = is_taken || session->kinds[i] == kind;
    }
    return is_taken;
}

enum status
session_open(struct call *call, const char *id, Kontor__V1__Session **out)
{
    struct document document;
    enum status status = call_get(call, KIND_SESSION, id, &document);
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__Session *session = call_record(call, &document);
    /*
     * Whose it is comes before whether it lives: who guesses an id of another agent of
     * the same provider learns no more than that it is not its own.
     */
    if (strcmp(session->agent, call->who->id) != 0) {
        return call_fail(call, REASON_NOT_OWNER,
                         "session %s belongs to another agent: register your own", id);
    }
    if (session->is_over) {
        call_value(call, "session", "%s", id);
        return call_fail(call, REASON_LEASE_LOST,
                         "session %s is over: stop its work and register again", id);
    }
    *out = session;
    return STATUS_OK;
}

enum status
session_items(struct call *call, const char *id, struct page *out)
{
    struct find find = {
        .kind = KIND_ITEM, .index = "session", .n_equal = 1, .limit = SESSION_MAX_JOBS};
    find.equal[0].text = id;
    return call_find(call, &find, true, out);
}

/* ---- Hands ---- */

/* How many jobs a session holds is a condition over many documents, so it has a guard
 * (STORE design, "Deciding"). The session's own document would do as well, but with up
 * to 64 offers in it, it is no small thing to write with every claim. */
static const char *
hands_guard(struct call *call, const char *id)
{
    return arena_print(call->arena, "hands/%s", id);
}

enum status
session_take_hands(struct call *call, const char *id, struct decision *decision)
{
    const char *guard = hands_guard(call, id);
    struct document document;
    enum status status = call_get_any(call, KIND_GUARD, guard, &document);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    decision_guard(call, decision, guard, status == STATUS_OK ? document.revision : 0);
    return STATUS_OK;
}

enum status
session_drop_hands(struct call *call, const char *id, struct decision *decision)
{
    const char *guard = hands_guard(call, id);
    struct document document;
    enum status status = call_get_any(call, KIND_GUARD, guard, &document);
    if (status == STATUS_OK) {
        decision_delete(call, decision, KIND_GUARD, guard, document.revision);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* ---- RegisterAgent ---- */

/* Adds the scope strings of a provider, each once. */
static void
add_provider(struct call *call, const char *provider, char **scope, size_t *n_scope)
{
    const char *registry = call_registry_of(call, provider);
    char *strings[2] = {arena_print(call->arena, "=r:%s", registry),
                        arena_print(call->arena, "=p:%s", provider)};
    for (size_t k = 0; k < 2; k++) {
        /* Of several providers of one registry the registry's string stands once. */
        bool is_new = true;
        for (size_t i = 0; i < *n_scope; i++) {
            is_new = is_new && strcmp(scope[i], strings[k]) != 0;
        }
        if (is_new) {
            scope[(*n_scope)++] = strings[k];
        }
    }
}

/*
 * The provider of an offer that is in the catalogue no more: what was ordered of it is
 * still to be carried out, changed and ended by the agents of its provider. For anybody
 * else, and where nothing was ordered, it is not there.
 */
static enum status
find_former(struct call *call, const char *offer, const char **provider)
{
    struct find find = {
        .kind = KIND_ITEM, .index = "offer", .n_equal = 1, .limit = DEFAULT_PAGE};
    struct page page = {.next_token = ""};
    find.equal[0].text = offer;
    do {
        find.token = page.next_token;
        enum status status = call_find(call, &find, false, &page);
        if (status != STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < page.n_documents; i++) {
            const Kontor__V1__OrderItem *item = call_record(call, &page.documents[i]);
            if ((side_of(call->who, item).provider & ROLE_BIT(AGENT)) != 0) {
                *provider = item->provider;
                return STATUS_OK;
            }
        }
    } while (page.next_token[0] != '\0');
    return STATUS_NOT_FOUND;
}

/* The provider for whom the caller may serve an offer: its own, or that of what was
 * ordered of it before. */
static enum status
find_provider(struct call *call, const char *offer, const char **provider)
{
    struct offer_found found;
    enum status status = offer_find(call, offer, &found);
    if (status == STATUS_OK) {
        *provider = found.service->provider;
        status = call_must_own(call, &found.document);
    }
    if (status != STATUS_NOT_FOUND && status != STATUS_PERMISSION_DENIED) {
        return status;
    }
    enum status former = find_former(call, offer, provider);
    if (former == STATUS_OK) {
        memset(&call->error, 0, sizeof call->error);
    }
    /* What was found before was found for good: nothing was ordered here either. */
    return former == STATUS_NOT_FOUND ? status : former;
}

/* Judges the offers a session is for, and gathers its scope. */
static enum status
judge_offers(struct call *call, const Kontor__V1__RegisterAgentRequest *request,
             char **scope, size_t *n_scope)
{
    for (size_t i = 0; i < request->n_offers; i++) {
        const char *provider = NULL;
        enum status status = find_provider(call, request->offers[i], &provider);
        if (status != STATUS_OK) {
            return status;
        }
        add_provider(call, provider, scope, n_scope);
    }
    return STATUS_OK;
}

/* A free id in the caller's registry: a hash of who asks for what and when, tried again
 * until it is new. */
static enum status
choose_id(struct call *call, const Kontor__V1__RegisterAgentRequest *request,
          const char **id)
{
    for (int64_t n = 0;; n++) {
        uint8_t hash[DIGEST_SIZE];
        struct document document;
        struct digest *digest = digest_new(call->arena);
        digest_add_text(digest, call->who->id);
        digest_add_text(digest, request->request_id);
        /* No randomness in a handler: decided again, it must come to the same id. */
        digest_add_int(digest, call->now_ms);
        digest_add_int(digest, n);
        digest_end(digest, hash);
        *id = arena_print(call->arena, "%s/s-%.*s", call->who->registry, ID_DIGITS,
                          digest_hex(call->arena, hash));
        enum status status = call_get_any(call, KIND_SESSION, *id, &document);
        if (status != STATUS_OK) {
            return status == STATUS_NOT_FOUND ? STATUS_OK : status;
        }
    }
}

enum status
session_register(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__RegisterAgentRequest *request = message;
    char **scope =
        arena_alloc(call->arena, (2 * request->n_offers + 1) * sizeof *scope);
    size_t n_scope = 0;
    const char *id = NULL;
    enum status status = judge_offers(call, request, scope, &n_scope);
    if (status == STATUS_OK) {
        status = choose_id(call, request, &id);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__Session session = KONTOR__V1__SESSION__INIT;
    session.id = (char *)id;
    session.agent = (char *)call->who->id;
    session.offers = request->offers;
    session.n_offers = request->n_offers;
    session.kinds = request->kinds;
    session.n_kinds = request->n_kinds;
    session.max_parallel =
        request->max_parallel > 0 ? request->max_parallel : DEFAULT_PARALLEL;
    session.lease_seconds =
        request->lease_seconds > 0 ? request->lease_seconds : SESSION_DEFAULT_LEASE_S;
    decision_put(call, decision, KIND_SESSION, id, 0, scope, n_scope, &session.base);
    session_extend(call, &session, decision);
    return STATUS_OK;
}

enum status
session_register_answer(struct call *call, const void *request,
                        const Kontor__V1__Commit *commit, void **reply)
{
    (void)request;
    return answer_record(call, commit, KIND_SESSION, commit->changes[0]->id, reply);
}

/* ---- Renew ---- */

/* An agent that finds a job missing here has lost it and stops its work. */
static Kontor__V1__HeldJob *
held_job(struct call *call, const struct document *document)
{
    const Kontor__V1__OrderItem *item = call_record(call, document);
    Kontor__V1__HeldJob *job = arena_alloc(call->arena, sizeof *job);
    kontor__v1__held_job__init(job);
    job->item = item->id;
    job->fence = job_fence(item);
    job->state = item->state;
    job->kind = item->job->kind;
    job->cancel_reason = job_cancel_reason(item);
    return job;
}

enum status
session_renew(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__RenewRequest *request = message;
    Kontor__V1__Session *session;
    struct page page;
    enum status status = session_open(call, request->session, &session);
    if (status == STATUS_OK) {
        status = session_items(call, session->id, &page);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__RenewResponse *reply = arena_alloc(call->arena, sizeof *reply);
    kontor__v1__renew_response__init(reply);
    reply->lease_seconds = session->lease_seconds;
    reply->jobs =
        arena_alloc(call->arena, (page.n_documents + 1) * sizeof *reply->jobs);
    int64_t fence = 0;
    for (size_t i = 0; i < page.n_documents; i++) {
        Kontor__V1__HeldJob *job = held_job(call, &page.documents[i]);
        reply->jobs[reply->n_jobs++] = job;
        fence = job->fence > fence ? job->fence : fence;
    }
    /*
     * Both numbers pass the committer, like the loss of a lease: a renewal that was
     * answered is never followed by a loss judged on the older term (STORE design,
     * "Outside the log"). Which claims a renewal knew of is told by their fences: a
     * clock that was set back would place it before all of them.
     */
    session_extend(call, session, decision);
    decision_soft(call, decision, session_renewed_key(session->id, call->arena), fence);
    decision->reply = &reply->base;
    return STATUS_OK;
}

enum status
session_renew_answer(struct call *call, const void *request,
                     const Kontor__V1__Commit *commit, void **reply)
{
    const Kontor__V1__RenewRequest *renew = request;
    (void)commit;
    (void)reply;
    return call_fail(call, REASON_INTERNAL, "the renewal of %s was lost",
                     renew->session);
}

/* ---- ListAgents ---- */

/* What is over has no number outside the log any more. */
static Kontor__V1__AgentStanding *
agent_standing(struct call *call, const struct document *document)
{
    Kontor__V1__AgentStanding *standing = arena_alloc(call->arena, sizeof *standing);
    kontor__v1__agent_standing__init(standing);
    standing->session = call_record(call, document);
    if (!standing->session->is_over) {
        int64_t expires_ms = session_expires_ms(call->reader, call->broker,
                                                standing->session, call->arena);
        standing->expires_at = moment_new(call->arena, expires_ms);
    }
    return standing;
}

enum status
session_list(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__ListAgentsRequest *request = message;
    struct find find = {
        .kind = KIND_SESSION, .token = request->page_token, .limit = DEFAULT_PAGE};
    struct page page;
    if (request->page_size < 0) {
        call_fault(call, "page_size", "must be 0 (= %d) to %d", DEFAULT_PAGE, MAX_PAGE);
        return call_check_faults(call);
    }
    if (request->page_size > 0) {
        find.limit =
            request->page_size < MAX_PAGE ? (size_t)request->page_size : MAX_PAGE;
    }
    enum status status = call_find(call, &find, false, &page);
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__ListAgentsResponse *reply = arena_alloc(call->arena, sizeof *reply);
    kontor__v1__list_agents_response__init(reply);
    reply->agents =
        arena_alloc(call->arena, (page.n_documents + 1) * sizeof *reply->agents);
    for (size_t i = 0; i < page.n_documents; i++) {
        reply->agents[reply->n_agents++] = agent_standing(call, &page.documents[i]);
    }
    reply->next_page_token = (char *)page.next_token;
    decision_reply(decision, reply);
    return STATUS_OK;
}
