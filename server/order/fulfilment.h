/*
 * The rows of FulfilmentService.
 *
 * Memory: constant. Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_ORDER_FULFILMENT_H
#define KONTOR_SERVER_ORDER_FULFILMENT_H

#include "server/rpc/table.h"

extern const struct service_rows fulfilment_rows;

#endif
