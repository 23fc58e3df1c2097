/*
 * Data management plans: taken in once they are judged and their people are out, and
 * kept with their history. A plan is its project's: who owns that reads it.
 *
 * Memory: the call's arena. Errors: as call.h; faults of a document stand at their JSON
 * paths. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_PLAN_H
#define KONTOR_SERVER_CONFIGURATION_PLAN_H

#include "kontor/v1/configuration.pb-c.h"
#include "proto/json_tree.h"
#include "server/rpc/call.h"
#include "server/rpc/record.h"

extern const struct record plan_record;

/* What is ordered for a plan carries the string of it, which no principal has. */
#define PLAN_ORDERED "~m:"

enum status plan_import_decide(struct call *call, const void *request,
                               struct decision *decision);
enum status plan_import_answer(struct call *call, const void *request,
                               const Kontor__V1__Commit *commit, void **reply);
enum status plan_propose_decide(struct call *call, const void *request,
                                struct decision *decision);
enum status plan_write_back_decide(struct call *call, const void *request,
                                   struct decision *decision);

/* A plan within the caller's scopes, which owns it. */
enum status plan_read(struct call *call, const char *id,
                      const Kontor__V1__Plan **out) MUST_CHECK;
/* Its document. NULL: it cannot be read, and the call has failed. */
const struct json_value *plan_document(struct call *call, const Kontor__V1__Plan *plan);
/* The plan an order names has to be the project's own. Faults. */
enum status plan_judge_ordered(struct call *call, const char *plan,
                               const char *project) MUST_CHECK;

/* Findings of an answer. */
struct plan_findings {
    Kontor__V1__Violation **rows;
    size_t n_rows, room;
};
void plan_find(struct call *call, struct plan_findings *findings, const char *path,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
