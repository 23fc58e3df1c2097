/*
 * Groups: endpoints, sites and other groups that are looked at together.
 *
 * Memory: constant; the call's arena. Errors: as record.h, and
 * ALREADY_EXISTS{NAME_TAKEN}. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_GROUP_H
#define KONTOR_SERVER_CONFIGURATION_GROUP_H

#include "kontor/v1/configuration.pb-c.h"
#include "server/rpc/record.h"

extern const struct record group_record;

/* Something comes to rest on a group: whoever deletes it at the same time is decided
 * again, and sees that. */
enum status group_keep(struct call *call, const Kontor__V1__Group *group,
                       struct decision *decision) MUST_CHECK;

/* The groups within one, each once: those that are still to be opened stand behind
 * those that were. */
struct group_walk {
    const char **ids;
    size_t n_ids;
    bool is_cut; /* There were more than GROUP_MAX_WITHIN. */
};

enum { GROUP_MAX_WITHIN = 256 /* Groups within a group, however deep. */ };

struct group_walk group_walk_begin(struct call *call);
/* Adds one unless it is there. The id is borrowed. */
void group_walk_add(struct group_walk *walk, const char *id);

#endif
