/*
 * Importers: records of Kontor out of the files of other systems, ready for
 * CatalogueService.Import and ConfigurationService.Import.
 *
 * Memory: everything in a set lives in the caller's arena. Errors: a file that cannot
 * be read as a whole is refused with faults whose paths begin with the file's name and
 * go on with the place in it; what is merely odd is a finding, and nothing is dropped
 * without one. Threads: any; an arena belongs to one call.
 */
#ifndef KONTOR_TOOLS_IMPORT_IMPORT_H
#define KONTOR_TOOLS_IMPORT_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <google/protobuf/field_mask.pb-c.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "kontor/v1/configuration.pb-c.h"
#include "proto/arena.h"
#include "proto/faults.h"

/* The largest file that is read whole, in bytes; what is streamed may be larger. */
enum { IMPORT_FILE_BYTES = 64 * 1024 * 1024 };

/* How many values or elements such a file may have at most: each takes some hundred
 * bytes in memory, however short it is in the file. */
enum { IMPORT_FILE_PARTS = 1 << 20 };

/* Something odd in a file that is no reason to refuse it. */
struct import_finding {
    const char *place; /* "catalogue.json:services[3].offers[0]" or "Sites.xml:17". */
    const char *text;  /* What is odd, and what was made of it. */
};

/*
 * What was read. References come before what refers to them: vocabularies and providers
 * before services, sites before endpoints before downtimes. A mask names the fields the
 * source owns; an import replaces only these in a record that is there already, while a
 * new record takes every field given. A mask is NULL when the files hold no record of
 * the kind.
 */
struct import_set {
    Kontor__V1__Vocabulary **vocabularies;
    size_t n_vocabularies;
    Kontor__V1__Provider **providers;
    size_t n_providers;
    Kontor__V1__Service **services;
    size_t n_services;
    Kontor__V1__Bundle **bundles;
    size_t n_bundles;
    Kontor__V1__OperatorGroup **operator_groups;
    size_t n_operator_groups;
    Kontor__V1__Site **sites;
    size_t n_sites;
    Kontor__V1__CertificationChange **certification_changes;
    size_t n_certification_changes;
    Kontor__V1__Endpoint **endpoints;
    size_t n_endpoints;
    Kontor__V1__Group **groups;
    size_t n_groups;
    Kontor__V1__Downtime **downtimes;
    size_t n_downtimes;
    Google__Protobuf__FieldMask *vocabulary_fields;
    Google__Protobuf__FieldMask *provider_fields;
    Google__Protobuf__FieldMask *service_fields;
    Google__Protobuf__FieldMask *bundle_fields;
    Google__Protobuf__FieldMask *operator_group_fields;
    Google__Protobuf__FieldMask *site_fields;
    Google__Protobuf__FieldMask *certification_change_fields;
    Google__Protobuf__FieldMask *endpoint_fields;
    Google__Protobuf__FieldMask *group_fields;
    Google__Protobuf__FieldMask *downtime_fields;
    struct import_finding *findings;
    size_t n_findings;
};

/*
 * Reads files of one format. registry is the caller's own, in which all ids begin.
 * false: faults say which file, where, and why; out is then not to be used.
 */
typedef bool (*import_read)(const char *const *paths, size_t n_paths,
                            const char *registry, struct arena *arena,
                            struct import_set *out, struct faults *faults);

struct import_stream;

/* A format is either read whole or streamed; walk.h reads both alike. */
struct importer {
    const char *format; /* As given to --format. */
    const char *noun;   /* "catalogue", "config", or "both": the import commands it is
                           offered under. */
    import_read read;
    const struct import_stream *stream;
    /* Takes people out of a set that was read whole; NULL: nothing to take out, or it
     * is the user's own. */
    void (*redact)(struct import_set *set, struct arena *arena);
    /* Puts into a vocabulary that was read what others said of its terms in the one
     * that is there; NULL: the format says all there is. */
    void (*keep)(Kontor__V1__Vocabulary *read, const Kontor__V1__Vocabulary *there,
                 struct arena *arena);
};

/* Whether a field of a record is written by the broker alone: no source owns it, and no
 * other system could keep it. */
bool import_is_brokers(const char *field);

/* All importers, ended by a NULL format. */
extern const struct importer importers[];

/* The importer of a format, or NULL. */
const struct importer *importer_find(const char *format);

#endif
