#include "tests/mongod/replica.h"

#include <time.h>

#include "tests/mongod/inner.h"

enum { MS_PER_S = 1000, NS_PER_MS = 1000000 };

static const struct {
    enum mongod_action action;
    enum replica_state state;
} beginnings[] = {
    {MONGOD_STEPDOWN, REPLICA_SECONDARY},
    {MONGOD_WRITE_CONCERN_ERROR, REPLICA_FROZEN},
    {MONGOD_SLOW_MAJORITY, REPLICA_FROZEN},
    {MONGOD_ROLLBACK, REPLICA_ROLLING},
    {MONGOD_STALE_PRIMARY, REPLICA_STALE},
};

void
mongod_replica_done(struct replica *replica)
{
    bson_free(replica->losses);
    replica->losses = NULL;
    replica->n_losses = 0;
}

int64_t
mongod_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

int64_t
mongod_deadline(int32_t ms)
{
    return ms == MONGOD_FOREVER ? INT64_MAX : mongod_now_ms() + ms;
}

bool
mongod_replica_state_of(enum mongod_action action, enum replica_state *state)
{
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        if (beginnings[i].action == action) {
            *state = beginnings[i].state;
            return true;
        }
    }
    return false;
}

void
mongod_replica_begin(struct mongod *mongod, enum replica_state state, int32_t ms)
{
    int64_t until_ms = mongod_deadline(ms);
    int64_t *running_ms = &mongod->replica.until_ms[state];
    if (*running_ms < until_ms) {
        *running_ms = until_ms;
    }
    pthread_cond_broadcast(&mongod->moved);
}

bool
mongod_replica_is(const struct mongod *mongod, enum replica_state state)
{
    return mongod->replica.until_ms[state] != 0;
}

void
mongod_replica_lose(struct mongod *mongod, size_t n_ops)
{
    struct replica *replica = &mongod->replica;
    const struct data *data = &mongod->data;
    if (n_ops > 0) {
        size_t n = replica->n_losses++;
        replica->losses =
            bson_realloc(replica->losses, replica->n_losses * sizeof *replica->losses);
        replica->losses[n] =
            (struct loss){.after = data->majority, .last = data->newest};
        replica->n_undone += n_ops;
    }
    mongod_sessions_roll_back(&mongod->sessions, data->majority);
    /* What a cursor has read may never have been. */
    mongod_cursors_done(&mongod->cursors);
}

static void
end_state(struct mongod *mongod, enum replica_state state)
{
    struct replica *replica = &mongod->replica;
    replica->until_ms[state] = 0;
    if (state == REPLICA_ROLLING || state == REPLICA_STALE) {
        mongod_replica_lose(mongod, mongod_data_roll_back(&mongod->data));
    }
    if (state != REPLICA_FROZEN) {
        replica->n_elections++;
    }
    mongod_replica_follow(mongod);
    pthread_cond_broadcast(&mongod->moved);
}

/* The state that ends first, or REPLICA_N_STATES. */
static enum replica_state
first_to_end(const struct replica *replica)
{
    enum replica_state first = REPLICA_N_STATES;
    for (int i = 0; i < REPLICA_N_STATES; i++) {
        bool is_first = first == REPLICA_N_STATES ||
                        replica->until_ms[i] < replica->until_ms[first];
        if (replica->until_ms[i] != 0 && is_first) {
            first = (enum replica_state)i;
        }
    }
    return first;
}

/* Ends, in their order, the states whose time is at most now_ms. */
static void
end_until(struct mongod *mongod, int64_t now_ms)
{
    enum replica_state state = first_to_end(&mongod->replica);
    while (state != REPLICA_N_STATES && mongod->replica.until_ms[state] <= now_ms) {
        end_state(mongod, state);
        state = first_to_end(&mongod->replica);
    }
}

void
mongod_replica_tick(struct mongod *mongod)
{
    if (first_to_end(&mongod->replica) != REPLICA_N_STATES) {
        end_until(mongod, mongod_now_ms());
    }
}

void
mongod_replica_settle(struct mongod *mongod)
{
    mongod->replica.n_settled++;
    end_until(mongod, INT64_MAX);
    pthread_cond_broadcast(&mongod->moved);
}

void
mongod_replica_follow(struct mongod *mongod)
{
    bool is_held = mongod_replica_is(mongod, REPLICA_FROZEN) ||
                   mongod_replica_is(mongod, REPLICA_ROLLING) ||
                   mongod_replica_is(mongod, REPLICA_STALE);
    if (is_held || mongod->data.majority == mongod->data.newest) {
        return;
    }
    mongod_data_settle(&mongod->data);
    pthread_cond_broadcast(&mongod->moved);
}

void
mongod_replica_pause(struct mongod *mongod, int64_t deadline_ms)
{
    enum replica_state state = first_to_end(&mongod->replica);
    int64_t until_ms = deadline_ms;
    if (state != REPLICA_N_STATES && mongod->replica.until_ms[state] < until_ms) {
        until_ms = mongod->replica.until_ms[state];
    }
    if (until_ms == INT64_MAX) {
        pthread_cond_wait(&mongod->moved, &mongod->lock);
    } else {
        struct timespec until = {.tv_sec = until_ms / MS_PER_S,
                                 .tv_nsec = until_ms % MS_PER_S * NS_PER_MS};
        (void)pthread_cond_timedwait(&mongod->moved, &mongod->lock, &until);
    }
    mongod_replica_tick(mongod);
}

static void
held_change(struct mongod *mongod, bool is_held)
{
    mongod->tally.n_held += is_held ? 1 : (uint32_t)-1;
    pthread_cond_broadcast(&mongod->moved);
}

static bool
is_lost(const struct replica *replica, uint64_t op)
{
    for (size_t i = 0; i < replica->n_losses; i++) {
        if (op > replica->losses[i].after && op <= replica->losses[i].last) {
            return true;
        }
    }
    return false;
}

/* True once the wait is over. */
static bool
is_answered(const struct mongod *mongod, uint64_t op, enum ack *ack)
{
    if (mongod->is_closing) {
        *ack = ACK_CLOSED;
    } else if (is_lost(&mongod->replica, op)) {
        *ack = ACK_LOST;
    } else if (op <= mongod->data.majority) {
        *ack = ACK_COVERED;
    } else {
        return false;
    }
    return true;
}

enum ack
mongod_replica_wait(struct mongod *mongod, uint64_t op, int32_t timeout_ms)
{
    enum ack ack = ACK_TIMEOUT;
    int64_t deadline_ms =
        mongod_deadline(timeout_ms == 0 ? MONGOD_FOREVER : timeout_ms);
    if (is_answered(mongod, op, &ack)) {
        return ack;
    }
    held_change(mongod, true);
    while (!is_answered(mongod, op, &ack) && mongod_now_ms() < deadline_ms) {
        mongod_replica_pause(mongod, deadline_ms);
    }
    held_change(mongod, false);
    return ack;
}

bool
mongod_replica_hold(struct mongod *mongod, int32_t ms)
{
    int64_t deadline_ms = mongod_deadline(ms);
    uint64_t n_settled = mongod->replica.n_settled;
    held_change(mongod, true);
    while (!mongod->is_closing && mongod->replica.n_settled == n_settled &&
           mongod_now_ms() < deadline_ms) {
        mongod_replica_pause(mongod, deadline_ms);
    }
    held_change(mongod, false);
    return !mongod->is_closing;
}
