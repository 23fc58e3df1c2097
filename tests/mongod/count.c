/* What tests ask about the server: counts, refusals, points; and waiting for them. */
#include "tests/mongod/command.h"
#include "tests/mongod/inner.h"

/* One number of the server, read under its lock. */
static uint64_t
read_number(struct mongod *mongod, const uint64_t *number)
{
    mongod_lock(mongod);
    uint64_t value = *number;
    mongod_unlock(mongod);
    return value;
}

uint64_t
mongod_count(struct mongod *mongod, const char *command)
{
    int place = mongod_command_place(command);
    return place == -1 ? 0 : read_number(mongod, &mongod->tally.n_commands[place]);
}

uint64_t
mongod_count_inserted(struct mongod *mongod)
{
    return read_number(mongod, &mongod->tally.n_inserted);
}

uint64_t
mongod_count_played(struct mongod *mongod)
{
    return read_number(mongod, &mongod->script.n_played);
}

uint64_t
mongod_count_rollbacks(struct mongod *mongod)
{
    mongod_lock(mongod);
    uint64_t n = mongod->replica.n_losses;
    mongod_unlock(mongod);
    return n;
}

uint64_t
mongod_count_undone(struct mongod *mongod)
{
    return read_number(mongod, &mongod->replica.n_undone);
}

uint64_t
mongod_majority(struct mongod *mongod)
{
    return read_number(mongod, &mongod->data.majority);
}

uint64_t
mongod_newest(struct mongod *mongod)
{
    return read_number(mongod, &mongod->data.newest);
}

bool
mongod_await(struct mongod *mongod, const char *command, uint64_t n, int32_t timeout_ms)
{
    int place = mongod_command_place(command);
    int64_t deadline_ms = mongod_deadline(timeout_ms);
    if (place == -1) {
        return n == 0;
    }
    const uint64_t *count = &mongod->tally.n_commands[place];
    mongod_lock(mongod);
    while (*count < n && mongod_now_ms() < deadline_ms) {
        mongod_replica_pause(mongod, deadline_ms);
    }
    bool is_reached = *count >= n;
    mongod_unlock(mongod);
    return is_reached;
}

bool
mongod_await_held(struct mongod *mongod, uint32_t n, int32_t timeout_ms)
{
    int64_t deadline_ms = mongod_deadline(timeout_ms);
    mongod_lock(mongod);
    while (mongod->tally.n_held != n && mongod_now_ms() < deadline_ms) {
        mongod_replica_pause(mongod, deadline_ms);
    }
    bool is_reached = mongod->tally.n_held == n;
    mongod_unlock(mongod);
    return is_reached;
}

const char *
mongod_refused(struct mongod *mongod)
{
    mongod_lock(mongod);
    const char *refused = mongod->tally.refused;
    bool is_refused = refused[0] != '\0';
    mongod_unlock(mongod);
    return is_refused ? refused : NULL;
}

void
mongod_forgive(struct mongod *mongod)
{
    mongod_lock(mongod);
    mongod->tally.refused[0] = '\0';
    mongod_unlock(mongod);
}
