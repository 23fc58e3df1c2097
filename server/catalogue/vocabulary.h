/*
 * Vocabularies: lists of terms.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_VOCABULARY_H
#define KONTOR_SERVER_CATALOGUE_VOCABULARY_H

#include "server/rpc/record.h"

extern const struct record vocabulary_record;

#endif
