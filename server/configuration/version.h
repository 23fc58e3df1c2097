/*
 * Versions: what runs where, as monitors report it over time.
 *
 * Memory: constant; the call's arena. Errors: one report's become its result. Threads:
 * the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_VERSION_H
#define KONTOR_SERVER_CONFIGURATION_VERSION_H

#include "kontor/v1/catalogue.pb-c.h"
#include "kontor/v1/configuration.pb-c.h"
#include "kontor/v1/configuration_service.pb-c.h"
#include "server/rpc/table.h"

enum { VERSION_SPANS = 64 /* That are kept of what was seen. */ };

/* ReportVersions. */
extern const struct row_batch version_batch;

/* ListVersions. */
enum status version_list(struct call *call, const void *request,
                         struct decision *decision);

/* What runs at an endpoint as of a position (0 = now); of very many the first. */
enum status version_at_endpoint(struct call *call, const char *endpoint, int64_t as_of,
                                Kontor__V1__SeenVersion ***rows,
                                size_t *n_rows) MUST_CHECK;
/* Whether it is what was seen there last. */
bool version_runs(const Kontor__V1__Version *version,
                  const Kontor__V1__RunningVersion *wanted);

/* The types a registry knows, NULL where it says nothing of them; and the one that a
 * source calls so, by the extras of the terms, or NULL. */
const Kontor__V1__Vocabulary *version_types(struct call *call, const char *registry);
const char *version_type_of(const Kontor__V1__Vocabulary *types, const char *source,
                            const char *alias);
/* What an endpoint declares for a component of a type; "" = nothing. */
const char *version_declared(struct call *call, const Kontor__V1__Endpoint *endpoint,
                             const char *type, const char *component);

/* What a sighting is beside what is known. */
enum version_sighting {
    VERSION_KNOWN,    /* It says nothing new. */
    VERSION_NEW,      /* It was put in. */
    VERSION_DISPUTED, /* Another version was seen at that time; nothing is changed. */
};

/*
 * Puts a sighting into the spans, which are in order and do not overlap: it lengthens a
 * neighbour of the same version, or becomes a span of its own. The oldest go.
 */
enum version_sighting version_see(struct arena *arena, Kontor__V1__Version *version,
                                  const char *seen, int64_t at_ms);

#endif
