/*
 * Gates: refusing what does not show what it must, and passing over that with a reason.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_GATE_H
#define KONTOR_SERVER_CATALOGUE_GATE_H

#include "kontor/v1/catalogue.pb-c.h"
#include "server/rpc/call.h"

/* FAILED_PRECONDITION{GATE_UNMET} with a row for each thing that is missing. */
enum status gate_refuse(struct call *call, const Kontor__V1__Service *service,
                        Kontor__V1__Phase phase, const char *lacks) MUST_CHECK;
/* Notes on the service, for good, that an admin passed over something: what was done,
 * why, and what was lacking. Only an admin may, and with a reason. */
enum status gate_pass_over(struct call *call, Kontor__V1__Service *service,
                           const char *what, const char *reason,
                           const char *lacks) MUST_CHECK;

#endif
