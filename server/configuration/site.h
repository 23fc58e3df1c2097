/*
 * Sites: places where endpoints run.
 *
 * Memory: constant; the call's arena. Errors: as record.h, and
 * ALREADY_EXISTS{NAME_TAKEN}. Threads: the call's.
 */
#ifndef KONTOR_SERVER_CONFIGURATION_SITE_H
#define KONTOR_SERVER_CONFIGURATION_SITE_H

#include "server/rpc/record.h"

extern const struct record site_record;
/* As it is imported: a new site may bring its certification. */
extern const struct record site_import_record;
/* Finds out whether an imported site that is there already has another certification
 * here. */
void site_find(struct call *call, const void *record);

/* The scope of all that is declared in a registry: its owner's, and everybody reads.
 * Sites, endpoints, downtimes. */
void site_scope(struct call *call, const char *id, char ***scope, size_t *n_scope);
/* Fails with PERMISSION_DENIED{NOT_OWNER} unless the caller has the string of the
 * registry an id lies in. */
enum status site_must_own(struct call *call, const char *id) MUST_CHECK;
/* The site of a registry that is called so, as of a position (0 = now); *id NULL: there
 * is none. Nothing is checked at commit. */
enum status site_named(struct call *call, const char *registry, const char *name,
                       int64_t as_of, const char **id) MUST_CHECK;
/* A site of a registry that names an operator group; *site NULL: none does. Nothing is
 * checked at commit. */
enum status site_of_operator_group(struct call *call, const char *group,
                                   const char *name, const char **site) MUST_CHECK;
/*
 * The short name a site had at a position (0 = now), "" where the caller sees none. A
 * decision does not rest on it, so nothing is checked at commit.
 */
const char *site_short_name(struct call *call, const char *id, int64_t as_of);

#endif
