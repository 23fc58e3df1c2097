/*
 * Records of a set while it is filled: found by their ids, and added.
 *
 * Memory: the source's arena. Errors: NULL where there is none. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_RECORDS_H
#define KONTOR_TOOLS_IMPORT_RECORDS_H

#include "tools/import/id_map.h"
#include "tools/import/source.h"

/* What was read so far of all files of an import. */
struct records_index {
    struct id_map providers;
    struct id_map services;
    struct id_map sites;
    struct id_map endpoints;
    struct id_map named_endpoints; /* By host and type; no record: several of them. */
    struct id_map downtimes;
};

/* An index for the sources of one import. */
struct records_index *records_index_new(struct arena *arena);

/* The provider of this name, made with its name as its key where there is none. */
Kontor__V1__Provider *records_provider(const struct source *source, const char *name);
/* The same where the source has a key beside the name. */
Kontor__V1__Provider *records_provider_keyed(const struct source *source,
                                             const char *key, const char *name);
/* A new provider named after the file, for a service that names none. */
Kontor__V1__Provider *records_provider_of_file(const struct source *source);
/* The service of an id, or NULL. */
Kontor__V1__Service *records_service(const struct source *source, const char *id);
/* A new service; NULL, and a fault: the key is taken. */
Kontor__V1__Service *records_add_service(const struct source *source, const char *key,
                                         const char *place);
/* The file's name without its folders and its last ending. */
char *records_file_name(const struct source *source);

#endif
