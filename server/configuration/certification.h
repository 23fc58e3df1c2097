/*
 * Certification of sites: the moves, who may make them, and the history of them.
 *
 * Memory: constant; the call's arena. Errors: as record.h, and
 * PERMISSION_DENIED{RUNS_SITE}. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_CERTIFICATION_H
#define KONTOR_SERVER_CONFIGURATION_CERTIFICATION_H

#include "server/rpc/record.h"

/* What a change of certification is. Source: the CONFIGURATION design. */
enum certification_move {
    CERTIFICATION_REFUSED,  /* Nobody may. */
    CERTIFICATION_OVERRIDE, /* With a reason, which is noted for good. */
    CERTIFICATION_LISTED,   /* A certifier may. */
};

/* Values the contract does not know are refused. */
enum certification_move certification_move(Kontor__V1__Certification from,
                                           Kontor__V1__Certification to);

/* "CERTIFIED"; of a value the contract does not know, words that say so. */
const char *certification_name(Kontor__V1__Certification status);

/* Judges MoveCertification and writes the site and the change. */
enum status certification_decide(struct call *call, const void *request,
                                 struct decision *decision);
enum status certification_answer(struct call *call, const void *request,
                                 const Kontor__V1__Commit *commit, void **reply);

/*
 * The certification of a site that is being created: CANDIDATE, but where an admin
 * imports it what the source says, with the change that says so.
 */
enum status certification_begin(struct call *call, Kontor__V1__Site *site,
                                struct decision *decision) MUST_CHECK;

/* Changes, as they are listed and imported. */
extern const struct record certification_change_record;

#endif
