/*
 * The services of the broker: the one list of their tables of rows.
 *
 * Memory: constant. Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_SERVICES_H
#define KONTOR_SERVER_SERVICES_H

#include "server/rpc/table.h"

/* Ended by NULL. */
extern const struct service_rows *const services_table[];

#endif
