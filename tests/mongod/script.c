#include "tests/mongod/script.h"

#include <string.h>

static char *
copy_or_null(const char *text)
{
    return text == NULL ? NULL : bson_strdup(text);
}

void
mongod_script_set(struct script *script, const struct mongod_fault *faults, size_t n)
{
    mongod_script_done(script);
    script->rules = bson_malloc0((n + 1) * sizeof *script->rules);
    script->n = n;
    script->n_played = 0;
    for (size_t i = 0; i < n; i++) {
        struct mongod_fault *fault = &script->rules[i].fault;
        *fault = faults[i];
        fault->command = copy_or_null(faults[i].command);
        fault->collection = copy_or_null(faults[i].collection);
    }
}

void
mongod_script_done(struct script *script)
{
    for (size_t i = 0; i < script->n; i++) {
        mongod_fault_done(&script->rules[i].fault);
    }
    bson_free(script->rules);
    script->rules = NULL;
    script->n = 0;
}

/* The finishing step of splitmix64: every bit of the argument moves every bit of the
 * result. */
static uint64_t
mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/*
 * A draw is a function of its place, not a step of a shared sequence: a heartbeat that
 * comes between two commands, or a rule more in the script, changes no other draw.
 */
static double
draw(uint64_t seed, uint64_t rule, uint64_t nth)
{
    enum { MANTISSA = 53 };
    uint64_t place = mix(mix(mix(seed + 1) ^ (rule + 1)) ^ nth);
    return (double)(place >> (64 - MANTISSA)) / (double)(UINT64_C(1) << MANTISSA);
}

static bool
matches(const struct mongod_fault *fault, const char *command, const char *collection,
        bool is_data)
{
    if (fault->command == NULL ? !is_data : strcmp(fault->command, command) != 0) {
        return false;
    }
    return fault->collection == NULL ||
           (collection != NULL && strcmp(fault->collection, collection) == 0);
}

/* Whether the rule plays at the command it has just seen. */
static bool
plays(const struct script *script, const struct rule *rule)
{
    const struct mongod_fault *fault = &rule->fault;
    if (fault->nth == 0) {
        bool is_spent = fault->times != 0 && rule->n_played >= fault->times;
        uint64_t index = (uint64_t)(rule - script->rules);
        return !is_spent &&
               draw(script->seed, index, rule->n_seen) < fault->probability;
    }
    uint64_t times = fault->times == 0 ? 1 : fault->times;
    return rule->n_seen >= fault->nth && rule->n_seen - fault->nth < times;
}

struct verdict
mongod_script_judge(struct script *script, const char *command, const char *collection,
                    bool is_data)
{
    struct verdict verdict;
    for (int i = 0; i < MONGOD_N_ACTIONS; i++) {
        verdict.ms[i] = MONGOD_NOT_TRIPPED;
    }
    for (size_t i = 0; i < script->n; i++) {
        struct rule *rule = &script->rules[i];
        const struct mongod_fault *fault = &rule->fault;
        if (!matches(fault, command, collection, is_data)) {
            continue;
        }
        rule->n_seen++;
        if (!plays(script, rule)) {
            continue;
        }
        rule->n_played++;
        script->n_played++;
        if (verdict.ms[fault->action] < fault->ms) {
            verdict.ms[fault->action] = fault->ms;
        }
    }
    return verdict;
}
