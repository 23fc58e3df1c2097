/*
 * CatalogueService: its rows.
 *
 * Memory: constant. Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_CATALOGUE_CATALOGUE_H
#define KONTOR_SERVER_CATALOGUE_CATALOGUE_H

#include "server/rpc/table.h"

extern const struct service_rows catalogue_rows;

#endif
