#include "server/order/job.h"

#include <assert.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/moment.h"
#include "server/broker.h"
#include "server/clock.h"
#include "server/order/instance.h"
#include "server/order/item.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name
#define KIND(name) KONTOR__V1__JOB_KIND__##name
#define CLEANUP(name) KONTOR__V1__CLEANUP__CLEANUP_##name

enum {
    BACKOFF_BASE_MS = 5000,
    BACKOFF_MAX_MS = 300000,
    BACKOFF_MAX_DOUBLINGS = 6,
    MAX_LEASE_MS = 24 * 60 * 60 * 1000, /* As the contract allows a session. */
    INTENT_DIGITS = 16,
};

/* What an item's action asks of its agent. */
static Kontor__V1__JobKind
action_kind(const Kontor__V1__OrderItem *item)
{
    static const Kontor__V1__JobKind kinds[] = {
        [KONTOR__V1__ITEM_ACTION__ITEM_ACTION_UNSPECIFIED] = KIND(PROVISION),
        [KONTOR__V1__ITEM_ACTION__ADD] = KIND(PROVISION),
        [KONTOR__V1__ITEM_ACTION__ACTION_MODIFY] = KIND(MODIFY),
        [KONTOR__V1__ITEM_ACTION__ACTION_RENEW] = KIND(RENEW),
        [KONTOR__V1__ITEM_ACTION__ACTION_TERMINATE] = KIND(TERMINATE),
        [KONTOR__V1__ITEM_ACTION__ACTION_SUSPEND] = KIND(MODIFY),
        [KONTOR__V1__ITEM_ACTION__ACTION_RESUME] = KIND(MODIFY),
    };
    /* An action of a newer broker: nothing is known but that something changes. */
    size_t action = (size_t)item->action;
    return action < sizeof kinds / sizeof kinds[0] ? kinds[action] : KIND(MODIFY);
}

int64_t
job_fence(const Kontor__V1__OrderItem *item)
{
    if (item->job == NULL) {
        return 0;
    }
    return item->job->is_fence_own ? item->revision : item->job->fence;
}

void
job_settle_fence(Kontor__V1__OrderItem *item, struct arena *arena)
{
    if (item->job == NULL) {
        item->job = arena_alloc(arena, sizeof *item->job);
        kontor__v1__job__init(item->job);
        item->job->kind = action_kind(item);
    }
    item->job->fence = job_fence(item);
    item->job->is_fence_own = false;
}

void
job_offer(Kontor__V1__OrderItem *item, int64_t ready_at_ms, struct arena *arena)
{
    if (item->cleanup == CLEANUP(RUNNING)) {
        item->cleanup = CLEANUP(REQUIRED);
    }
    item->job->session = "";
    item->job->ready_at = moment_new(arena, ready_at_ms);
    item->job->retry_at = NULL;
}

void
job_delay(Kontor__V1__OrderItem *item, int64_t wait_ms, const struct call *call)
{
    int64_t at_ms = call->now_ms + wait_ms;
    if (moment_ms(item->job->ready_at, INT64_MAX) < at_ms) {
        item->job->ready_at = moment_new(call->arena, at_ms);
    }
}

void
job_withdraw(Kontor__V1__OrderItem *item)
{
    item->job->session = "";
    item->job->ready_at = NULL;
    item->job->retry_at = NULL;
}

bool
job_may_exist(const Kontor__V1__OrderItem *item)
{
    return item->begun || (item->job != NULL && item->job->intent[0] != '\0');
}

bool
job_leaves_something(const Kontor__V1__OrderItem *item)
{
    return job_may_exist(item) && item->action == KONTOR__V1__ITEM_ACTION__ADD;
}

void
job_suspect(Kontor__V1__OrderItem *item, int64_t lease_end_ms, const struct call *call)
{
    Kontor__V1__Job *job = item->job;
    /* The name is a function of registry and item alone (ORDERS design), so it is known
     * also for a Begin this log has lost. */
    if (job->intent[0] == '\0') {
        job->intent =
            (char *)job_intent(call->broker->home, instance_of(item), call->arena);
    }
    /* Whoever held it in the lost future goes on until its own lease clock stops it,
     * also when nobody held it in the backup: it settles from then on. */
    job->released_at = moment_new(call->arena, lease_end_ms);
    /* Once the wall clock is set, nobody can tell how much of that term is over. */
    job->lease_seconds = (int32_t)((lease_end_ms - call->now_ms) / 1000);
    bool is_running = job->session[0] != '\0' || job->ready_at != NULL;
    job->session = "";
    if (is_running) {
        job_recover(item, call);
    }
}

static int64_t
lease_ms(const Kontor__V1__OrderItem *item)
{
    return (int64_t)item->job->lease_seconds * 1000;
}

/*
 * Remembers since when nobody works on what is begun: the holder's last backend call
 * may still be under way. Whom the job is taken from hears of it with its next renewal,
 * by the end of its lease at the latest, and begins more until then.
 */
static void
note_release(Kontor__V1__OrderItem *item, const struct call *call)
{
    bool is_left = item->begun && item->job->session[0] != '\0';
    bool is_over = item_state_is_final(item->state) && item->job->kind != KIND(CLEANUP);
    if (is_left && !is_over) {
        item->job->released_at = moment_new(call->arena, call->now_ms + lease_ms(item));
    }
}

void
job_recover(Kontor__V1__OrderItem *item, const struct call *call)
{
    note_release(item, call);
    job_offer(item, job_recover_at_ms(item, call->now_ms), call->arena);
}

void
job_take(Kontor__V1__OrderItem *item, const Kontor__V1__Session *session)
{
    /*
     * The number of the claim is the position of its commit (ORDERS design: never
     * reused, not even after a restore), and no document contains its own: it says
     * "this version's".
     */
    item->job->session = session->id;
    item->job->lease_seconds = session->lease_seconds;
    item->job->ready_at = NULL;
    item->job->released_at = NULL;
    item->job->retry_at = NULL;
    item->job->fence = 0;
    item->job->is_fence_own = true;
    item->job->attempt++;
    if (item->job->kind == KIND(CLEANUP)) {
        item->cleanup = CLEANUP(RUNNING);
    }
}

void
job_let_go(Kontor__V1__OrderItem *item)
{
    item->job->lease_seconds = 0;
}

bool
job_is_offered(const Kontor__V1__OrderItem *item)
{
    return item->job != NULL && item->job->session[0] == '\0' &&
           item->job->ready_at != NULL;
}

char *
job_cancel_reason(const Kontor__V1__OrderItem *item)
{
    bool is_asked = item->job->kind == KIND(ASSESS_CANCEL) && item->cancel != NULL;
    return is_asked ? item->cancel->reason : (char *)"";
}

const char *
job_kind_name(Kontor__V1__JobKind kind)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
        &kontor__v1__job_kind__descriptor, (int)kind);
    return value == NULL ? "unknown" : value->name;
}

/* ---- Following the state ---- */

/* What becomes of the job in a state: who holds it may keep it, or it is offered, or it
 * is gone. */
enum job_effect { JOB_KEEP, JOB_OFFER, JOB_WITHDRAW };

static const enum job_effect effects[ITEM_STATE_COUNT] = {
    [S(RECEIVED)] = JOB_WITHDRAW,
    [S(AWAITING_APPROVAL)] = JOB_WITHDRAW,
    [S(AWAITING_CONSUMER_APPROVAL)] = JOB_WITHDRAW,
    [S(QUEUED)] = JOB_OFFER,
    [S(ASSIGNED)] = JOB_KEEP,
    [S(PENDING_INFO)] = JOB_WITHDRAW,
    [S(HELD)] = JOB_WITHDRAW,
    [S(IN_PROGRESS)] = JOB_KEEP,
    [S(PENDING_INFO_BEGUN)] = JOB_WITHDRAW,
    [S(HELD_BEGUN)] = JOB_WITHDRAW,
    [S(ASSESSING_CANCELLATION)] = JOB_KEEP,
    [S(CANCELLING)] = JOB_KEEP,
    [S(CANCELLING_OTHERWISE)] = JOB_KEEP,
    [S(COMPLETED)] = JOB_WITHDRAW,
    [S(FAILED)] = JOB_WITHDRAW,
    [S(REJECTED)] = JOB_WITHDRAW,
    [S(CANCELLED)] = JOB_WITHDRAW,
    [S(CANCELLED_BEGUN)] = JOB_WITHDRAW,
    [S(CANCELLED_OTHERWISE)] = JOB_WITHDRAW,
    [S(CANCELLED_OTHERWISE_BEGUN)] = JOB_WITHDRAW,
};

/* What there is to do for an item where it stands. */
static Kontor__V1__JobKind
kind_now(const Kontor__V1__OrderItem *item)
{
    bool is_evaluated =
        item->is_evaluated &&
        item_open_step(item) == KONTOR__V1__APPROVAL_STEP__PROVIDER_STEP;
    if (is_evaluated) {
        return KIND(EVALUATE);
    }
    if (item->state == S(ASSESSING_CANCELLATION)) {
        return KIND(ASSESS_CANCEL);
    }
    if (item->state == S(CANCELLING) || item->state == S(CANCELLING_OTHERWISE)) {
        return KIND(ROLLBACK);
    }
    bool is_over = item_state_is_final(item->state);
    return is_over && item_needs_cleanup(item) ? KIND(CLEANUP) : action_kind(item);
}

static enum job_effect
effect_now(const Kontor__V1__OrderItem *item)
{
    bool is_beside =
        item->job->kind == KIND(EVALUATE) || item->job->kind == KIND(CLEANUP);
    return is_beside ? JOB_OFFER : effects[item->state];
}

/*
 * Whether the move takes the job away from whoever holds it: a late call of the holder
 * must not count. Above all where the work becomes another one: a Complete of what was
 * to be made would pass for one of what is to be undone.
 */
static bool
ends_fence(const struct job_step *step)
{
    static const enum operation ending[] = {
        OPERATION_SIBLING, OPERATION_FORCE_FAIL, OPERATION_DEADLINE,
        OPERATION_APPROVE, OPERATION_REJECT,     OPERATION_ACCEPT_CANCEL};
    const struct item_move *move = step->move;
    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++) {
        if (ending[i] == move->operation) {
            return !step->is_holder;
        }
    }
    /* To assess a cancel, the holder is asked under the fence it has. */
    return move->operation == OPERATION_CANCEL && item_state_is_final(move->to);
}

/* A person has looked, or the work is another one: what counts towards the next look
 * starts anew. */
static void
start_work(Kontor__V1__Job *job, enum operation operation, Kontor__V1__JobKind kind)
{
    bool is_resumed = operation == OPERATION_RESUME || operation == OPERATION_REQUEUE;
    if (is_resumed || kind != job->kind) {
        job->losses = 0;
        job->retries = 0;
        job->unknowns = 0;
    }
    job->kind = kind;
}

/* Anybody may claim it: at once if its holder has told how its work stands. */
static void
offer_again(Kontor__V1__OrderItem *item, bool is_holder, const struct call *call)
{
    if (is_holder) {
        job_offer(item, call->now_ms, call->arena);
    } else {
        job_recover(item, call);
    }
}

void
job_follow(Kontor__V1__OrderItem *item, const struct job_step *step,
           const struct call *call)
{
    bool is_ended = ends_fence(step);
    start_work(item->job, step->move->operation, kind_now(item));
    enum job_effect effect = step->is_waiting ? JOB_WITHDRAW : effect_now(item);
    bool is_kept = effect == JOB_KEEP && item->job->session[0] != '\0' && !is_ended;
    /* Before the session is taken away: who is left without it is what is remembered.
     */
    if (!is_kept && step->is_holder) {
        job_let_go(item);
    }
    if (!is_kept) {
        note_release(item, call);
    }
    if (effect == JOB_WITHDRAW) {
        job_withdraw(item);
        is_ended = is_ended || !item_state_is_final(item->state);
    } else if (!is_kept) {
        offer_again(item, step->is_holder, call);
    }
    /*
     * The number is never given out again, so a late call of the holder meets none. Nor
     * does one whose holder has ended the item: its Complete would pass for that of the
     * cleanup.
     */
    if (is_ended || item->job->kind == KIND(CLEANUP)) {
        item->job->fence = 0;
    }
}

void
job_clean(Kontor__V1__OrderItem *item, const struct call *call)
{
    item->cleanup = CLEANUP(REQUIRED);
    start_work(item->job, OPERATION_SIBLING, KIND(CLEANUP));
    job_recover(item, call);
    item->job->fence = 0;
}

/* ---- Times ---- */

static int64_t
settle_ms(const Kontor__V1__OrderItem *item)
{
    int32_t settle_s =
        item->settle_seconds > 0 ? item->settle_seconds : ITEM_DEFAULT_SETTLE_S;
    return (int64_t)settle_s * 1000;
}

int64_t
job_recover_at_ms(const Kontor__V1__OrderItem *item, int64_t now_ms)
{
    /* Nothing was called that could still be under way. */
    if (!job_may_exist(item)) {
        return now_ms;
    }
    /*
     * A backend call of the last holder ends by the settle time after its lease at the
     * latest; only then does a look at the backend see all it made (ORDERS design,
     * "exactly once").
     */
    /* Of an item without a job, or whose job never lost its holder, now is the safe
     * guess. */
    int64_t released_ms =
        item->job == NULL ? now_ms : moment_ms(item->job->released_at, now_ms);
    int64_t settled_ms = released_ms + settle_ms(item);
    return settled_ms > now_ms ? settled_ms : now_ms;
}

/* The longest an open item may have to wait; after a restore begun work waits for the
 * longest lease before it settles. */
static int64_t
longest_wait_ms(const Kontor__V1__OrderItem *item)
{
    return job_may_exist(item) ? MAX_LEASE_MS + settle_ms(item) : JOB_MAX_WAIT_MS;
}

int64_t
job_ready_ms(const Kontor__V1__OrderItem *item, const struct broker *broker,
             int64_t now_ms)
{
    int64_t ready_ms = moment_ms(item->job->ready_at, INT64_MAX);
    /* The last holder's backend call takes as long as it takes, and how much of that
     * had passed before the wall clock jumped cannot be told any more. */
    int64_t settled_ms = broker_steady_since_ms(broker);
    if (job_may_exist(item)) {
        settled_ms += lease_ms(item) + settle_ms(item);
    }
    if (ready_ms != INT64_MAX && ready_ms - now_ms > longest_wait_ms(item)) {
        return settled_ms;
    }
    bool has_jumped = clock_jumped_ms(broker->clock) != 0;
    return has_jumped && settled_ms > ready_ms ? settled_ms : ready_ms;
}

/* A hash of an item and a number, as bytes. */
static void
hash_of(struct arena *arena, const char *text, const char *item_id, int64_t n,
        uint8_t out[DIGEST_SIZE])
{
    struct digest *digest = digest_new(arena);
    digest_add_text(digest, text);
    digest_add_text(digest, item_id);
    digest_add_int(digest, n);
    digest_end(digest, out);
}

int64_t
job_backoff_ms(const char *item_id, int32_t n, struct arena *arena)
{
    /* The limit is on the exponent first: a shift by more than the type holds is
     * undefined. */
    int32_t doublings = n - 1 < BACKOFF_MAX_DOUBLINGS ? n - 1 : BACKOFF_MAX_DOUBLINGS;
    int64_t wait_ms = (int64_t)BACKOFF_BASE_MS << (doublings < 0 ? 0 : doublings);
    wait_ms = wait_ms < BACKOFF_MAX_MS ? wait_ms : BACKOFF_MAX_MS;
    /* The jitter comes out of the item's name, so that a decision made twice is the
     * same. */
    uint8_t hash[DIGEST_SIZE];
    hash_of(arena, "backoff", item_id, n, hash);
    int64_t spread = wait_ms / 2;
    return wait_ms - spread / 2 + spread * hash[0] / 256;
}

const char *
job_intent(const char *registry, const char *item_id, struct arena *arena)
{
    /*
     * 16 hexadecimal digits are 64 bits: among a million items of one registry two
     * share a name with a chance below one in ten million. The whole is a label of DNS,
     * at most 63 bytes of small letters, digits and dashes, which backends take as a
     * name.
     */
    uint8_t hash[DIGEST_SIZE];
    assert(registry[0] != '\0');
    hash_of(arena, registry, item_id, 0, hash);
    return arena_print(arena, "kontor-%s-%.*s", registry, INTENT_DIGITS,
                       digest_hex(arena, hash));
}
