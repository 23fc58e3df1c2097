/*
 * Services of a provider, with their offers.
 *
 * Memory: constant; the call's arena. Errors: as record.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_SERVICE_H
#define KONTOR_SERVER_CATALOGUE_SERVICE_H

#include <stdbool.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "server/rpc/record.h"

extern const struct record service_record;

/* Notes that it was published, if it is now: before it is written in another phase. */
void service_note_published(Kontor__V1__Service *service);

#endif
