/*
 * Ids and relations of eInfraCentral. Ids are numbers such as 3.20 that went through a
 * spreadsheet, which takes zeros away; relations are ids or names, as people liked. A
 * relation is made where the id is there as it is written; everything else is a
 * proposal.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"
#include "tools/import/einfracentral.h"
#include "tools/import/records.h"

/* What stays of an id when a spreadsheet takes its zeros: those of 3.02, 3.20, 3.2. */
static char *
without_zeros(struct arena *arena, const char *key)
{
    char *rest = arena_copy(arena, key);
    size_t n = 0;
    for (; *key != '\0'; key++) {
        rest[n] = *key;
        n += *key != '0';
    }
    rest[n] = '\0';
    return rest;
}

static bool
is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789.")] == '\0';
}

static const struct einfracentral_entry *
find(const struct einfracentral_entries *entries, const char *key)
{
    for (size_t i = 0; i < entries->n; i++) {
        if (strcmp(entries->rows[i].key, key) == 0) {
            return &entries->rows[i];
        }
    }
    return NULL;
}

/* ---- Ids ---- */

struct stripped {
    const char *rest;
    size_t at;
};

static int
by_rest(const void *a, const void *b)
{
    const struct stripped *left = a;
    const struct stripped *right = b;
    int order = strcmp(left->rest, right->rest);
    return order != 0 ? order : (left->at > right->at) - (left->at < right->at);
}

/* Two ids that differ in zeros only may be two services, or one that was mistyped. */
static void
note_alike(const struct einfracentral_entries *entries, struct arena *arena)
{
    struct stripped *rows = arena_alloc(arena, (entries->n + 1) * sizeof *rows);
    for (size_t i = 0; i < entries->n; i++) {
        rows[i] = (struct stripped){without_zeros(arena, entries->rows[i].key), i};
    }
    qsort(rows, entries->n, sizeof *rows, by_rest);
    for (size_t i = 1; i < entries->n; i++) {
        if (strcmp(rows[i - 1].rest, rows[i].rest) == 0) {
            const struct einfracentral_entry *entry = &entries->rows[rows[i].at];
            const struct einfracentral_entry *other = &entries->rows[rows[i - 1].at];
            source_finding(entry->source, entry->place,
                           "its id \"%s\" and \"%s\" of \"%s\" differ in zeros only: "
                           "one may have lost or gained one",
                           entry->key, other->key, other->service->name);
        }
    }
}

/* Files were named after their services before a spreadsheet saw the ids. */
static void
compare_with_file(const struct einfracentral_entry *entry, struct arena *arena)
{
    const char *name = records_file_name(entry->source);
    bool is_alike =
        is_number(name) && strcmp(name, entry->key) != 0 &&
        strcmp(without_zeros(arena, name), without_zeros(arena, entry->key)) == 0;
    if (is_alike) {
        source_finding(entry->source, entry->place,
                       "its id is \"%s\" and its file is called \"%s\": proposed is "
                       "the id \"%s\"; taken as written",
                       entry->key, name, name);
    }
}

/* ---- Relations ---- */

/* Ids that differ from this in zeros only, with the names of their services. */
static const char *
alike_of(const struct einfracentral_entries *entries, const char *text,
         struct arena *arena)
{
    const char *all = "";
    const char *rest = without_zeros(arena, text);
    for (size_t i = 0; i < entries->n; i++) {
        const struct einfracentral_entry *row = &entries->rows[i];
        if (strcmp(without_zeros(arena, row->key), rest) == 0) {
            all =
                arena_print(arena, "%s%s\"%s\" (%s)", all, all[0] == '\0' ? "" : " or ",
                            row->key, row->service->name);
        }
    }
    return all;
}

static void
note_number(const struct einfracentral_entries *entries,
            const struct einfracentral_entry *entry, const char *text,
            struct arena *arena)
{
    const char *alike = alike_of(entries, text, arena);
    if (alike[0] == '\0') {
        source_finding(entry->source, entry->place,
                       "no service of these files has the id \"%s\": not related; "
                       "import all files at once",
                       text);
        return;
    }
    source_finding(entry->source, entry->place,
                   "no service has the id \"%s\", which may have lost a zero: proposed "
                   "is %s; not related",
                   text, alike);
}

/* Names are compared as search does, so that accents and case do not matter. */
static void
note_name(const struct einfracentral_entries *entries,
          const struct einfracentral_entry *entry, const char *text,
          struct arena *arena)
{
    const char *folded = text_fold(text, arena);
    for (size_t i = 0; i < entries->n; i++) {
        const struct einfracentral_entry *row = &entries->rows[i];
        if (strcmp(text_fold(row->service->name, arena), folded) == 0) {
            source_finding(entry->source, entry->place,
                           "a relation is a name, \"%s\": proposed is the id \"%s\"; "
                           "not related",
                           text, row->key);
            return;
        }
    }
    source_finding(entry->source, entry->place,
                   "a relation is a text and no service of these files is called that: "
                   "\"%s\"; not related",
                   text);
}

struct relation {
    char *const *texts; /* As written. */
    size_t n_texts;
    char ***ids; /* Where they go. */
    size_t *n_ids;
};

static void
relate(const struct einfracentral_entries *entries,
       const struct einfracentral_entry *entry, const struct relation *relation,
       struct arena *arena)
{
    for (size_t i = 0; i < relation->n_texts; i++) {
        const char *text = relation->texts[i];
        const struct einfracentral_entry *other = find(entries, text);
        if (other != NULL) {
            source_append(arena, relation->ids, relation->n_ids, other->service->id);
        } else if (is_number(text)) {
            note_number(entries, entry, text, arena);
        } else {
            note_name(entries, entry, text, arena);
        }
    }
}

void
einfracentral_relate(const struct einfracentral_entries *entries, struct arena *arena)
{
    note_alike(entries, arena);
    for (size_t i = 0; i < entries->n; i++) {
        const struct einfracentral_entry *entry = &entries->rows[i];
        Kontor__V1__Service *service = entry->service;
        compare_with_file(entry, arena);
        relate(entries, entry,
               &(struct relation){entry->related, entry->n_related,
                                  &service->related_services,
                                  &service->n_related_services},
               arena);
        relate(entries, entry,
               &(struct relation){entry->required, entry->n_required,
                                  &service->required_services,
                                  &service->n_required_services},
               arena);
    }
}
