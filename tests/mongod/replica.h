/*
 * The replica set in one endpoint: the states it can be in for a while, the majority
 * point, rollbacks, and waiting for either.
 *
 * Memory: plain values and a list that mongod_replica_done frees; a zeroed one is a
 * healthy primary. Errors: none. Threads: under the server's lock; what waits gives the
 * lock up meanwhile. Nothing runs by itself: whoever takes the lock first lets happen
 * what has become due.
 */
#ifndef KONTOR_TESTS_MONGOD_REPLICA_H
#define KONTOR_TESTS_MONGOD_REPLICA_H

#include "tests/mongod/mongod.h"

/*
 *     state      writes    majority point   at its end
 *     SECONDARY  refused   follows          a new election
 *     FROZEN     applied   stands still     the point catches up
 *     ROLLING    applied   stands still     rollback, a new election
 *     STALE      applied   stands still     rollback, a new election
 */
enum replica_state {
    REPLICA_SECONDARY,
    REPLICA_FROZEN,
    REPLICA_ROLLING,
    REPLICA_STALE,
    REPLICA_N_STATES
};

/* Ops from (after, last] were undone. */
struct loss {
    uint64_t after;
    uint64_t last;
};

struct replica {
    int64_t until_ms[REPLICA_N_STATES]; /* Monotonic; 0: it is not in it. */
    uint64_t n_elections;               /* Since the start. */
    uint64_t n_settled;                 /* Calls of mongod_replica_settle. */
    struct loss *losses;
    size_t n_losses;
    uint64_t n_undone;
};

/* How waiting for the majority point ended. */
enum ack {
    ACK_COVERED,
    ACK_TIMEOUT,
    ACK_LOST,  /* Rolled back. */
    ACK_CLOSED /* The server goes away. */
};

void mongod_replica_done(struct replica *replica);
int64_t mongod_now_ms(void);
/* What MONGOD_FOREVER as a duration means, too. */
int64_t mongod_deadline(int32_t ms);

/* The state an action begins. False: it begins none. */
bool mongod_replica_state_of(enum mongod_action action, enum replica_state *state);
/* Lasts ms from now, or as long as it would have anyway. */
void mongod_replica_begin(struct mongod *mongod, enum replica_state state, int32_t ms);
bool mongod_replica_is(const struct mongod *mongod, enum replica_state state);
/* Ends what is due. */
void mongod_replica_tick(struct mongod *mongod);
/* Ends what runs, whatever its time. */
void mongod_replica_settle(struct mongod *mongod);
/* After writes: the majority point follows, when nothing holds it. */
void mongod_replica_follow(struct mongod *mongod);
/* Counts what is above the majority point as lost, and forgets what it was done by. */
void mongod_replica_lose(struct mongod *mongod, size_t n_ops);

/* Waits for the majority point to reach the op; timeout_ms 0: without end. */
enum ack mongod_replica_wait(struct mongod *mongod, uint64_t op, int32_t timeout_ms);
/* Holds the caller for ms or until a settle; false: the server goes away. */
bool mongod_replica_hold(struct mongod *mongod, int32_t ms);
/* One wait for any change, at most to the deadline or to what is due before it. */
void mongod_replica_pause(struct mongod *mongod, int64_t deadline_ms);

#endif
