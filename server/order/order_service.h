/*
 * The rows of OrderService.
 *
 * Memory: constant. Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_ORDER_ORDER_SERVICE_H
#define KONTOR_SERVER_ORDER_ORDER_SERVICE_H

#include "server/rpc/table.h"

extern const struct service_rows order_rows;

#endif
