/* Changes of certifications and types of services as GOCDB answers them. Source of
 * names and order: GOCDB, get_cert_status_changes, get_service_types. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/export/gocdb_out.h"

/* ---- Changes ---- */

/* Newest first, as GOCDB has them; what comes back has its time in seconds. */
static const char *
order_of(struct gocdb_out *out, const Kontor__V1__CertificationChange *change)
{
    int64_t seconds = change->changed_at == NULL ? 0 : change->changed_at->seconds;
    return arena_print(out->arena, "%020llu %s %s",
                       (unsigned long long)INT64_MAX - (unsigned long long)seconds,
                       change->site, change->id);
}

/*
 * A site that was taken over, status and all, begins with a note of ours: GOCDB knows
 * changes only, and whoever imports the site makes the note anew.
 */
void
gocdb_find_changes(struct gocdb_out *out, struct gocdb_rows *rows)
{
    for (size_t i = 0; i < out->world->n_changes; i++) {
        const Kontor__V1__CertificationChange *change = out->world->changes[i];
        if (gocdb_is_own(out->world, change->id) &&
            change->from != KONTOR__V1__CERTIFICATION__CERTIFICATION_UNSPECIFIED) {
            gocdb_row_add(out, rows, order_of(out, change), change);
        }
    }
}

/* "03-SEP-2013 10.00.11", in no locale. */
static const char *
time_text(struct gocdb_out *out, const Google__Protobuf__Timestamp *time)
{
    static const char *const months[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                         "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
    struct tm parts;
    time_t at = time == NULL ? 0 : (time_t)time->seconds;
    if (time == NULL || gmtime_r(&at, &parts) == NULL) {
        return "";
    }
    return arena_print(out->arena, "%s-%s-%s", gocdb_time(out, time, "%d"),
                       months[parts.tm_mon], gocdb_time(out, time, "%Y %H.%M.%S"));
}

void
gocdb_write_change(struct gocdb_out *out, const struct gocdb_row *row)
{
    const Kontor__V1__CertificationChange *change = row->record;
    gocdb_begin(out, "result");
    gocdb_attribute(out, "ID", gocdb_key_of(out, change->source, change->id));
    gocdb_text(out, "TIME", time_text(out, change->changed_at));
    gocdb_text(out, "UNIX_TIME", gocdb_seconds(out, change->changed_at));
    gocdb_text(out, "SITE", gocdb_site_name(out, change->site));
    gocdb_text(out, "OLD_STATUS", gocdb_certification_text(change->from));
    gocdb_text(out, "NEW_STATUS", gocdb_certification_text(change->to));
    gocdb_text(out, "CHANGED_BY", change->changed_by);
    gocdb_text(out, "COMMENT", change->reason);
    gocdb_end(out);
}

/* ---- Types ---- */

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const Kontor__V1__Term *
term_of(struct gocdb_out *out, const char *type)
{
    Kontor__V1__Term *term = arena_alloc(out->arena, sizeof(*term));
    kontor__v1__term__init(term);
    term->id = (char *)(uintptr_t)type;
    return term;
}

/* Without a vocabulary of them, those there are. */
static void
find_used_types(struct gocdb_out *out, struct gocdb_rows *rows)
{
    const struct gocdb_world *world = out->world;
    const char **types =
        arena_alloc(out->arena, (world->n_endpoints + 1) * sizeof(*types));
    size_t n = 0;
    for (size_t i = 0; i < world->n_endpoints; i++) {
        if (gocdb_is_own(world, world->endpoints[i]->id)) {
            types[n++] = world->endpoints[i]->type;
        }
    }
    qsort(types, n, sizeof(*types), compare_texts);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(types[i - 1], types[i]) != 0) {
            gocdb_row_add(out, rows, "", term_of(out, types[i]));
        }
    }
}

/* In the order of the vocabulary. */
void
gocdb_find_types(struct gocdb_out *out, struct gocdb_rows *rows)
{
    const Kontor__V1__Vocabulary *types = out->world->types;
    for (size_t i = 0; types != NULL && i < types->n_terms; i++) {
        gocdb_row_add(out, rows, "", types->terms[i]);
    }
    if (types == NULL) {
        find_used_types(out, rows);
    }
}

/* Numbers of its own GOCDB keeps beside a term; others are counted. */
void
gocdb_write_type(struct gocdb_out *out, const struct gocdb_row *row)
{
    const Kontor__V1__Term *term = row->record;
    const char *id = gocdb_kept(term->extras, term->n_extras, "TYPE_ID");
    const char *key = gocdb_kept(term->extras, term->n_extras, "PRIMARY_KEY");
    gocdb_begin(out, "SERVICE_TYPE");
    gocdb_attribute(out, "TYPE_ID",
                    id[0] != '\0' ? id : arena_print(out->arena, "%zu", row->at + 1));
    gocdb_attribute(out, "PRIMARY_KEY",
                    key[0] != '\0' ? key
                                   : arena_print(out->arena, "%zuG0", row->at + 1));
    gocdb_text(out, "SERVICE_TYPE_NAME", term->id);
    gocdb_text(out, "SERVICE_TYPE_DESC", term->description);
    gocdb_end(out);
}
