/*
 * ConfigurationService: its rows.
 *
 * Memory: constant. Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_CONFIGURATION_H
#define KONTOR_SERVER_CONFIGURATION_CONFIGURATION_H

#include "server/rpc/table.h"

extern const struct service_rows configuration_rows;

#endif
