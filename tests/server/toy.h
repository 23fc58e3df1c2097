/*
 * A small service over real messages and kinds, for tests of the frame alone: providers
 * that are made, read, taken and waited for. Its paths begin with /kontor.test.Toy/.
 *
 * Memory: constant. Errors: as call.h. Threads: any.
 */
#ifndef KONTOR_TESTS_SERVER_TOY_H
#define KONTOR_TESTS_SERVER_TOY_H

#include <stdatomic.h>

#include "server/rpc/table.h"

/*
 * Put       CreateProviderRequest -> Provider   writes the provider, whatever stood
 * there Get       GetProviderRequest -> Provider      raw bytes of the document Take
 * GetProviderRequest -> Provider      deletes the provider; waits until there is one
 * Expect    UpdateProviderRequest -> Provider   writes when expected_revision holds
 * Soft      GetProviderRequest -> Provider      writes a number outside the log only
 * Import    CatalogueImportRequest -> CatalogueImportResponse   a batch
 * Stale     CreateProviderRequest -> Provider   never holds
 * Broken    GetProviderRequest -> Provider      fails inside
 * Watch     WatchRequest -> stream WatchResponse    providers and services
 * ReadLog   ReadLogRequest -> stream ReadLogResponse
 *
 * A provider that is put carries its tags as its scope strings; without tags
 * "=r:<registry>".
 */
extern const struct service_rows *const toy_services[];

/* What Import does at a record of the name "late"; NULL = nothing. */
typedef void toy_late_fn(void);
extern toy_late_fn *_Atomic toy_late;

/* How often Take came to a decision. */
extern atomic_int toy_takes;

#endif
