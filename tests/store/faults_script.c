#include "tests/store/faults_script.h"

#include <string.h>

#include "tests/store/faults_ledger.h"

#define BIT(action) (1U << (action))
#define CUTS (BIT(MONGOD_CLOSE_BEFORE) | BIT(MONGOD_CLOSE_AFTER))
#define STATES                                                                         \
    (BIT(MONGOD_STEPDOWN) | BIT(MONGOD_WRITE_CONCERN_ERROR) |                          \
     BIT(MONGOD_SLOW_MAJORITY) | BIT(MONGOD_ROLLBACK) | BIT(MONGOD_STALE_PRIMARY))
#define ALL (BIT(MONGOD_N_ACTIONS) - 1)

enum {
    SOON_MS = 1000, /* A socket time-out that nothing but a held command meets. */
    GHOST_MS = 120, /* One that is shorter than what is held back. */
};

const struct script scripts[] = {
    {.name = "close_before", .actions = BIT(MONGOD_CLOSE_BEFORE), .socket_ms = SOON_MS},
    {.name = "close_after", .actions = BIT(MONGOD_CLOSE_AFTER), .socket_ms = SOON_MS},
    {.name = "delay",
     .actions = BIT(MONGOD_DELAY) | BIT(MONGOD_DELAY_AFTER),
     .min_ms = 5,
     .max_ms = 80,
     .socket_ms = SOON_MS},
    {.name = "ghost",
     .actions = BIT(MONGOD_DELAY) | BIT(MONGOD_DELAY_AFTER),
     .min_ms = 200,
     .max_ms = 1500,
     .socket_ms = GHOST_MS},
    {.name = "stepdown",
     .actions = BIT(MONGOD_STEPDOWN),
     .min_ms = 20,
     .max_ms = 400,
     .needs_set = true,
     .socket_ms = SOON_MS},
    {.name = "not_primary",
     .actions = BIT(MONGOD_NOT_PRIMARY),
     .needs_set = true,
     .socket_ms = SOON_MS},
    {.name = "write_concern",
     .actions = BIT(MONGOD_WRITE_CONCERN_ERROR),
     .min_ms = 10,
     .max_ms = 400,
     .needs_set = true,
     .socket_ms = SOON_MS},
    {.name = "rollback",
     .actions = BIT(MONGOD_ROLLBACK),
     .min_ms = 20,
     .max_ms = 400,
     .needs_set = true,
     .socket_ms = SOON_MS},
    {.name = "slow_majority",
     .actions = BIT(MONGOD_SLOW_MAJORITY) | BIT(MONGOD_CLOSE_AFTER),
     .min_ms = 50,
     .max_ms = 600,
     .needs_set = true,
     .socket_ms = GHOST_MS},
    {.name = "stale_primary",
     .actions = BIT(MONGOD_STALE_PRIMARY),
     .min_ms = 50,
     .max_ms = 600,
     .needs_set = true,
     .socket_ms = GHOST_MS},
    {.name = "code_1",
     .actions = BIT(MONGOD_CODE_1) | BIT(MONGOD_CODE_1_AFTER),
     .socket_ms = SOON_MS},
    {.name = "away", .goes_away = true, .socket_ms = SOON_MS},
    {.name = "close_away",
     .actions = CUTS,
     .goes_away = true,
     .end = SCRIPT_CLOSED,
     .socket_ms = SOON_MS},
    {.name = "kill", .end = SCRIPT_KILLED, .socket_ms = SOON_MS},
    {.name = "kill_ghost",
     .actions = BIT(MONGOD_DELAY) | BIT(MONGOD_CLOSE_AFTER),
     .min_ms = 100,
     .max_ms = 800,
     .end = SCRIPT_KILLED,
     .socket_ms = GHOST_MS},
    {.name = "everything",
     .actions = ALL,
     .min_ms = 20,
     .max_ms = 500,
     .needs_set = true,
     .goes_away = true,
     .socket_ms = GHOST_MS},
    {.name = "everything_kill",
     .actions = ALL,
     .min_ms = 20,
     .max_ms = 500,
     .needs_set = true,
     .end = SCRIPT_KILLED,
     .socket_ms = GHOST_MS},
    {.name = NULL},
};

const struct plant plants[] = {
    {"reads_unsettled", "everything", {.reads_unsettled = true}},
    {"fails_in_doubt", "close_after", {.fails_in_doubt = true}},
    {.name = NULL},
};

/* Where a fault may strike: commands the store sends, the log most of all. */
static const struct {
    const char *command;
    const char *collection;
} targets[] = {
    {"insert", "log"},        {"insert", "log"},   {"insert", "log"},
    {"insert", "log"},        {"find", "log"},     {"find", "log"},
    {"insert", "paper"},      {"update", "paper"}, {"insert", "paper_past"},
    {"insert", "paper_past"}, {"find", "paper"},   {"insert", "drawer"},
    {"update", "drawer"},     {"update", "seal"},  {"update", "soft"},
    {"find", "seal"},         {NULL, NULL},        {NULL, NULL},
};

const struct script *
script_by_name(const char *name)
{
    for (const struct script *script = scripts; script->name != NULL; script++) {
        if (strcmp(script->name, name) == 0) {
            return script;
        }
    }
    return NULL;
}

/* One of the bits; there is one. */
static enum mongod_action
pick(unsigned actions, uint64_t random)
{
    unsigned n = (unsigned)__builtin_popcount(actions);
    unsigned skip = (unsigned)(random % n);
    int action = 0;
    for (; action < MONGOD_N_ACTIONS; action++) {
        if ((actions & BIT(action)) != 0 && skip-- == 0) {
            break;
        }
    }
    return (enum mongod_action)action;
}

static int32_t
pick_ms(const struct script *script, uint64_t random)
{
    return script->min_ms +
           (int32_t)(random % (uint64_t)(script->max_ms - script->min_ms + 1));
}

size_t
script_faults(const struct script *script, uint64_t seed,
              struct mongod_fault faults[SCRIPT_FAULTS])
{
    enum { MAX_NTH = 14, N_TARGETS = sizeof targets / sizeof targets[0] };
    if (script->actions == 0) {
        return 0;
    }
    size_t n = 2 + ledger_random(seed, 500, 0) % 4;
    n += script->actions == ALL ? 2 : 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t random = ledger_random(seed, 501, i);
        size_t target = random % N_TARGETS;
        faults[i] = (struct mongod_fault){
            .action = pick(script->actions, random >> 8),
            .ms = pick_ms(script, random >> 16),
            .command = targets[target].command,
            .collection = targets[target].collection,
            .times = 1 + (uint32_t)((random >> 48) % 3),
        };
        if ((random >> 56) % 2 == 0) {
            faults[i].nth = 1 + (uint32_t)((random >> 32) % MAX_NTH);
        } else {
            faults[i].probability = (double)(2 + (random >> 32) % 30) / 100;
        }
    }
    return n;
}

bool
script_state(const struct script *script, uint64_t seed, enum mongod_action *action,
             int32_t *ms)
{
    unsigned states = script->actions & STATES;
    if (states == 0) {
        return false;
    }
    *action = pick(states, ledger_random(seed, 502, 0));
    *ms = pick_ms(script, ledger_random(seed, 502, 1));
    return true;
}
