/*
 * Whether a job that is worked on still can be cancelled: asked beside its work, on a
 * thread of its own.
 *
 * The host's callback gets a job of its own to speak on, since the one of the work is
 * another callback's at that time. What it answers is said under the fence of the work,
 * never while the end of the work is said.
 *
 * Memory: the job's; assess_end frees. Errors: a question for which there is no memory
 * or thread is begun with a later renewal. Threads: as each says.
 */
#ifndef KONTOR_CLIENT_ASSESS_H
#define KONTOR_CLIENT_ASSESS_H

#include "client/job.h"

/*
 * Takes what the answer to a renewal, asked for at this time of the lease clock, says
 * about a job that is held: whether a cancel is open, was decided, or has made another
 * job of it. The agent's mutex is held; the keeper's thread.
 */
void assess_hear(struct kontor_job *job, const Kontor__V1__HeldJob *held,
                 int64_t asked_at_ms);
/* The question is moot: its callback sees it as the loss of its job, and its answer is
 * not said. Accepts NULL. The agent's mutex is held. */
void assess_drop(struct assess *assess);
/* Drops it, waits for its callback, frees it. The job's thread, once no other question
 * can be begun. */
void assess_end(struct kontor_job *job);

#endif
