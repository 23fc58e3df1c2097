/*
 * Providers: organisations that provide services.
 *
 * Memory: constant; the call's arena. Errors: as record.h. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CATALOGUE_PROVIDER_H
#define KONTOR_SERVER_CATALOGUE_PROVIDER_H

#include "server/rpc/record.h"

extern const struct record provider_record;

/*
 * Whether the caller owns a provider: it has the string of the provider's registry or
 * of the provider itself. Else fails the call with PERMISSION_DENIED{NOT_OWNER}.
 */
enum status provider_must_own(struct call *call, const char *provider) MUST_CHECK;

/* A provider whoever asks; *out becomes NULL where there is none, which is no failure.
 */
enum status provider_read(struct call *call, const char *id, struct document *document,
                          Kontor__V1__Provider **out) MUST_CHECK;
/* Whether a provider may have one more service or bundle; NULL = an earlier record of
 * the batch. Else fails with FAILED_PRECONDITION{PROVIDER_CLOSED}. */
enum status provider_must_be_open(struct call *call,
                                  const Kontor__V1__Provider *provider) MUST_CHECK;

#endif
