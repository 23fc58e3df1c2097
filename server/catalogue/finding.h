/*
 * Findings of an import: the catalogue's finder over what the caller sees.
 *
 * Memory: the call's arena. Errors: none. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_FINDING_H
#define KONTOR_SERVER_CATALOGUE_FINDING_H

#include "catalogue/finder.h"
#include "server/rpc/call.h"

/* A finder for a record of this id. What it tells is lost outside an import. */
struct finder finding_of(struct call *call, const char *id);

/* The parts of an import. */
void finding_vocabulary(struct call *call, const void *record);
void finding_provider(struct call *call, const void *record);
void finding_service(struct call *call, const void *record);
void finding_bundle(struct call *call, const void *record);
/* A part of an import of the configuration: its type should be a term, too. */
void finding_endpoint(struct call *call, const void *record);

#endif
