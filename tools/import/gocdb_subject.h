/*
 * Subjects of certificates as GOCDB has them, "/C=CH/O=Alpine/CN=a.alpine.example":
 * whether they are a host's, and whom they name.
 *
 * Memory: none. Errors: none; what is no subject has no common name. Threads: any.
 */
#ifndef KONTOR_TOOLS_IMPORT_GOCDB_SUBJECT_H
#define KONTOR_TOOLS_IMPORT_GOCDB_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

/* The next common name of a subject from here on, *size bytes of it, and where to look
 * for the one behind it; NULL: there is none. */
const char *gocdb_subject_common_name(const char **at, size_t *size);
/* Bytes of a name in a subject: up to the next part, or one of the bytes that end it.
 */
size_t gocdb_subject_name_size(const char *name, const char *ends);
/* What ends a name in a text. */
#define GOCDB_SUBJECT_ENDS ",;\n\"()<>"
/* Whether all of it is how a host is called: "a.alpine.example", "host/a", the domain
 * of the host that it is told of ("" for none), or that host. Two words with one dot
 * between may be a person's. */
bool gocdb_is_hosts_name(const char *name, size_t size, const char *host);
/* Whether a certificate is a host's: it names one, and nobody. */
bool gocdb_is_hosts_subject(const char *subject, const char *host);

#endif
