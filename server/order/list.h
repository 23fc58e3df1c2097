/*
 * ListOrders and ListItems: which index answers a filter, and what is left out besides.
 *
 * Memory: constant. Errors: as record.h. Threads: any.
 */
#ifndef KONTOR_SERVER_ORDER_LIST_H
#define KONTOR_SERVER_ORDER_LIST_H

#include "server/rpc/record.h"

extern const struct record order_list_record;
extern const struct record item_list_record;

#endif
