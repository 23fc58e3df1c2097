/*
 * Gates: refusing what does not show what it must, and passing over that with a reason.
 *
 * Memory: constant; the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_GATE_H
#define KONTOR_SERVER_CATALOGUE_GATE_H

#include <stdbool.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "server/rpc/call.h"

/* What is refused. */
struct gate_refusal {
    const struct kind *kind;
    const char *id;
    const char *from;   /* The state it is in. */
    const char *wanted; /* The state it was to go to. */
    const char *lacks;  /* Fields, "a, b". */
};

/* The list a pass over a gate is noted in. */
struct gate_notes {
    Kontor__V1__GateOverride ***rows;
    size_t *n_rows;
};

/* One pass over a gate. */
struct gate_pass {
    const char *what;   /* What was done. */
    const char *reason; /* Why; an admin's words. */
    const char *lacks;  /* What was missing; "" = nothing. */
};

/* FAILED_PRECONDITION{GATE_UNMET}; the faults found so far are its rows. */
enum status gate_refuse(struct call *call,
                        const struct gate_refusal *refusal) MUST_CHECK;
/* Whether the caller may pass over gates: an admin of the whole registry. Who answers
 * for one provider does not judge it. */
bool gate_may_pass(struct call *call);
/* Adds a row to the list, for good. Only who may, and with a reason. */
enum status gate_pass_over(struct call *call, struct gate_notes notes,
                           const struct gate_pass *pass) MUST_CHECK;

#endif
