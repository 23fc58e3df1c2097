/*
 * Answers of GOCDB's programmatic interface: get_ngi, get_site, get_service,
 * get_service_group, get_downtime and get_cert_status_changes, in any order and any
 * mixture, since people download them one by one. Its element names are kept as they
 * are, typing errors included.
 */
#include "tools/import/gocdb.h"

#include <string.h>

#include "tools/import/records.h"

/*
 * Methods of different age give the key as an element, as an attribute, or as both.
 * Without one the next import could not find the record again and would make a
 * second.
 */
char *
gocdb_key(const struct source *source, xmlNode *node)
{
    char *key = xml_child(source, node, "PRIMARY_KEY");
    char *attribute = xml_attribute(source, node, "PRIMARY_KEY");
    if (key == NULL) {
        key = attribute;
    }
    if (key == NULL || key[0] == '\0') {
        source_finding(source, xml_place(source, node),
                       "a %s without PRIMARY_KEY is left out",
                       (const char *)node->name);
        return NULL;
    }
    if (attribute != NULL && strcmp(key, attribute) != 0) {
        source_finding(source, xml_place(source, node),
                       "PRIMARY_KEY is %s inside and %s as an attribute: inside counts",
                       key, attribute);
    }
    return key;
}

/* What is not said is not guessed: without these there is no record. */
bool
gocdb_has(const struct source *source, xmlNode *node, const char *key,
          const char *const *required)
{
    for (; *required != NULL; required++) {
        if (!xml_has_text(source, node, *required)) {
            source_finding(source, xml_place(source, node),
                           "%s %s without %s is left out", (const char *)node->name,
                           key, *required);
            return false;
        }
    }
    return true;
}

void
gocdb_scopes(const struct source *source, xmlNode *node, const struct xml_field *field,
             void *message)
{
    for (xmlNode *scope = xml_element(node->children); scope != NULL;
         scope = xml_element(scope->next)) {
        xml_field_texts(source, scope, field, message);
    }
}

/* More are refused by the broker, and need not be looked through. */
enum { MAX_EXTENSIONS = 1024 };

/* A key is there once: the broker would refuse the whole record. */
static void
add_extension(const struct source *source, xmlNode *node, const struct xml_field *field,
              void *message, const char *key, char *value)
{
    Kontor__V1__KeyValue ***rows =
        (Kontor__V1__KeyValue ***)(void *)((char *)message + field->at);
    size_t *n = (size_t *)(void *)((char *)message + field->n_at);
    for (size_t i = 0; i < *n && i < MAX_EXTENSIONS; i++) {
        if (strcmp((*rows)[i]->key, key) == 0) {
            source_finding(source, xml_place(source, node),
                           "an extension %s is there twice: the first counts", key);
            return;
        }
    }
    Kontor__V1__KeyValue *row = arena_alloc(source->arena, sizeof *row);
    kontor__v1__key_value__init(row);
    row->key = arena_copy(source->arena, key);
    row->value = value;
    *rows = source_grow(source->arena, *rows, *n, sizeof(Kontor__V1__KeyValue *));
    (*rows)[(*n)++] = row;
}

/* An extension's own LOCAL_ID stays there: it means nothing outside of GOCDB. */
void
gocdb_extensions(const struct source *source, xmlNode *node,
                 const struct xml_field *field, void *message)
{
    for (xmlNode *row = xml_element(node->children); row != NULL;
         row = xml_element(row->next)) {
        const char *key = xml_child(source, row, "KEY");
        char *value = xml_child(source, row, "VALUE");
        if (key == NULL || key[0] == '\0' || value == NULL) {
            source_finding(source, xml_place(source, row),
                           "an extension without KEY or VALUE is left out");
            continue;
        }
        add_extension(source, row, field, message, key, value);
    }
}

/*
 * What has no field of ours but matters to somebody is kept under its own name, so
 * that an export can give it back.
 */
void
gocdb_keep(const struct source *source, xmlNode *node, const struct xml_field *field,
           void *message)
{
    char *text = xml_text(source, node);
    if (text[0] != '\0') {
        add_extension(source, node, field, message, field->element, text);
    }
}

/* Groups come last: their members are known by other names than their keys, too. */
enum round { ROUND_FIRST, ROUND_GROUPS, N_ROUNDS };

/* What an element of the results is; `said` is told once a file, where it occurs. */
static const struct kind {
    const char *element;
    void (*read)(const struct source *source, xmlNode *node);
    const char *said;
    enum round round;
} kinds[] = {
    {"NGI", gocdb_ngi,
     "OBJECT_ID and SITE_COUNT of an NGI are GOCDB's own and stay there", ROUND_FIRST},
    {"SITE", gocdb_site,
     "ID, COBJECTID and NAME of a site are GOCDB's own and stay there", ROUND_FIRST},
    {"SERVICE_ENDPOINT", gocdb_endpoint,
     "country and ROC of an endpoint are its site's: not repeated; ids, extensions and "
     "monitoring of further ways in stay there",
     ROUND_FIRST},
    {"SERVICE_GROUP", gocdb_group,
     "ID of a group stays there, and what is said of its members: get_service says it",
     ROUND_GROUPS},
    {"DOWNTIME", gocdb_downtime,
     "ID, ENDPOINT, portal URL and FORMATED_ dates of a downtime stay there",
     ROUND_FIRST},
    {"result", gocdb_certification_change, "TIME of a change repeats UNIX_TIME",
     ROUND_FIRST},
    {"SERVICE_TYPE", gocdb_type,
     "types become the terms of a vocabulary, in the order of the file", ROUND_FIRST},
};

static const struct kind *
find_kind(const xmlNode *node)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (xml_is(node, kinds[i].element)) {
            return &kinds[i];
        }
    }
    return NULL;
}

/*
 * What is left out on purpose is said once for a run of elements of a kind, not for
 * each of thousands.
 */
static void
read_results(const struct source *source, xmlNode *root, enum round round)
{
    const struct kind *told = NULL;
    for (xmlNode *node = xml_element(root->children); node != NULL;
         node = xml_element(node->next)) {
        const struct kind *kind = find_kind(node);
        if (kind == NULL && round != ROUND_FIRST) {
            continue;
        }
        if (kind == NULL) {
            source_finding(source, xml_place(source, node),
                           "an element %s is not read: known are NGI, SITE, "
                           "SERVICE_ENDPOINT, SERVICE_GROUP, DOWNTIME, result and "
                           "SERVICE_TYPE",
                           (const char *)node->name);
            continue;
        }
        if (kind->round != round) {
            continue;
        }
        kind->read(source, node);
        if (kind != told) {
            source_finding(source, NULL, "%s", kind->said);
        }
        told = kind;
    }
}

/*
 * Another root is most often an error page that was saved instead of the answer; its
 * text says which.
 */
static void
read_doc(const struct source *source, xmlDoc *doc, enum round round)
{
    if (doc == NULL) {
        return;
    }
    xmlNode *root = xmlDocGetRootElement(doc);
    if (root == NULL || !xml_is(root, "results")) {
        source_fault(source, NULL, "its root is not <results>: %s",
                     root == NULL ? "nothing" : xml_text(source, root));
    } else {
        read_results(source, root, round);
    }
    xmlFreeDoc(doc);
}

/* With the sites at hand it can be said here which endpoints have none. */
static void
check_joins(const struct source *source)
{
    const struct import_set *set = source->out;
    for (size_t i = 0; set->n_sites > 0 && i < set->n_endpoints; i++) {
        if (!id_map_has(&source->index->sites, set->endpoints[i]->site)) {
            source_finding(source, NULL,
                           "endpoint %s is at %s, which is not among the "
                           "sites read",
                           set->endpoints[i]->id, set->endpoints[i]->site);
        }
    }
}

static struct source
begin(struct arena *arena, const char *registry, struct import_set *out,
      struct faults *faults)
{
    *out = (struct import_set){
        .vocabulary_fields = gocdb_types_mask(arena),
        .operator_group_fields = gocdb_ngi_mask(arena),
        .site_fields = gocdb_site_mask(arena),
        .certification_change_fields = gocdb_certification_change_mask(arena),
        .endpoint_fields = gocdb_endpoint_mask(arena),
        .group_fields = gocdb_group_mask(arena),
        .downtime_fields = gocdb_downtime_mask(arena),
    };
    return (struct source){.format = "gocdb",
                           .registry = registry,
                           .arena = arena,
                           .out = out,
                           .faults = faults,
                           .index = records_index_new(arena)};
}

bool
gocdb_read(const char *const *paths, size_t n_paths, const char *registry,
           struct arena *arena, struct import_set *out, struct faults *faults)
{
    struct source source = begin(arena, registry, out, faults);
    for (int round = 0; round < N_ROUNDS && faults->n_found == 0; round++) {
        for (size_t i = 0; i < n_paths; i++) {
            source.path = paths[i];
            read_doc(&source, xml_fields_open(&source), (enum round)round);
        }
    }
    gocdb_end_downtimes(out);
    check_joins(&source);
    return faults->n_found == 0;
}

bool
gocdb_read_bytes(const char *name, struct bytes content, const char *registry,
                 struct arena *arena, struct import_set *out, struct faults *faults)
{
    struct source source = begin(arena, registry, out, faults);
    source.path = name;
    for (int round = 0; round < N_ROUNDS && faults->n_found == 0; round++) {
        read_doc(&source, xml_fields_parse(&source, content), (enum round)round);
    }
    gocdb_end_downtimes(out);
    check_joins(&source);
    return faults->n_found == 0;
}
