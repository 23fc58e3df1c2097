/*
 * What a job says: to the broker, again until it is taken or pointless, and to the
 * host.
 *
 * Memory: nothing is handed over. Errors: told as events. Threads: the job's own.
 */
#ifndef KONTOR_CLIENT_JOB_SAY_H
#define KONTOR_CLIENT_JOB_SAY_H

#include "client/job.h"

/* An event for the host. */
void job_tell(struct kontor_job *job, const char *what, const char *text);

/* false: it is not this job's to do; nothing may be created. */
bool job_begin(struct kontor_job *job);
/* Gives it back before it began. */
void job_release(struct kontor_job *job, const char *reason);
/* Says that it is done. false: the broker refused what was delivered, so it must be
 * told something else. */
bool job_complete(struct kontor_job *job);
/* Says that it failed. Answers how long to wait before trying again here, or -1. */
int64_t job_fail(struct kontor_job *job, enum kontor_result result);
/* Says what was decided about an approval, for the reason the callback gave. */
void job_decide(struct kontor_job *job, bool is_approved);

#endif
