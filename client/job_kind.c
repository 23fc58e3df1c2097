#include "client/job_kind.h"

#include <stddef.h>
#include <string.h>

static const struct job_kind job_kinds[] = {
    {KONTOR__V1__JOB_KIND__PROVISION, offsetof(struct kontor_agent_options, provision),
     true, false},
    {KONTOR__V1__JOB_KIND__MODIFY, offsetof(struct kontor_agent_options, modify), true,
     false},
    {KONTOR__V1__JOB_KIND__RENEW, offsetof(struct kontor_agent_options, modify), true,
     false},
    {KONTOR__V1__JOB_KIND__TERMINATE, offsetof(struct kontor_agent_options, remove),
     true, true},
    {KONTOR__V1__JOB_KIND__ROLLBACK, offsetof(struct kontor_agent_options, remove),
     false, true},
    {KONTOR__V1__JOB_KIND__CLEANUP, offsetof(struct kontor_agent_options, remove),
     false, true},
    {KONTOR__V1__JOB_KIND__EVALUATE, offsetof(struct kontor_agent_options, evaluate),
     false, true},
    {KONTOR__V1__JOB_KIND__ASSESS_CANCEL, offsetof(struct kontor_agent_options, assess),
     false, true},
};
_Static_assert(sizeof job_kinds / sizeof job_kinds[0] <= JOB_MAX_KINDS,
               "a claim has room for every kind");

kontor_job_fn
job_kind_callback(const struct kontor_agent_options *options,
                  const struct job_kind *kind)
{
    kontor_job_fn callback;
    memcpy(&callback, (const char *)options + kind->callback, sizeof callback);
    return callback;
}

size_t
job_kind_list(const struct kontor_agent_options *options,
              Kontor__V1__JobKind kinds[JOB_MAX_KINDS])
{
    size_t n = 0;
    for (size_t i = 0; i < sizeof job_kinds / sizeof job_kinds[0]; i++) {
        if (job_kind_callback(options, &job_kinds[i]) != NULL) {
            kinds[n++] = job_kinds[i].kind;
        }
    }
    return n;
}

const struct job_kind *
job_kind_of(const struct kontor_job *job)
{
    /* A change that is undone leaves its object where it was: there is nothing of that
     * name to remove. */
    bool is_change = job->claimed->action > KONTOR__V1__ITEM_ACTION__ADD;
    if (is_change && job->claimed->kind == KONTOR__V1__JOB_KIND__ROLLBACK) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof job_kinds / sizeof job_kinds[0]; i++) {
        const struct job_kind *kind = &job_kinds[i];
        if (kind->kind == job->claimed->kind) {
            return job_kind_callback(&job->agent->options, kind) == NULL ? NULL : kind;
        }
    }
    return NULL;
}
