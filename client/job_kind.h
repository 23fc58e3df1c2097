/*
 * The kinds of work: which callback does each, and what each is like.
 *
 * Memory: static. Errors: none. Threads: any; the options of a running agent do not
 * change.
 */
#ifndef KONTOR_CLIENT_JOB_KIND_H
#define KONTOR_CLIENT_JOB_KIND_H

#include "client/job.h"

struct job_kind {
    Kontor__V1__JobKind kind;
    size_t callback; /* Where it is among the options. */
    bool has_begin;  /* It begins unless it has begun. */
    bool is_bare;    /* It delivers nothing. */
};

enum { JOB_MAX_KINDS = 8 };
/* The kinds of jobs an agent with these callbacks takes. Answers how many. */
size_t job_kind_list(const struct kontor_agent_options *options,
                     Kontor__V1__JobKind kinds[JOB_MAX_KINDS]);

/* That of a claimed job; NULL: one of a newer broker, or one without a callback. */
const struct job_kind *job_kind_of(const struct kontor_job *job);
/* NULL: the host gave none. */
kontor_job_fn job_kind_callback(const struct kontor_agent_options *options,
                                const struct job_kind *kind);

#endif
