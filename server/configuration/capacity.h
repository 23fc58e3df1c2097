/*
 * Capacities: what a provider has to give and from when on, what is taken of it by open
 * items and by what was delivered, and what is left.
 *
 * What is taken is one guard a capacity, written by every commit that takes or gives
 * back: of many callers at once the committer decides all but the first again. It adds
 * up by day (UTC): what begins counts from the beginning of its day, what ends to the
 * end of its day. Adding a taking with its pieces negated undoes it, whenever that is.
 * How much there is is the capacity's own and may change at any time.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_CAPACITY_H
#define KONTOR_SERVER_CONFIGURATION_CAPACITY_H

#include "kontor/v1/configuration.pb-c.h"
#include "server/rpc/call.h"
#include "server/rpc/record.h"

extern const struct record capacity_record;

enum { CAPACITY_DAY_MS = 24 * 60 * 60 * 1000 };

/* What takes part in a capacity carries the string of it, which no principal has. */
#define CAPACITY_TAKES "~a:"

/* Something that is taken. */
struct taking {
    int64_t from_ms, until_ms; /* INT64_MAX = until it is given back. */
    int64_t pieces;            /* Negative = given back. */
    bool is_delivered;         /* Else it is held for an open item. */
};

/* A capacity, and what is taken of it, as it was read. */
struct capacity_state {
    const char *id;
    const Kontor__V1__Capacity
        *capacity; /* NULL = there is none, and nothing to give. */
    Kontor__V1__CapacityUse *use;
    int64_t revision; /* Of the use; 0 = nothing was ever taken. */
    int64_t at_ms;    /* When it was so: what is told begins on that day. */
};

/* NULL: as it is, and so that a commit that rests on it is decided again if it
 * changes. */
enum status capacity_read(struct call *call, const char *id,
                          const Kontor__V1__AsOf *as_of,
                          struct capacity_state *state) MUST_CHECK;
/* Adds to what was read only. */
void capacity_take(struct call *call, struct capacity_state *state,
                   const struct taking *taking);
/* Writes one more taking; several of one commit add up. */
enum status capacity_follow(struct call *call, const char *id,
                            const struct taking *taking,
                            struct decision *decision) MUST_CHECK;

/* How it stands from a day on. */
struct capacity_day {
    int64_t day; /* Since 1970. */
    int64_t offered, allocated, requested;
};
/* The day as of which it was read, and each behind it on which that changes. */
size_t capacity_days(struct call *call, const struct capacity_state *state,
                     struct capacity_day **days);
/* The least that is free in a window, and the day; may be negative. */
int64_t capacity_least(struct call *call, const struct capacity_state *state,
                       const struct taking *window, int64_t *day);

enum status capacity_list_allocations(struct call *call, const void *request,
                                      struct decision *decision);

#endif
