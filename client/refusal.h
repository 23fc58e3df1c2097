/*
 * What the broker's refusal of a call about a job leads to.
 *
 * Memory: none. Errors: none. Threads: any.
 */
#ifndef KONTOR_CLIENT_REFUSAL_H
#define KONTOR_CLIENT_REFUSAL_H

#include "client/kontor.h"

enum refusal {
    REFUSAL_AGAIN,    /* It may pass: the same is said again. */
    REFUSAL_OVER,     /* The job is settled: nothing more is said. */
    REFUSAL_DECLINED, /* What was said is not taken as it is. */
};

/* Judges an error of Begin, Complete, Fail, Release or DecideCancel. */
enum refusal refusal_of(const struct kontor_error *error);

#endif
