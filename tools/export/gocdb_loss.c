/*
 * What GOCDB cannot say of a record: the fields its importer does not own, parts of
 * fields, ids it makes anew, and what is written as something else.
 */
#include <string.h>

#include "proto/field.h"
#include "proto/text.h"
#include "tools/export/gocdb_contact.h"
#include "tools/export/gocdb_query.h"
#include "tools/export/gocdb_reach.h"
#include "tools/import/gocdb.h"

enum { MAX_AFFECTED = 256 }; /* Of a downtime that is imported. */

/* A record, and where its losses go. */
struct losing {
    struct gocdb_out *out;
    struct target *target;
};

/* ---- Fields ---- */

/* Fields that the importer does not own but sets: what they say comes back. */
static const char *const moved[] = {"certification", "classification", "is_override",
                                    "name"};

/* Parts of a field that are written; where a field has no row all of it is. */
static const struct {
    const ProtobufCMessageDescriptor *record;
    const char *field;
    const char *parts[6];
} parts[] = {
    {&kontor__v1__endpoint__descriptor, "contact", {"email"}},
    {&kontor__v1__group__descriptor, "contact", {"email"}},
    {&kontor__v1__site__descriptor, "extensions", {"key", "value"}},
    {&kontor__v1__endpoint__descriptor, "extensions", {"key", "value"}},
    {&kontor__v1__group__descriptor, "extensions", {"key", "value"}},
};

static const char *const *
parts_of(const ProtobufCMessageDescriptor *record, const char *field)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].record == record && strcmp(parts[i].field, field) == 0) {
            return parts[i].parts;
        }
    }
    return NULL;
}

static void
lose_parts(struct target *target, const ProtobufCMessage *message,
           const ProtobufCFieldDescriptor *field, const char *const *said)
{
    for (size_t i = 0; i < field_count(message, field); i++) {
        const ProtobufCMessage *part = field_message(field_at(message, field, i));
        for (unsigned j = 0; j < part->descriptor->n_fields; j++) {
            const ProtobufCFieldDescriptor *below = &part->descriptor->fields[j];
            if (field_count(part, below) > 0 && !gocdb_is_among(said, 6, below->name)) {
                target_lose(target, arena_print(target->arena, "%s.%s", field->name,
                                                below->name));
            }
        }
    }
}

static void lose_values(struct target *target, const char *path,
                        const ProtobufCMessage *message);

/* Texts with characters that XML has not, and times finer than a second, however deep
 * they stand. */
static void
lose_value(struct target *target, const char *path, const ProtobufCMessage *message,
           const ProtobufCFieldDescriptor *field)
{
    for (size_t i = 0; i < field_count(message, field); i++) {
        const void *element = field_at(message, field, i);
        if (field->type == PROTOBUF_C_TYPE_STRING &&
            !gocdb_is_legal(field_text(element))) {
            target_lose_for(target, path,
                            "has characters XML cannot carry: they become spaces");
        } else if (field->descriptor == &google__protobuf__timestamp__descriptor) {
            const Google__Protobuf__Timestamp *time =
                (const Google__Protobuf__Timestamp *)field_message(element);
            if (time->nanos != 0) {
                target_lose_for(target, path, "is told to the second");
            }
        } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            lose_values(target, arena_print(target->arena, "%s.", path),
                        field_message(element));
        }
    }
}

static void
lose_values(struct target *target, const char *path, const ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        lose_value(target, arena_print(target->arena, "%s%s", path, field->name),
                   message, field);
    }
}

static void
lose_field(struct target *target, const ProtobufCMessage *record,
           const ProtobufCFieldDescriptor *field,
           const Google__Protobuf__FieldMask *mask)
{
    const char *const *said = parts_of(record->descriptor, field->name);
    if (!gocdb_is_among((const char *const *)mask->paths, mask->n_paths, field->name) &&
        !gocdb_is_among(moved, sizeof moved / sizeof moved[0], field->name)) {
        target_lose(target, field->name);
        return;
    }
    if (said != NULL) {
        lose_parts(target, record, field, said);
    }
    lose_value(target, field->name, record, field);
}

/* Comes last: what was told before was told better. */
static void
lose_fields(struct target *target, const ProtobufCMessage *record,
            const Google__Protobuf__FieldMask *mask)
{
    for (unsigned i = 0; i < record->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &record->descriptor->fields[i];
        if (field_count(record, field) > 0 && !import_is_brokers(field->name)) {
            lose_field(target, record, field, mask);
        }
    }
}

/* What has an element of its own is there when it says something, and "no" is what a
 * record without it says. */
static void
lose_kept(struct target *target, Kontor__V1__KeyValue *const *rows, size_t n,
          const char *const *kept)
{
    for (size_t i = 0; i < n; i++) {
        const char *key = rows[i]->key, *value = rows[i]->value;
        const char *path = arena_print(target->arena, "extensions[%zu]", i);
        bool is_no = strcmp(key, "NOTIFICATIONS") == 0 &&
                     (strcmp(value, "N") == 0 || strcmp(value, "FALSE") == 0);
        if (gocdb_is_among(kept, SIZE_MAX, key) && (value[0] == '\0' || is_no)) {
            target_lose_for(target, path,
                            "%s is \"%s\": it comes back as if it were not there", key,
                            value);
        }
    }
}

/* ---- Ids ---- */

/* An import makes the id of what the document says: of a key, or of a site's name. */
static void
lose_id(struct losing *losing, const char *id, const char *key)
{
    struct arena *arena = losing->target->arena;
    const char *back = arena_print(arena, "%s/%s", losing->out->world->registry,
                                   text_escaped_id(key, arena));
    if (strcmp(back, id) != 0) {
        target_lose_for(losing->target, "id", "comes back as %s", back);
    }
}

static void
lose_source(struct target *target, const Kontor__V1__Source *source)
{
    if (source != NULL && strcmp(source->format, "gocdb") != 0) {
        target_lose_for(target, "source", "is %s's: it comes back as GOCDB's",
                        source->format);
    }
}

/* ---- Records ---- */

/* A reference to a site comes back as the site does. */
static void
lose_reference(struct losing *losing, const char *id)
{
    struct arena *arena = losing->target->arena;
    const char *back =
        arena_print(arena, "%s/%s", losing->out->world->registry,
                    text_escaped_id(gocdb_site_name(losing->out, id), arena));
    if (strcmp(back, id) != 0) {
        target_lose_for(losing->target, "site", "comes back as %s", back);
    }
}

static void
lose_ngi(struct losing *losing, const void *record)
{
    const Kontor__V1__OperatorGroup *group = record;
    const struct gocdb_contacts contacts = {group->contacts, group->n_contacts};
    struct target *target = losing->target;
    lose_source(target, group->source);
    lose_id(losing, group->id, gocdb_key_of(losing->out, group->source, group->id));
    lose_kept(target, group->extensions, group->n_extensions, gocdb_ngi_kept);
    for (size_t i = 0; i < group->n_extensions; i++) {
        if (!gocdb_is_among(gocdb_ngi_kept, SIZE_MAX, group->extensions[i]->key)) {
            target_lose(target, arena_print(target->arena, "extensions[%zu]", i));
        }
    }
    gocdb_lose_contacts(target, &contacts, gocdb_ngi_roles);
    lose_fields(target, record, gocdb_ngi_mask(target->arena));
}

static void
lose_site(struct losing *losing, const void *record)
{
    const Kontor__V1__Site *site = record;
    lose_source(losing->target, site->source);
    lose_id(losing, site->id, site->short_name);
    lose_kept(losing->target, site->extensions, site->n_extensions, gocdb_site_kept);
    const struct gocdb_contacts contacts = {site->contacts, site->n_contacts};
    gocdb_lose_contacts(losing->target, &contacts, gocdb_site_roles);
    lose_fields(losing->target, record, gocdb_site_mask(losing->target->arena));
}

static void
lose_endpoint(struct losing *losing, const void *record)
{
    const Kontor__V1__Endpoint *endpoint = record;
    if (gocdb_is_closed(losing->out->world, endpoint)) {
        target_lose_for(losing->target, "id", "is left out: its site is closed");
    }
    lose_source(losing->target, endpoint->source);
    lose_id(losing, endpoint->id,
            gocdb_key_of(losing->out, endpoint->source, endpoint->id));
    lose_reference(losing, endpoint->site);
    lose_kept(losing->target, endpoint->extensions, endpoint->n_extensions,
              gocdb_service_kept);
    lose_fields(losing->target, record, gocdb_endpoint_mask(losing->target->arena));
}

static void
lose_members(struct losing *losing, const Kontor__V1__Group *group)
{
    const struct gocdb_world *world = losing->out->world;
    struct target *target = losing->target;
    for (size_t i = 0; i < group->n_endpoints; i++) {
        const Kontor__V1__Endpoint *endpoint =
            gocdb_endpoint_of(world, group->endpoints[i]);
        if (endpoint == NULL || gocdb_is_closed(world, endpoint)) {
            target_lose_for(target, arena_print(target->arena, "endpoints[%zu]", i),
                            "%s is left out: it is not there, or its site is closed",
                            group->endpoints[i]);
        } else if (!gocdb_is_own(world, endpoint->id)) {
            target_lose_for(target, arena_print(target->arena, "endpoints[%zu]", i),
                            "%s is of another registry: it is found again only where "
                            "that is",
                            group->endpoints[i]);
        }
    }
    if (group->n_sites > 0) {
        target_lose_for(target, "sites", "are written as the services there");
    }
    if (group->n_groups > 0) {
        target_lose_for(target, "groups", "are written as the services in them");
    }
}

static void
lose_group(struct losing *losing, const void *record)
{
    const Kontor__V1__Group *group = record;
    lose_source(losing->target, group->source);
    lose_id(losing, group->id, gocdb_key_of(losing->out, group->source, group->id));
    lose_members(losing, group);
    lose_kept(losing->target, group->extensions, group->n_extensions, gocdb_group_kept);
    lose_fields(losing->target, record, gocdb_group_mask(losing->target->arena));
}

/* What is hit in another way than by its name. */
static void
lose_reach(struct target *target, const Kontor__V1__Downtime *downtime, size_t n_hits)
{
    for (size_t i = 0; i < downtime->n_affected; i++) {
        if (downtime->affected[i]->host[0] == '\0') {
            target_lose_for(target, arena_print(target->arena, "affected[%zu]", i),
                            "is a whole site: written as the services there");
        }
    }
    if (downtime->n_groups > 0) {
        target_lose_for(target, "groups", "are written as the services in them");
    }
    if (n_hits > MAX_AFFECTED) {
        target_lose_for(target, "affected",
                        "are %zu services: an import takes %d of a downtime", n_hits,
                        MAX_AFFECTED);
    }
}

/* GOCDB answers them, too, but not where its readers look for what they are. */
static void
tell_closed(struct losing *losing, const struct gocdb_hits *hits)
{
    struct target *target = losing->target;
    size_t n_closed = 0;
    for (size_t i = 0; i < hits->n; i++) {
        n_closed += gocdb_hit_is_closed(losing->out, &hits->rows[i]);
    }
    if (n_closed > 0) {
        target_lose_for(target, "affected.site",
                        "is closed, of %zu of the services: they are written, but "
                        "get_service leaves them out",
                        n_closed);
    }
}

/* Of all that it hits: what is not asked for may take as long as the downtime does. */
static bool
is_end_behind_all(struct gocdb_out *out, const Kontor__V1__Downtime *downtime)
{
    struct gocdb_hits hits = gocdb_all_hits_of(out, downtime);
    return hits.end_at != NULL && downtime->end_at != NULL &&
           hits.end_at->seconds < downtime->end_at->seconds;
}

static void
lose_downtime(struct losing *losing, const void *record)
{
    const Kontor__V1__Downtime *downtime = record;
    struct target *target = losing->target;
    struct gocdb_hits hits = gocdb_hits_of(losing->out, downtime);
    if (downtime->is_cancelled) {
        target_lose_for(target, "is_cancelled",
                        "is nothing GOCDB keeps: it is left out");
    } else if (hits.n == 0) {
        target_lose_for(target, "affected", "is no service: it is left out");
    } else if (is_end_behind_all(losing->out, downtime)) {
        target_lose_for(target, "end_at",
                        "is behind the end of all that it hits: that counts");
    }
    lose_source(target, downtime->source);
    lose_id(losing, downtime->id,
            gocdb_key_of(losing->out, downtime->source, downtime->id));
    lose_reach(target, downtime, hits.n);
    tell_closed(losing, &hits);
    lose_fields(target, record, gocdb_downtime_mask(target->arena));
}

static void
lose_change(struct losing *losing, const void *record)
{
    const Kontor__V1__CertificationChange *change = record;
    if (change->from == KONTOR__V1__CERTIFICATION__CERTIFICATION_UNSPECIFIED) {
        target_lose_for(losing->target, "from",
                        "is nothing: how a site begins is left out");
    }
    lose_source(losing->target, change->source);
    lose_reference(losing, change->site);
    lose_fields(losing->target, record,
                gocdb_certification_change_mask(losing->target->arena));
}

static void
lose_term(struct target *target, const Kontor__V1__Term *term)
{
    if (strcmp(term->name, term->id) != 0) {
        target_lose_for(target, "terms.name", "of %s is \"%s\": a type has one name",
                        term->id, term->name);
    }
    if (term->parent[0] != '\0') {
        target_lose(target, "terms.parent");
    }
    for (size_t i = 0; i < term->n_extras; i++) {
        if (!gocdb_is_among(gocdb_type_kept, 2, term->extras[i]->key)) {
            target_lose(target, "terms.extras");
        }
    }
}

static void
lose_types(struct losing *losing, const Kontor__V1__Vocabulary *types)
{
    target_begin(losing->target, types->id);
    lose_source(losing->target, types->source);
    if (strcmp(types->name, gocdb_types_name) != 0) {
        target_lose_for(losing->target, "name", "comes back as \"%s\"",
                        gocdb_types_name);
    }
    for (size_t i = 0; i < types->n_terms; i++) {
        lose_term(losing->target, types->terms[i]);
    }
    lose_fields(losing->target, &types->base, gocdb_types_mask(losing->target->arena));
}

/* ---- Walking ---- */

/* What is not asked for loses nothing. */
static bool
is_asked(struct gocdb_out *out, const ProtobufCMessage *record)
{
    const struct gocdb_query *query = out->world->query;
    if (query == NULL) {
        return true;
    }
    if (record->descriptor == &kontor__v1__operator_group__descriptor) {
        return gocdb_query_takes_ngi(query, (const Kontor__V1__OperatorGroup *)record);
    }
    if (record->descriptor == &kontor__v1__site__descriptor) {
        return gocdb_query_takes_site(query, (const Kontor__V1__Site *)record);
    }
    if (record->descriptor == &kontor__v1__endpoint__descriptor) {
        const Kontor__V1__Endpoint *endpoint = (const Kontor__V1__Endpoint *)record;
        return gocdb_query_takes_endpoint(query, endpoint,
                                          gocdb_site_of(out->world, endpoint->site));
    }
    if (record->descriptor == &kontor__v1__group__descriptor) {
        return gocdb_query_takes_group(query, (const Kontor__V1__Group *)record);
    }
    return record->descriptor != &kontor__v1__downtime__descriptor ||
           gocdb_hits_of(out, (const Kontor__V1__Downtime *)record).n > 0;
}

/* The lists of a world, and what each record of them loses. */
static const struct {
    const char *list;
    size_t at, n_at;
    void (*lose)(struct losing *losing, const void *record);
} lists[] = {
    {"operator_groups", offsetof(struct gocdb_world, operator_groups),
     offsetof(struct gocdb_world, n_operator_groups), lose_ngi},
    {"sites", offsetof(struct gocdb_world, sites),
     offsetof(struct gocdb_world, n_sites), lose_site},
    {"endpoints", offsetof(struct gocdb_world, endpoints),
     offsetof(struct gocdb_world, n_endpoints), lose_endpoint},
    {"groups", offsetof(struct gocdb_world, groups),
     offsetof(struct gocdb_world, n_groups), lose_group},
    {"downtimes", offsetof(struct gocdb_world, downtimes),
     offsetof(struct gocdb_world, n_downtimes), lose_downtime},
    {"certification_changes", offsetof(struct gocdb_world, changes),
     offsetof(struct gocdb_world, n_changes), lose_change},
};

/* Every record has its id at the same place. */
static void
lose_list(struct losing *losing, size_t row,
          void (*tell)(const struct target *target, void *context), void *context)
{
    const struct gocdb_world *world = losing->out->world;
    Kontor__V1__Site **records;
    size_t n;
    memcpy(&records, (const char *)world + lists[row].at, sizeof records);
    memcpy(&n, (const char *)world + lists[row].n_at, sizeof n);
    for (size_t i = 0; i < n; i++) {
        target_begin(losing->target, records[i]->id);
        if (gocdb_is_own(world, records[i]->id) &&
            is_asked(losing->out, &records[i]->base)) {
            lists[row].lose(losing, records[i]);
        }
        if (losing->target->n_losses > 0) {
            tell(losing->target, context);
        }
    }
}

void
gocdb_losses(const struct gocdb_document *document, const struct gocdb_world *world,
             struct arena *arena,
             void (*tell)(const struct target *target, void *context), void *context)
{
    struct gocdb_out out = {.arena = arena, .world = world};
    struct target target = {.format = "gocdb", .arena = arena_new(), .id = ""};
    struct losing losing = {.out = &out, .target = &target};
    bool is_of_types = strcmp(document->list, "vocabularies") == 0;
    for (size_t i = 0; document->is_whole && i < sizeof lists / sizeof lists[0]; i++) {
        if (strcmp(lists[i].list, document->list) == 0) {
            lose_list(&losing, i, tell, context);
        }
    }
    if (is_of_types && world->types != NULL) {
        lose_types(&losing, world->types);
        if (target.n_losses > 0) {
            tell(&target, context);
        }
    }
    arena_free(target.arena);
}
