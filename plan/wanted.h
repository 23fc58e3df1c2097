/*
 * What a plan wants: where its data is to lie, how much of it, until when, and what
 * else is expected there. What the plan does not say is not said here either.
 *
 * Memory: the arena given, and the document. Errors: none. The document is valid by a
 * version of the standard. Threads: any.
 */
#ifndef KONTOR_PLAN_WANTED_H
#define KONTOR_PLAN_WANTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/host.h"
#include "proto/json_tree.h"

/* The last time there is a text for: 9999-12-31T23:59:59Z. */
#define PLAN_LAST_MS INT64_C(253402300799000)

/* What a plan says of itself; "" where it says nothing. */
struct plan_facts {
    const char *title, *identifier, *identifier_type;
    int64_t modified_ms;     /* INT64_MIN = it is no time; never behind the last. */
    const char *project_end; /* The last of its projects' ends; "" = none is told. */
};

void plan_read_facts(const struct json_value *document, struct plan_facts *facts);

/* One distribution of one dataset. */
struct wanted {
    size_t dataset, distribution; /* From 0. */
    const char *path;             /* $.dmp.dataset[0].distribution[1]. */
    const char *title;
    const char *url;          /* Of its host, as written; NULL = it says no host. */
    struct host host;         /* Of the url; name "" = it names no host. */
    int64_t byte_size;        /* -1 = not said, or what is said is none. */
    bool is_forecast;         /* That is the most of a yearly forecast. */
    const char *no_size;      /* Why what is said is none, in words; NULL = it is. */
    const char *no_size_path; /* Where that stands. */
    const char *until;        /* YYYY-MM-DD; "" = not said. */
    bool is_reused; /* It is somebody else's data, which lies there already. */
    const struct json_value *dataset_value, *value;
    const struct json_value *host_value; /* NULL = it says no host. */
};

/* All distributions in order; answers how many. */
size_t wanted_read(const struct json_value *document, struct arena *arena,
                   struct wanted **out);

/* The id with this index that its host has elsewhere; NULL = there are no more. */
const char *wanted_host_id(const struct wanted *wanted, size_t index);

/* What may be expected of a place, as plans call it. */
extern const size_t wanted_n_constraints;
const char *wanted_constraint_name(size_t constraint);
/* Where a distribution says it: $.dmp.dataset[0].distribution[1].host.backup_type. */
const char *wanted_constraint_path(const struct wanted *wanted, size_t constraint,
                                   struct arena *arena);
/* What a distribution says of the constraint with this index, up to n texts; answers
 * how many. "unknown" is not said. */
size_t wanted_constraint(const struct wanted *wanted, size_t constraint,
                         const char **texts, size_t n);

#endif
