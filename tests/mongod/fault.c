/* Faults as texts: the names of the actions, and the form a command line has. */
#include <stdlib.h>
#include <string.h>

#include "tests/mongod/command.h"

static const char *const action_names[MONGOD_N_ACTIONS] = {
    [MONGOD_CLOSE_BEFORE] = "close_before",
    [MONGOD_CLOSE_AFTER] = "close_after",
    [MONGOD_DELAY] = "delay",
    [MONGOD_DELAY_AFTER] = "delay_after",
    [MONGOD_NOT_PRIMARY] = "not_primary",
    [MONGOD_CODE_1] = "code_1",
    [MONGOD_CODE_1_AFTER] = "code_1_after",
    [MONGOD_STEPDOWN] = "stepdown",
    [MONGOD_WRITE_CONCERN_ERROR] = "write_concern_error",
    [MONGOD_SLOW_MAJORITY] = "slow_majority",
    [MONGOD_ROLLBACK] = "rollback",
    [MONGOD_STALE_PRIMARY] = "stale_primary",
};

const char *
mongod_action_name(enum mongod_action action)
{
    size_t index = (size_t)action;
    return index < MONGOD_N_ACTIONS ? action_names[index] : NULL;
}

static bool
read_action(const char *text, size_t length, enum mongod_action *out)
{
    for (int i = 0; i < MONGOD_N_ACTIONS; i++) {
        if (strlen(action_names[i]) == length &&
            memcmp(action_names[i], text, length) == 0) {
            *out = (enum mongod_action)i;
            return true;
        }
    }
    return false;
}

/* Digits only: strtoull alone would take a sign and blanks. */
static bool
read_number(const char **at, uint64_t max, uint64_t *out)
{
    enum { BASE = 10 };
    const char *first = *at;
    uint64_t value = 0;
    while (**at >= '0' && **at <= '9') {
        value = value * BASE + (uint64_t)(**at - '0');
        if (value > max) {
            return false;
        }
        (*at)++;
    }
    *out = value;
    return *at != first;
}

static bool
read_probability(const char **at, double *out)
{
    char *end = NULL;
    double value = strtod(*at, &end);
    bool is_number = end != *at && value >= 0 && value <= 1;
    *at = end;
    *out = value;
    return is_number;
}

/* "=MS", when it is there. */
static bool
read_ms(const char **at, struct mongod_fault *fault)
{
    uint64_t ms = 0;
    if (**at == '=') {
        (*at)++;
        if (!read_number(at, MONGOD_FOREVER, &ms)) {
            return false;
        }
    }
    fault->ms = (int32_t)ms;
    return true;
}

/* "#NTH" or "%PROBABILITY", then "+TIMES", each when it is there. */
static bool
read_trigger(const char **at, struct mongod_fault *fault)
{
    uint64_t nth = 1;
    uint64_t times = 0;
    if (**at == '%') {
        (*at)++;
        nth = 0;
        if (!read_probability(at, &fault->probability)) {
            return false;
        }
    } else if (**at == '#') {
        (*at)++;
        if (!read_number(at, UINT32_MAX, &nth) || nth == 0) {
            return false;
        }
    }
    if (**at == '+') {
        (*at)++;
        if (!read_number(at, UINT32_MAX, &times)) {
            return false;
        }
    }
    fault->nth = (uint32_t)nth;
    fault->times = (uint32_t)times;
    return **at == '\0';
}

/* "@COMMAND/COLLECTION", when it is there; collections may have anything but the signs
 * of what follows in their names. A command that never comes would be a fault that
 * never happens. */
static bool
read_target(const char **at, struct mongod_fault *fault)
{
    if (**at != '@') {
        return true;
    }
    (*at)++;
    size_t length = strcspn(*at, "/#%+");
    if (length == 0) {
        return false;
    }
    fault->command = bson_strndup(*at, length);
    *at += length;
    if (mongod_command_place(fault->command) == -1) {
        return false;
    }
    if (**at != '/') {
        return true;
    }
    (*at)++;
    length = strcspn(*at, "#%+");
    fault->collection = length > 0 ? bson_strndup(*at, length) : NULL;
    *at += length;
    return length > 0;
}

bool
mongod_fault_parse(const char *text, struct mongod_fault *fault)
{
    struct mongod_fault read = {.command = NULL};
    const char *at = text + strcspn(text, "=@#%+");
    if (!read_action(text, (size_t)(at - text), &read.action)) {
        return false;
    }
    if (!read_ms(&at, &read) || !read_target(&at, &read) || !read_trigger(&at, &read)) {
        mongod_fault_done(&read);
        return false;
    }
    *fault = read;
    return true;
}

void
mongod_fault_done(struct mongod_fault *fault)
{
    bson_free((void *)(uintptr_t)fault->command);
    bson_free((void *)(uintptr_t)fault->collection);
    fault->command = NULL;
    fault->collection = NULL;
}
