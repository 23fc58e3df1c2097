/*
 * Batches of an import: records gathered and sent, and what the broker said of each.
 *
 * Memory: an arena of the batch's own, in which the records may live too: it is given
 * back once they are sent. Errors: the status of the call, with cli->error. Threads:
 * one.
 */
#ifndef KONTOR_TOOLS_KONTOR_IMPORT_BATCH_H
#define KONTOR_TOOLS_KONTOR_IMPORT_BATCH_H

#include "tools/import/kind.h"
#include "tools/kontor/cli.h"

enum { IMPORT_BATCH_RECORDS = 500 };

struct import_target;

struct import_batch {
    struct cli *cli;
    struct arena *arena;
    const struct import_target *target;
    const struct import_set *masks; /* What the source owns. */
    ProtobufCMessage *request;      /* The batch being filled; NULL: none yet. */
    const ProtobufCFieldDescriptor *records;
    size_t n_records;
    size_t n_bytes;
    size_t kinds[IMPORT_BATCH_RECORDS]; /* Of the records in it. */
    size_t n_sent;
    size_t n_all; /* How many there will be. */
    size_t counts[IMPORT_KINDS][KONTOR__V1__IMPORT_OUTCOME__REFUSED + 1];
    size_t n_findings;
};

/* Nothing is sent yet; done gives the arena back. */
void import_batch_init(struct import_batch *batch, struct cli *cli, size_t n_all);
void import_batch_done(struct import_batch *batch);
/* Adds the records of a part that are for this command. A part may live in the batch's
 * arena, and is done with afterwards. */
enum kontor_status import_batch_add(struct import_batch *batch,
                                    const struct import_set *part);
/* Sends what was gathered; OK also when there is nothing. */
enum kontor_status import_batch_send(struct import_batch *batch);

#endif
