/*
 * Import of eInfraCentral's service profiles of 2017: XML filled in by hand, one
 * service a file or several in one.
 *
 * Memory: the source's arena. Errors: faults and findings with file and line. Threads:
 * any.
 */
#ifndef KONTOR_TOOLS_IMPORT_EINFRACENTRAL_H
#define KONTOR_TOOLS_IMPORT_EINFRACENTRAL_H

#include "tools/import/xml_fields.h"

/* One service while the files are read; relations are resolved when all are there. */
struct einfracentral_entry {
    const struct source *source;
    Kontor__V1__Service *service;
    xmlNode *node; /* Only while its file is open. */
    const char *key;
    const char *place;
    const char *stripped; /* The key without its zeros. */
    const char *folded;   /* The name as search compares names. */
    char **related;       /* As written, one an element. */
    size_t n_related;
    char **required;
    size_t n_required;
};

struct einfracentral_entries {
    struct einfracentral_entry *rows;
    size_t n;
};

bool einfracentral_read(const char *const *paths, size_t n_paths, const char *registry,
                        struct arena *arena, struct import_set *out,
                        struct faults *faults);

/* Ids and relations of all files together, in einfracentral_relation.c. */
void einfracentral_relate(struct einfracentral_entries *entries, struct arena *arena);

/* Readers of what people wrote, in einfracentral_text.c. */
void einfracentral_text(const struct source *source, xmlNode *node,
                        const struct xml_field *field, void *message);
/* The first URL of a text or of its elements. */
void einfracentral_url(const struct source *source, xmlNode *node,
                       const struct xml_field *field, void *message);
/* A list of elements, or one text parted by semicolons. */
void einfracentral_list(const struct source *source, xmlNode *node,
                        const struct xml_field *field, void *message);
/* The texts of such a list. */
void einfracentral_texts(const struct source *source, xmlNode *node, char ***texts,
                         size_t *n);
/* Without white space around and invisible characters within, which are a finding. */
char *einfracentral_plain(const struct source *source, xmlNode *node, const char *text);
/* Without white space around. */
char *einfracentral_trimmed(struct arena *arena, const char *text);

#endif
