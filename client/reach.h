/*
 * Why a broker was not reached: gRPC's words become ours, with the address and the
 * cure.
 *
 * Memory: the error's own. Errors: none: words it does not know stay as they are.
 * Threads: any.
 */
#ifndef KONTOR_CLIENT_REACH_H
#define KONTOR_CLIENT_REACH_H

#include "client/kontor.h"

/*
 * Judges an error that gRPC made itself, without details of a broker. A connection
 * that never came up is UNAVAILABLE{UNREACHABLE}, files that cannot be used together
 * INVALID_ARGUMENT{CONNECTION_SETTINGS}; everything else keeps status and reason.
 */
void reach_explain(struct kontor_error *error, const char *server);
/* Whether the call cannot have left this process. */
bool reach_is_unsent(const struct kontor_error *error);

#endif
