/*
 * What the records of a batch that is only validated would have written, for the
 * records after them.
 *
 * Memory: the call's arena. Errors: those of a read. Threads: the call's.
 */
#ifndef KONTOR_SERVER_RPC_WOULD_BE_H
#define KONTOR_SERVER_RPC_WOULD_BE_H

#include "server/rpc/call.h"

/* One record's draft; the list begins with the latest. */
struct would_be {
    const struct draft_change *changes;
    size_t n_changes;
    const struct would_be *before;
};

/* Keeps what a record would have written. The changes stay in the call's arena. */
void would_be_keep(struct call *call, const struct draft *draft);
/*
 * A document as an earlier record would have left it, in the view that scopes give
 * (NULL: everything), with revision 0, or when it has been stored before the revision
 * that is stored. false when no earlier record wrote it; else *status is OK, or
 * NOT_FOUND when it would be gone or invisible.
 */
bool would_be_get(const struct call *call, const struct kind *kind, const char *id,
                  const struct scopes *scopes, struct document *out,
                  enum status *status);

#endif
