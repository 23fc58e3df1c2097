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

/* How many services a finding proposes. */
enum { PROPOSALS = 3 };

static bool
is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789.")] == '\0';
}

/* ---- Looking up ---- */

/* Entries in an order of their own: by what is left of their ids, or by their names. */
struct order {
    const struct einfracentral_entry **rows;
    size_t n;
    size_t at; /* Offset of the text they are ordered by. */
};

static const char *
text_at(const struct einfracentral_entry *entry, size_t at)
{
    const char *text;
    memcpy(&text, (const char *)entry + at, sizeof text);
    return text;
}

/* Entries of one text stay in the order of the files. */
static int
by_text(const struct einfracentral_entry *a, const struct einfracentral_entry *b,
        size_t at)
{
    int order = strcmp(text_at(a, at), text_at(b, at));
    return order != 0 ? order : (a > b) - (a < b);
}

static int
by_stripped(const void *a, const void *b)
{
    return by_text(*(const struct einfracentral_entry *const *)a,
                   *(const struct einfracentral_entry *const *)b,
                   offsetof(struct einfracentral_entry, stripped));
}

static int
by_folded(const void *a, const void *b)
{
    return by_text(*(const struct einfracentral_entry *const *)a,
                   *(const struct einfracentral_entry *const *)b,
                   offsetof(struct einfracentral_entry, folded));
}

static struct order
ordered(const struct einfracentral_entries *entries, struct arena *arena, size_t at)
{
    bool is_stripped = at == offsetof(struct einfracentral_entry, stripped);
    struct order order = {.n = entries->n, .at = at};
    order.rows = arena_alloc(arena, (entries->n + 1) * sizeof *order.rows);
    for (size_t i = 0; i < entries->n; i++) {
        order.rows[i] = &entries->rows[i];
    }
    qsort(order.rows, order.n, sizeof *order.rows,
          is_stripped ? by_stripped : by_folded);
    return order;
}

/* The first row whose text is not before this one. */
static size_t
first_of(const struct order *order, const char *text)
{
    size_t low = 0;
    size_t high = order->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool is_before = strcmp(text_at(order->rows[middle], order->at), text) < 0;
        low = is_before ? middle + 1 : low;
        high = is_before ? high : middle;
    }
    return low;
}

static bool
is_at(const struct order *order, size_t i, const char *text)
{
    return i < order->n && strcmp(text_at(order->rows[i], order->at), text) == 0;
}

/* ---- Ids ---- */

/* Two ids that differ in zeros only may be two services, or one that was mistyped. */
static void
note_alike(const struct order *by_key)
{
    for (size_t i = 1; i < by_key->n; i++) {
        const struct einfracentral_entry *entry = by_key->rows[i];
        const struct einfracentral_entry *other = by_key->rows[i - 1];
        if (strcmp(other->stripped, entry->stripped) == 0) {
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

/* What all relations are looked up in. */
struct lookup {
    struct order by_key;
    struct order by_name;
    struct arena *arena;
};

/* Ids that differ from this in zeros only, with the names of their services; the first
 * few, since all of thousands propose nothing. */
static const char *
alike_of(const struct lookup *lookup, const char *text)
{
    const char *all = "";
    const char *rest = without_zeros(lookup->arena, text);
    size_t first = first_of(&lookup->by_key, rest);
    for (size_t i = first; i < first + PROPOSALS && is_at(&lookup->by_key, i, rest);
         i++) {
        const struct einfracentral_entry *row = lookup->by_key.rows[i];
        all = arena_print(lookup->arena, "%s%s\"%s\" (%s)", all,
                          all[0] == '\0' ? "" : " or ", row->key, row->service->name);
    }
    return all;
}

static void
note_number(const struct lookup *lookup, const struct einfracentral_entry *entry,
            const char *text)
{
    const char *alike = alike_of(lookup, text);
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
note_name(const struct lookup *lookup, const struct einfracentral_entry *entry,
          const char *text)
{
    const char *folded = text_fold(text, lookup->arena);
    size_t first = first_of(&lookup->by_name, folded);
    if (is_at(&lookup->by_name, first, folded)) {
        source_finding(entry->source, entry->place,
                       "a relation is a name, \"%s\": proposed is the id \"%s\"; not "
                       "related",
                       text, lookup->by_name.rows[first]->key);
        return;
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
relate(const struct lookup *lookup, const struct einfracentral_entry *entry,
       const struct relation *relation)
{
    for (size_t i = 0; i < relation->n_texts; i++) {
        const char *text = relation->texts[i];
        const Kontor__V1__Service *other =
            records_service(entry->source, source_id(entry->source, text));
        if (other != NULL) {
            source_append(lookup->arena, relation->ids, relation->n_ids, other->id);
        } else if (is_number(text)) {
            note_number(lookup, entry, text);
        } else {
            note_name(lookup, entry, text);
        }
    }
}

static void
relate_entry(const struct lookup *lookup, const struct einfracentral_entry *entry)
{
    Kontor__V1__Service *service = entry->service;
    relate(lookup, entry,
           &(struct relation){entry->related, entry->n_related,
                              &service->related_services,
                              &service->n_related_services});
    relate(lookup, entry,
           &(struct relation){entry->required, entry->n_required,
                              &service->required_services,
                              &service->n_required_services});
}

void
einfracentral_relate(struct einfracentral_entries *entries, struct arena *arena)
{
    for (size_t i = 0; i < entries->n; i++) {
        struct einfracentral_entry *entry = &entries->rows[i];
        entry->stripped = without_zeros(arena, entry->key);
        entry->folded = text_fold(entry->service->name, arena);
    }
    struct lookup lookup = {
        .by_key =
            ordered(entries, arena, offsetof(struct einfracentral_entry, stripped)),
        .by_name =
            ordered(entries, arena, offsetof(struct einfracentral_entry, folded)),
        .arena = arena,
    };
    note_alike(&lookup.by_key);
    for (size_t i = 0; i < entries->n; i++) {
        compare_with_file(&entries->rows[i], arena);
        relate_entry(&lookup, &entries->rows[i]);
    }
}
