/*
 * Projects: what a customer works on.
 *
 * Memory: results live in the arena of the call. Errors: as record.h. Threads: any.
 */
#ifndef KONTOR_SERVER_ORDER_PROJECT_H
#define KONTOR_SERVER_ORDER_PROJECT_H

#include "server/rpc/record.h"

extern const struct record project_record;

/* The string of scope that everything ordered for a project carries, without its first
 * byte. */
const char *project_scope(struct call *call, const char *project);
/* Has a List go over what a project has, where the caller owns all of that. Others look
 * through what is theirs: what a project has, and how much, is not for them to find. */
void project_narrow(struct call *call, const char *project, struct find *find);

#endif
