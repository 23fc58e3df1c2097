#include "server/configuration/reconcile.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kontor/v1/configuration_service.pb-c.h"
#include "proto/field.h"
#include "server/configuration/version.h"

enum { PAGE = 500, MAX_ENDPOINTS = 20000, MAX_DIFFERENCES = 10000 };

#define KIND(name) KONTOR__V1__DIFFERENCE_KIND__##name

static const char VERSION[] = "version"; /* What runs there, which is no field. */

struct site_name {
    const char *id, *name;
};

/* An endpoint of the registry. */
struct here {
    const char *site; /* Short name; "" = not known. */
    const Kontor__V1__Endpoint *record;
    Kontor__V1__SeenVersion **versions; /* NULL: not read yet. */
    size_t n_versions;
    bool is_matched;
};

/* One question. */
struct reconciling {
    struct call *call;
    const Kontor__V1__ReconcileRequest *request;
    const char *registry;
    const Kontor__V1__Vocabulary *types;
    int64_t as_of;
    struct site_name *sites; /* By id. */
    size_t n_sites, site_room;
    struct here *rows; /* By host, type, site and id. */
    size_t n_rows, room;
    Kontor__V1__ReconcileResponse *reply;
    size_t difference_room;
};

/* ---- What is here ---- */

typedef void (*note_fn)(struct reconciling *reconciling,
                        const struct document *document);

/* All of a kind that the registry has, up to the limit. */
static enum status
read_all(struct reconciling *reconciling, const struct kind *kind, note_fn note)
{
    struct find find = {.kind = kind,
                        .prefix = reconciling->registry,
                        .limit = PAGE,
                        .as_of = reconciling->as_of};
    struct page page = {.next_token = ""};
    size_t n_read = 0;
    do {
        find.token = page.next_token;
        enum status status = call_find(reconciling->call, &find, false, &page);
        if (status != STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < page.n_documents; i++) {
            note(reconciling, &page.documents[i]);
        }
        n_read += page.n_documents;
    } while (page.next_token[0] != '\0' && n_read < MAX_ENDPOINTS);
    reconciling->reply->is_more =
        reconciling->reply->is_more || page.next_token[0] != '\0';
    return STATUS_OK;
}

/* By id they come, and stay so. */
static void
note_site(struct reconciling *reconciling, const struct document *document)
{
    const Kontor__V1__Site *site = call_record(reconciling->call, document);
    reconciling->sites =
        arena_grown(reconciling->call->arena, reconciling->sites, reconciling->n_sites,
                    &reconciling->site_room, sizeof(*reconciling->sites));
    reconciling->sites[reconciling->n_sites++] =
        (struct site_name){.id = site->id, .name = site->short_name};
}

static int
compare_sites(const void *a, const void *b)
{
    const struct site_name *left = a;
    const struct site_name *right = b;
    return strcmp(left->id, right->id);
}

static const char *
site_name(const struct reconciling *reconciling, const char *id)
{
    const struct site_name wanted = {.id = id};
    const struct site_name *found =
        reconciling->n_sites == 0
            ? NULL
            : bsearch(&wanted, reconciling->sites, reconciling->n_sites, sizeof(wanted),
                      compare_sites);
    return found == NULL ? "" : found->name;
}

static void
note_endpoint(struct reconciling *reconciling, const struct document *document)
{
    const Kontor__V1__Endpoint *record = call_record(reconciling->call, document);
    reconciling->rows =
        arena_grown(reconciling->call->arena, reconciling->rows, reconciling->n_rows,
                    &reconciling->room, sizeof(*reconciling->rows));
    reconciling->rows[reconciling->n_rows++] =
        (struct here){.record = record, .site = site_name(reconciling, record->site)};
}

static int
compare_rows(const void *a, const void *b)
{
    const struct here *left = a;
    const struct here *right = b;
    int order = strcasecmp(left->record->host, right->record->host);
    order = order != 0 ? order : strcmp(left->record->type, right->record->type);
    order = order != 0 ? order : strcmp(left->site, right->site);
    return order != 0 ? order : strcmp(left->record->id, right->record->id);
}

static enum status
read_here(struct reconciling *reconciling)
{
    enum status status = read_all(reconciling, KIND_SITE, note_site);
    if (status == STATUS_OK) {
        if (reconciling->n_sites > 0) {
            qsort(reconciling->sites, reconciling->n_sites, sizeof(*reconciling->sites),
                  compare_sites);
        }
        status = read_all(reconciling, KIND_ENDPOINT, note_endpoint);
    }
    if (reconciling->n_rows > 0) {
        qsort(reconciling->rows, reconciling->n_rows, sizeof(*reconciling->rows),
              compare_rows);
    }
    return status;
}

/* The first of a host's rows; n_rows where there is none. */
static size_t
first_of(const struct reconciling *reconciling, const char *host)
{
    size_t low = 0, high = reconciling->n_rows;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcasecmp(reconciling->rows[middle].record->host, host) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool
is_of(const struct reconciling *reconciling, size_t row, const char *host)
{
    return row < reconciling->n_rows &&
           strcasecmp(reconciling->rows[row].record->host, host) == 0;
}

/* ---- Differences ---- */

static Kontor__V1__Difference *
add(struct reconciling *reconciling, Kontor__V1__DifferenceKind kind,
    const Kontor__V1__ToldEndpoint *told, const struct here *here)
{
    Kontor__V1__ReconcileResponse *reply = reconciling->reply;
    struct arena *arena = reconciling->call->arena;
    Kontor__V1__Difference *difference = arena_alloc(arena, sizeof(*difference));
    kontor__v1__difference__init(difference);
    difference->kind = kind;
    if (here != NULL) {
        difference->endpoint = here->record->id;
        difference->site = (char *)(uintptr_t)here->site;
        difference->host = here->record->host;
        difference->type = here->record->type;
    }
    if (told != NULL) {
        difference->site = told->site;
        difference->host = told->host;
        difference->type = told->type;
        difference->component = told->component;
    }
    if (reply->n_differences == MAX_DIFFERENCES) {
        reply->is_more = true;
        return difference;
    }
    reply->differences =
        arena_grown(arena, reply->differences, reply->n_differences,
                    &reconciling->difference_room, sizeof(*reply->differences));
    reply->differences[reply->n_differences++] = difference;
    return difference;
}

static void
add_field(struct reconciling *reconciling, const Kontor__V1__ToldEndpoint *told,
          const struct here *here, const char *field, const char *value,
          const char *there)
{
    if (strcmp(value, there) == 0) {
        return;
    }
    Kontor__V1__Difference *difference = add(reconciling, KIND(DIFFERENT), told, here);
    difference->field = (char *)(uintptr_t)field;
    difference->here = (char *)(uintptr_t)value;
    difference->there = (char *)(uintptr_t)there;
}

/* ---- One that the source has ---- */

/* The types that what is told may have here, as a report would be understood: with its
 * component, as it is, or as the registry says the source means it; NULL = none such.
 */
enum { N_TYPES = 3 };

static void
set_types(const struct reconciling *reconciling, const Kontor__V1__ToldEndpoint *told,
          const char *types[N_TYPES])
{
    types[0] = told->component[0] == '\0'
                   ? NULL
                   : arena_print(reconciling->call->arena, "%s.%s", told->type,
                                 told->component);
    types[1] = told->type;
    types[2] =
        version_type_of(reconciling->types, reconciling->request->source, told->type);
}

/* Of a type at the site that is told, NULL: nowhere; *elsewhere: the first that is of
 * one of the types, at whatever site. */
static struct here *
find_type(const struct reconciling *reconciling, const Kontor__V1__ToldEndpoint *told,
          const char *type, struct here **elsewhere)
{
    for (size_t i = first_of(reconciling, told->host);
         is_of(reconciling, i, told->host); i++) {
        struct here *here = &reconciling->rows[i];
        if (strcmp(type, here->record->type) != 0) {
            continue;
        }
        if (told->site[0] == '\0' || strcmp(told->site, here->site) == 0) {
            return here;
        }
        *elsewhere = *elsewhere == NULL ? here : *elsewhere;
    }
    return NULL;
}

static struct here *
find_here(const struct reconciling *reconciling, const Kontor__V1__ToldEndpoint *told)
{
    const char *types[N_TYPES];
    struct here *elsewhere = NULL;
    set_types(reconciling, told, types);
    for (size_t i = 0; i < N_TYPES; i++) {
        struct here *here = types[i] == NULL
                                ? NULL
                                : find_type(reconciling, told, types[i], &elsewhere);
        if (here != NULL) {
            return here;
        }
    }
    return elsewhere;
}

/* Up to so many: a hint, and a host may have thousands. */
enum { TYPES_TOLD = 16 };

static void
tell_missing(struct reconciling *reconciling, const Kontor__V1__ToldEndpoint *told)
{
    const char *types = "";
    size_t first = first_of(reconciling, told->host);
    for (size_t i = first; is_of(reconciling, i, told->host); i++) {
        if (i - first == TYPES_TOLD) {
            types = arena_print(reconciling->call->arena, "%s, ...", types);
            break;
        }
        types = arena_print(reconciling->call->arena, "%s%s%s", types,
                            types[0] == '\0' ? "" : ", ",
                            reconciling->rows[i].record->type);
    }
    add(reconciling, KIND(MISSING_HERE), told, NULL)->here = (char *)(uintptr_t)types;
}

/* What was seen last of a component, else what is declared. */
static enum status
version_of(struct reconciling *reconciling, const Kontor__V1__ToldEndpoint *told,
           struct here *here, const char **version)
{
    struct call *call = reconciling->call;
    enum status status =
        here->versions != NULL
            ? STATUS_OK
            : version_at_endpoint(call, here->record->id, reconciling->as_of,
                                  &here->versions, &here->n_versions);
    if (status != STATUS_OK) {
        return status;
    }
    *version = version_declared(call, here->record, told->type, told->component);
    for (size_t i = 0; i < here->n_versions; i++) {
        if (strcmp(here->versions[i]->version->component, told->component) == 0) {
            *version = here->versions[i]->seen;
        }
    }
    return STATUS_OK;
}

static const ProtobufCFieldDescriptor *
field_named(const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(
            &kontor__v1__endpoint__descriptor, name);
    bool is_plain =
        field != NULL && field->label != PROTOBUF_C_LABEL_REPEATED &&
        (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BOOL);
    return is_plain ? field : NULL;
}

static const char *
value_of(const Kontor__V1__Endpoint *endpoint, const ProtobufCFieldDescriptor *field)
{
    const void *element = field_at(&endpoint->base, field, 0);
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return field_text(element);
    }
    return field_bits(field->type, element) != 0 ? "true" : "false";
}

static enum status
compare_fields(struct reconciling *reconciling, const Kontor__V1__ToldEndpoint *told,
               struct here *here)
{
    for (size_t i = 0; i < told->n_fields; i++) {
        const Kontor__V1__KeyValue *row = told->fields[i];
        const char *value;
        enum status status = STATUS_OK;
        if (strcmp(row->key, VERSION) == 0) {
            status = version_of(reconciling, told, here, &value);
        } else {
            value = value_of(here->record, field_named(row->key));
        }
        if (status != STATUS_OK) {
            return status;
        }
        add_field(reconciling, told, here, row->key, value, row->value);
    }
    return STATUS_OK;
}

static enum status
compare(struct reconciling *reconciling, const Kontor__V1__ToldEndpoint *told)
{
    struct here *here = find_here(reconciling, told);
    if (here == NULL) {
        tell_missing(reconciling, told);
        return STATUS_OK;
    }
    here->is_matched = true;
    reconciling->reply->matched_count++;
    if (told->site[0] != '\0') {
        add_field(reconciling, told, here, "site", here->site, told->site);
    }
    return compare_fields(reconciling, told, here);
}

/* ---- All of it ---- */

static enum status
judge(struct reconciling *reconciling)
{
    const Kontor__V1__ReconcileRequest *request = reconciling->request;
    struct call *call = reconciling->call;
    for (size_t i = 0; i < request->n_endpoints; i++) {
        const Kontor__V1__ToldEndpoint *told = request->endpoints[i];
        for (size_t j = 0; j < told->n_fields; j++) {
            const char *key = told->fields[j]->key;
            if (strcmp(key, VERSION) != 0 && field_named(key) == NULL) {
                call_fault(
                    call,
                    arena_print(call->arena, "endpoints[%zu].fields[%zu].key", i, j),
                    "must be \"version\", or a text or a bool of Endpoint");
            }
        }
    }
    return call_check_faults(call);
}

static void
tell_lacking(struct reconciling *reconciling)
{
    for (size_t i = 0; reconciling->request->is_whole && i < reconciling->n_rows; i++) {
        if (!reconciling->rows[i].is_matched) {
            (void)add(reconciling, KIND(MISSING_THERE), NULL, &reconciling->rows[i]);
        }
    }
}

enum status
reconcile_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__ReconcileRequest *request = message;
    struct reconciling reconciling = {
        .call = call,
        .request = request,
        .registry =
            request->registry[0] == '\0' ? call->who->registry : request->registry,
        .reply = arena_alloc(call->arena, sizeof(*reconciling.reply))};
    kontor__v1__reconcile_response__init(reconciling.reply);
    enum status status = judge(&reconciling);
    if (status == STATUS_OK) {
        status = call_as_of(call, request->as_of, &reconciling.as_of);
    }
    if (status == STATUS_OK) {
        reconciling.types = version_types(call, reconciling.registry);
        status = read_here(&reconciling);
    }
    for (size_t i = 0; status == STATUS_OK && i < request->n_endpoints; i++) {
        status = compare(&reconciling, request->endpoints[i]);
    }
    if (status != STATUS_OK) {
        return status;
    }
    tell_lacking(&reconciling);
    reconciling.reply->endpoint_count = (int32_t)reconciling.n_rows;
    decision_reply(decision, reconciling.reply);
    return STATUS_OK;
}
