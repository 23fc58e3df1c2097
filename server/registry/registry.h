/*
 * RegistryService: partners, their principals, their trust; who the caller is and how the broker is.
 *
 * Memory: constant rows. Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_REGISTRY_REGISTRY_H
#define KONTOR_SERVER_REGISTRY_REGISTRY_H

#include "server/rpc/table.h"

extern const struct service_rows registry_rows;

#endif
