/*
 * How this session holds a job: whether it is lost, whether it has become another one,
 * and whose turn it is to speak about it.
 *
 *     as claimed --turn--> told to stop --become--> another kind, same fence
 *         |                     |                        |
 *         +-------- lost -------+-----------------------+---> nothing more is done
 *
 * A decision about a cancel makes another job of the one that is held. What runs is
 * told so as if it were lost, but then the job goes on as what it has become.
 *
 * Memory: none. Errors: none. Threads: as each says; job_become and job_rest are the
 * job's own thread's.
 */
#ifndef KONTOR_CLIENT_JOB_HOLD_H
#define KONTOR_CLIENT_JOB_HOLD_H

#include "client/job.h"

/* Nothing but a late completion may be said about it from now on. The agent's mutex is
 * held. */
void job_lose(struct kontor_job *job);
/* Whether it is lost; sees for itself whether the lease is over. */
bool job_is_lost(struct kontor_job *job);
/* Waits until a time of the lease clock, or the loss. */
void job_wait(struct kontor_job *job, int64_t until_ms);

/* What the broker says the job is now. Where a cancel was decided that is another one,
 * and what runs is told to stop. The agent's mutex is held. */
void job_hear(struct kontor_job *job, Kontor__V1__JobKind kind);
/* Whether what runs is to stop: the job is lost, or has become another. */
bool job_is_stopped(struct kontor_job *job);
/* Waits until a time of the lease clock. false: the job is lost, which is told, or has
 * become another. */
bool job_rest(struct kontor_job *job, int64_t until_ms);
/* Goes on as what it has become. false: it has not, or it is lost. */
bool job_become(struct kontor_job *job);
/* The job is over: it becomes nothing any more, and no question about it is begun. */
void job_end(struct kontor_job *job);

/*
 * Takes the turn to say how the work ended, behind an answer to a cancel that is just
 * being said: a completion of the work behind an accepted cancel would pass for that of
 * its undoing. false: it has become another job, so there is nothing to say of it.
 */
bool job_speak(struct kontor_job *job);
/* Gives the turn back; is_over: there is nothing left to do or to decide. */
void job_hush(struct kontor_job *job, bool is_over);

#endif
