/*
 * Files of EOSC's resource catalogue: lists of records, pages of its API, single
 * records; each bare, or in the envelope that the catalogue keeps it in. Both profiles
 * are read alike; what they differ in is their tables.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/import/eosc.h"

/* An id with where it was read: two records of one id show only when all are there. */
struct seen {
    const char *id;
    const char *place; /* With the file. */
    bool is_provider;
    size_t order;
};

/* Of all files, kept from record to record: some hundred bytes each. */
struct all_seen {
    struct seen *rows;
    size_t n;
};

/* Providers come before the services that name them, wherever they stand. */
enum { ROUND_PROVIDERS, ROUND_SERVICES, N_ROUNDS };

/* ---- Records ---- */

static void
note_id(struct walk_view *view, const char *id, const char *place, bool is_provider)
{
    struct all_seen *seen = view->own;
    seen->rows = source_grow(view->kept, seen->rows, seen->n, sizeof *seen->rows);
    seen->rows[seen->n] = (struct seen){
        .id = arena_copy(view->kept, id),
        .place = arena_print(view->kept, "%s:%s", view->source.path, place),
        .is_provider = is_provider,
        .order = seen->n,
    };
    seen->n++;
}

static void *
add_provider(const struct source *source, const char *key)
{
    struct import_set *out = source->out;
    Kontor__V1__Provider *provider = arena_alloc(source->arena, sizeof *provider);
    kontor__v1__provider__init(provider);
    provider->id = source_id(source, key);
    provider->source = source_of(source, key);
    out->providers = source_grow(source->arena, out->providers, out->n_providers,
                                 sizeof(Kontor__V1__Provider *));
    out->providers[out->n_providers++] = provider;
    return provider;
}

/* What it is says the record even where it has no member of its kind. */
static void
set_kind(const struct source *source, const struct eosc_kind *kind,
         Kontor__V1__Service *service)
{
    if (kind->part == NULL) {
        return;
    }
    ProtobufCMessage *part =
        arena_alloc(source->arena, kind->part->message->sizeof_message);
    kind->part->message->message_init(part);
    memcpy((char *)service + kind->part->at, &part, sizeof(void *));
    service->kind_case = kind->kind;
}

static void *
add_service(const struct source *source, const struct eosc_kind *kind, const char *key)
{
    struct import_set *out = source->out;
    Kontor__V1__Service *service = arena_alloc(source->arena, sizeof *service);
    kontor__v1__service__init(service);
    service->id = source_id(source, key);
    service->source = source_of(source, key);
    set_kind(source, kind, service);
    out->services = source_grow(source->arena, out->services, out->n_services,
                                sizeof(Kontor__V1__Service *));
    out->services[out->n_services++] = service;
    return service;
}

static void
read_fields(struct walk_view *view, const struct eosc_kind *kind,
            const struct json_value *record, const char *place, Kontor__V1__Phase phase)
{
    const struct source *source = &view->source;
    const char *key = json_fields_text(source, record, place, "id");
    if (key == NULL || key[0] == '\0') {
        source_fault(source, place, "has no id");
        return;
    }
    if (view->is_judging) {
        note_id(view, source_id(source, key), place, kind->is_provider);
    }
    if (kind->is_provider) {
        json_fields_read(source, record, place, kind->fields,
                         add_provider(source, key));
        return;
    }
    Kontor__V1__Service *service = add_service(source, kind, key);
    service->phase = phase;
    json_fields_read(source, record, place, kind->fields, service);
}

/* The member that holds the record; NULL: the record is bare, or it is a fault. */
static const struct json_member *
payload_of(const struct walk_view *view, const struct json_value *object,
           const char *place)
{
    const struct json_member *found = NULL;
    for (size_t i = 0; i < object->n; i++) {
        if (!eosc_is_payload(view->format, &object->members[i])) {
            continue;
        }
        if (found != NULL) {
            source_fault(&view->source, place, "holds both a %s and a %s", found->name,
                         object->members[i].name);
        }
        found = &object->members[i];
    }
    return found;
}

/* Both are judged at once; what is no record of ours is told with the providers. */
static bool
is_of_round(const struct walk_view *view, const struct eosc_kind *kind)
{
    bool is_late = kind != NULL && kind->fields != NULL && !kind->is_provider;
    return view->is_judging || is_late == (view->round == ROUND_SERVICES);
}

static void
read_record(struct walk_view *view, const struct json_value *object, const char *place)
{
    const struct source *source = &view->source;
    if (!json_fields_is_object(source, object, place)) {
        return;
    }
    const struct json_member *payload = payload_of(view, object, place);
    const char *name = payload == NULL ? NULL : payload->name;
    const struct json_value *record = payload == NULL ? object : &payload->value;
    const char *at =
        payload == NULL ? place : arena_print(source->arena, "%s.%s", place, name);
    const struct eosc_kind *kind = eosc_judge(source, view->format, name, record, at);
    if (!is_of_round(view, kind)) {
        /* What was odd about its kind is told in the other round. */
        source->out->n_findings = 0;
        return;
    }
    if (kind == NULL) {
        source_fault(source, at,
                     "is no record of %s, or could be a provider as well as a service",
                     source->format);
        return;
    }
    if (kind->fields == NULL) {
        source_finding(source, at, "is of kind %s: not taken", kind->name);
        return;
    }
    Kontor__V1__Phase phase = KONTOR__V1__PHASE__PHASE_UNSPECIFIED;
    if (payload != NULL) {
        phase = eosc_envelope(source, object, name, place, kind->is_provider);
    }
    read_fields(view, kind, record, at, phase);
}

/* ---- Files ---- */

/* What else is on a page is not taken, but has to be JSON. */
static void
judge_page(struct walk_view *view, struct json_stream *file)
{
    for (size_t i = 0; i < file->n_members; i++) {
        const struct json_stream_member *member = &file->members[i];
        if (strcmp(member->name, "results") != 0) {
            json_stream_value(file, &view->source, &member->value, member->name);
        }
    }
}

static bool
find_page(struct walk_view *view, struct json_stream *file,
          const struct json_span *results, struct walk_list *list)
{
    const struct source *source = &view->source;
    const struct json_value *head = json_stream_head(file, source, results, "results");
    if (view->is_judging) {
        judge_page(view, file);
    }
    if (head == NULL || head->type == JSON_TYPE_NULL) {
        return false;
    }
    if (head->type != JSON_TYPE_LIST) {
        source_fault(source, "results", "is %s: a list belongs here",
                     json_tree_type(head));
        return false;
    }
    list->span = *results;
    list->name = "results";
    return true;
}

static bool
find_list(struct walk_view *view, struct json_stream *file, struct walk_list *list)
{
    const struct json_span *results = json_stream_member(file, "results");
    if (view->is_judging && view->round > 0) {
        return false;
    }
    if (results != NULL) {
        return find_page(view, file, results, list);
    }
    list->span = file->root;
    list->is_single = file->root.first != '[';
    return true;
}

/* A page of the API may be one of many; that the others are missing shows nowhere else.
 */
static void
end_list(struct walk_view *view, struct json_stream *file, size_t n)
{
    const struct source *source = &view->source;
    const struct json_value *total =
        json_stream_head(file, source, json_stream_member(file, "total"), "total");
    if (view->round == 0 && total != NULL && total->type == JSON_TYPE_INTEGER &&
        total->integer > (int64_t)n) {
        source_finding(source, "total", "%lld records, of which %zu are on this page",
                       (long long)total->integer, n);
    }
}

static int
compare_seen(const void *a, const void *b)
{
    const struct seen *left = a;
    const struct seen *right = b;
    int order = strcmp(left->id, right->id);
    if (order == 0) {
        order = (left->is_provider ? 1 : 0) - (right->is_provider ? 1 : 0);
    }
    return order == 0 ? (left->order > right->order) - (left->order < right->order)
                      : order;
}

/* Two would become one record, and whichever came last would win without a word. */
static void
refuse_doubles(struct walk_view *view)
{
    const struct all_seen *all = view->own;
    struct seen *seen = all->rows;
    if (all->n == 0) {
        return;
    }
    qsort(seen, all->n, sizeof *seen, compare_seen);
    for (size_t i = 1; i < all->n; i++) {
        if (strcmp(seen[i].id, seen[i - 1].id) == 0 &&
            seen[i].is_provider == seen[i - 1].is_provider) {
            faults_add(view->source.faults, seen[i].place, "its id is also that of %s",
                       seen[i - 1].place);
        }
    }
}

static void
begin(struct walk_view *view, struct import_set *masks)
{
    const struct eosc_profile *profile = view->format;
    masks->provider_fields = source_mask(view->kept);
    masks->service_fields = source_mask(view->kept);
    for (const struct eosc_kind *kind = profile->kinds; kind->name != NULL; kind++) {
        if (kind->fields != NULL) {
            json_fields_mask_add(view->kept, kind->fields,
                                 kind->is_provider ? masks->provider_fields
                                                   : masks->service_fields);
        }
    }
    view->own = arena_alloc(view->kept, sizeof(struct all_seen));
}

#define STREAM(profile)                                                                \
    {                                                                                  \
        .n_rounds = N_ROUNDS, .format = &(profile), .begin = begin, .find = find_list, \
        .read = read_record, .end_list = end_list, .end = refuse_doubles               \
    }

const struct import_stream eosc_stream_5 = STREAM(eosc_profile_5);
const struct import_stream eosc_stream_6 = STREAM(eosc_profile_6);
