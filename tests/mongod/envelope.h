/*
 * What every command may carry beside its own fields: session, concerns, read
 * preference, server API. Read from a table into the call, or refused.
 *
 * Memory: the call's. Errors: the call's trouble. Threads: any, on its own call.
 */
#ifndef KONTOR_TESTS_MONGOD_ENVELOPE_H
#define KONTOR_TESTS_MONGOD_ENVELOPE_H

#include "tests/mongod/command.h"

/* Sets database, collection, ns and what follows them in the call; row is set. */
bool mongod_envelope_read(struct call *call);
/* An integer of 0..max at this key of a document; absent: untouched. */
bool mongod_envelope_count(const bson_iter_t *field, int64_t max, int64_t *out,
                           struct trouble *trouble);
/* The document a field holds, as a view; refused when it holds another type. */
bool mongod_envelope_document(const bson_iter_t *field, bson_t *out,
                              struct trouble *trouble);

#endif
