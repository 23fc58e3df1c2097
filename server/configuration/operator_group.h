/*
 * Operator groups: who runs sites together, such as a national initiative. Sites name
 * theirs by its name, as other databases do; whom to ask is kept by what for.
 *
 * Memory: constant. Errors: as record.h, ALREADY_EXISTS{NAME_TAKEN}, and
 * FAILED_PRECONDITION{IN_USE} while a site names it. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_OPERATOR_GROUP_H
#define KONTOR_SERVER_CONFIGURATION_OPERATOR_GROUP_H

#include "server/rpc/record.h"

extern const struct record operator_group_record;

#endif
