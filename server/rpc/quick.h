/*
 * Point reads whose document is in the read cache, answered on the thread they came in
 * on.
 *
 * Memory: none is kept. Errors: false, the call takes the long way. Threads: those of
 * the completion queue.
 */
#ifndef KONTOR_SERVER_RPC_QUICK_H
#define KONTOR_SERVER_RPC_QUICK_H

#include "server/rpc/rpc.h"

/* Answers an admitted unary call, if it is such a read. Who may not see the document
 * goes the long way too, so that the refusal is made in one place. */
bool quick_answer(struct rpc *rpc);

#endif
