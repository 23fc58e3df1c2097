/*
 * Audits of services and providers: what they came to, what a change makes of that, and
 * samples that can be drawn again.
 *
 * Memory: the call's arena. Errors: as call.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_AUDIT_H
#define KONTOR_SERVER_CATALOGUE_AUDIT_H

#include "kontor/v1/catalogue.pb-c.h"
#include "server/rpc/call.h"

/* Replaces the audit of a record that is not as it was before, when it was found
 * wanting: whoever mends it has it looked at again. */
void audit_note_change(struct call *call, const void *before,
                       const ProtobufCMessage *record, Kontor__V1__Audit **audit);

enum status audit_decide(struct call *call, const void *request,
                         struct decision *decision);
enum status audit_answer(struct call *call, const void *request,
                         const Kontor__V1__Commit *commit, void **reply);
enum status audit_sample(struct call *call, const void *request,
                         struct decision *decision);

#endif
