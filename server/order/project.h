/*
 * Projects: what a customer works on.
 *
 * Memory: constant. Errors: as record.h. Threads: any.
 */
#ifndef KONTOR_SERVER_ORDER_PROJECT_H
#define KONTOR_SERVER_ORDER_PROJECT_H

#include "server/rpc/record.h"

extern const struct record project_record;

#endif
