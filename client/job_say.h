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
/* Says that it failed. Answers how long to wait before trying again here, or -1: it is
 * not this session's any more. */
int64_t job_fail(struct kontor_job *job, enum kontor_result result);
/* Says what was decided about an approval, for the reason the callback gave. */
void job_decide(struct kontor_job *job, bool is_approved);

/* What became of something that was said. */
enum job_said {
    JOB_SAID_TAKEN,
    JOB_SAID_REFUSED, /* The broker does not take it as it is: the reason says why. */
    JOB_SAID_OVER,    /* The job is settled, or another's. */
    JOB_SAID_UNKNOWN, /* The job is lost, and nobody knows. */
};
/* Says what was decided about a cancel. *kind is what the job is then; untouched where
 * it is not this session's any more. */
enum job_said job_decide_cancel(struct kontor_job *job, bool is_accepted,
                                Kontor__V1__JobKind *kind);

#endif
