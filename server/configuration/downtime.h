/*
 * Downtimes: times in which endpoints do not work, declared, revised and cancelled,
 * never deleted.
 *
 * Memory: constant; the call's arena. Errors: as record.h, and
 * FAILED_PRECONDITION{DOWNTIME_OVER}. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_DOWNTIME_H
#define KONTOR_SERVER_CONFIGURATION_DOWNTIME_H

#include "kontor/v1/configuration.pb-c.h"
#include "server/rpc/record.h"

/* For the calls, where the broker says when it was declared. */
extern const struct record downtime_record;
/* For imports, which bring the source's time. */
extern const struct record downtime_import_record;

/* What a downtime is by its times: SCHEDULED iff it starts more than 24 hours after its
 * declaration. Source: GOCDB. */
Kontor__V1__Classification downtime_classify(int64_t declared_at_ms,
                                             int64_t start_at_ms);

/* A downtime of the group's registry that hits the group and is not over; *id NULL
 * where there is none. */
enum status downtime_of_group(struct call *call, const char *group,
                              const char **id) MUST_CHECK;

/* CancelDowntime. */
enum status downtime_cancel(struct call *call, const void *request,
                            struct decision *decision);
enum status downtime_cancel_answer(struct call *call, const void *request,
                                   const Kontor__V1__Commit *commit, void **reply);

#endif
