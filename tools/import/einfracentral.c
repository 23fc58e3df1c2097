/*
 * eInfraCentral's profiles of 2017. Six infrastructures filled in the same form by
 * hand, each in its own way: nothing is refused for how it was written, everything that
 * had to be decided is told.
 */
#include "tools/import/einfracentral.h"

#include <string.h>
#include <strings.h>

#include "proto/rules.h"
#include "proto/rules_form.h"
#include "tools/import/records.h"

#define NAMESPACE "http://einfracentral.eu"

static void read_phase(const struct source *source, xmlNode *node,
                       const struct xml_field *field, void *message);
static void read_date(const struct source *source, xmlNode *node,
                      const struct xml_field *field, void *message);
static void read_helpdesk(const struct source *source, xmlNode *node,
                          const struct xml_field *field, void *message);
static void read_multimedia(const struct source *source, xmlNode *node,
                            const struct xml_field *field, void *message);

#define AT(reader, element, member)                                                    \
    {                                                                                  \
        element, reader, offsetof(Kontor__V1__Service, member), 0, #member             \
    }
#define TEXT(element, member) AT(einfracentral_text, element, member)
#define URL(element, member) AT(einfracentral_url, element, member)
#define LIST(element, member)                                                          \
    {                                                                                  \
        element, einfracentral_list, offsetof(Kontor__V1__Service, member),            \
            offsetof(Kontor__V1__Service, n_##member), #member                         \
    }

/* The phase is set when a service is new and belongs to the portfolio afterwards. */
static const struct xml_field service_fields[] = {
    {"id", NULL, 0, 0, "source"},
    {"providers", NULL, 0, 0, "provider"},
    {NULL, NULL, 0, 0, "resource_providers"},
    {"relatedServices", NULL, 0, 0, "related_services"},
    {"requiredServices", NULL, 0, 0, "required_services"},
    URL("url", webpage),
    TEXT("name", name),
    TEXT("tagline", tagline),
    TEXT("description", description),
    LIST("targetUsers", target_users),
    URL("symbol", logo),
    {"multimediaURL", read_multimedia, 0, 0, "multimedia"},
    TEXT("version", release),
    {"lastUpdate", read_date, offsetof(Kontor__V1__Service, last_update), 0,
     "last_update"},
    TEXT("changeLog", change_log),
    {"lifeCycleStatus", read_phase, 0, 0, "life_cycle_status"},
    TEXT("trl", trl),
    LIST("category", categories),
    LIST("subcategory", subcategories),
    LIST("places", geographical_availabilities),
    LIST("languages", languages),
    LIST("tags", tags),
    URL("request", order_url),
    {"helpdesk", read_helpdesk, offsetof(Kontor__V1__Service, helpdesk_page), 0,
     "helpdesk_page"},
    {NULL, NULL, 0, 0, "helpdesk_email"},
    URL("userManual", user_manual),
    URL("trainingInformation", training_information),
    TEXT("price", pricing),
    URL("serviceLevelAgreement", sla_url),
    URL("termsOfUse", terms_of_use),
    LIST("funding", funding_programs),
    {NULL, NULL, 0, 0, NULL},
};

/* What a provider is called belongs to it, once there is a record of it. */
static const struct xml_field provider_fields[] = {
    {NULL, NULL, 0, 0, "source"},
    {NULL, NULL, 0, 0, NULL},
};

static const struct {
    const char *name;
    Kontor__V1__Phase phase;
} phases[] = {
    {"discovery", KONTOR__V1__PHASE__FORTHCOMING},
    {"planned", KONTOR__V1__PHASE__FORTHCOMING},
    {"alpha", KONTOR__V1__PHASE__PRE_PRODUCTION},
    {"beta", KONTOR__V1__PHASE__PRE_PRODUCTION},
    {"production", KONTOR__V1__PHASE__PRODUCTION},
    {"phase-out", KONTOR__V1__PHASE__DEPRECATED},
    {"retired", KONTOR__V1__PHASE__DECOMMISSIONED},
};

/* ---- Fields ---- */

/* The word stays beside the phase; one nobody knows decides nothing. */
static void
read_phase(const struct source *source, xmlNode *node, const struct xml_field *field,
           void *message)
{
    Kontor__V1__Service *service = message;
    service->life_cycle_status =
        einfracentral_plain(source, node, xml_text(source, node));
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
        if (strcasecmp(phases[i].name, service->life_cycle_status) == 0) {
            service->phase = phases[i].phase;
            return;
        }
    }
    source_finding(source, xml_place(source, node),
                   "%s is \"%s\", no phase this format knows: it begins in "
                   "FORTHCOMING",
                   field->element, service->life_cycle_status);
}

/* A day and a month that could be either are not guessed. */
static void
read_date(const struct source *source, xmlNode *node, const struct xml_field *field,
          void *message)
{
    char *text = einfracentral_plain(source, node, xml_text(source, node));
    if (!rules_is_date(text)) {
        source_finding(source, xml_place(source, node),
                       "%s is \"%s\": no date such as 2017-12-25, left out",
                       field->element, text);
        return;
    }
    memcpy((char *)message + field->at, &text, sizeof text);
}

/* A page or an address; people gave either. */
static void
read_helpdesk(const struct source *source, xmlNode *node, const struct xml_field *field,
              void *message)
{
    Kontor__V1__Service *service = message;
    const char *text = xml_text(source, node);
    bool is_address = strchr(text, '@') != NULL && strchr(text, ':') == NULL;
    char *address = is_address ? einfracentral_plain(source, node, text) : NULL;
    if (is_address && rules_is_email(address)) {
        service->helpdesk_email = address;
        return;
    }
    einfracentral_url(source, node, field, message);
}

static void
read_multimedia(const struct source *source, xmlNode *node,
                const struct xml_field *field, void *message)
{
    Kontor__V1__Service *service = message;
    Kontor__V1__Multimedia *item = arena_alloc(source->arena, sizeof *item);
    kontor__v1__multimedia__init(item);
    struct xml_field at = *field;
    at.at = offsetof(Kontor__V1__Multimedia, url);
    einfracentral_url(source, node, &at, item);
    if (item->url[0] == '\0') {
        return;
    }
    if (!rules_is_web_url(item->url)) {
        source_finding(source, xml_place(source, node), "%s is no page: left out: %s",
                       field->element, item->url);
        return;
    }
    service->multimedia = source_grow(source->arena, service->multimedia,
                                      service->n_multimedia, sizeof item);
    service->multimedia[service->n_multimedia++] = item;
}

/* ---- Records ---- */

/* The child of that name, or NULL. */
static xmlNode *
child(xmlNode *parent, const char *name)
{
    xmlNode *node = xml_element(parent->children);
    while (node != NULL && !xml_is(node, name)) {
        node = xml_element(node->next);
    }
    return node;
}

/* The files hold no providers: each is made from the name services give it. */
static char *
provider_id(const struct source *source, xmlNode *node, const char *name)
{
    size_t n_before = source->out->n_providers;
    Kontor__V1__Provider *provider = records_provider(source, name);
    if (source->out->n_providers > n_before) {
        source_finding(source, xml_place(source, node),
                       "the provider \"%s\" is made from its name", name);
    }
    return provider->id;
}

static void
read_providers(const struct einfracentral_entry *entry)
{
    const struct source *source = entry->source;
    Kontor__V1__Service *service = entry->service;
    xmlNode *node = child(entry->node, "providers");
    char **names = NULL;
    size_t n = 0;
    if (node != NULL) {
        einfracentral_texts(source, node, &names, &n);
    }
    for (size_t i = 0; i < n; i++) {
        const char *name = einfracentral_plain(source, node, names[i]);
        char *id = provider_id(source, node, name);
        if (i == 0) {
            service->provider = id;
            continue;
        }
        source_append(source->arena, &service->resource_providers,
                      &service->n_resource_providers, id);
    }
    if (n == 0) {
        source_fault(source, entry->place, "names no provider");
    }
}

static void
read_relations(const struct einfracentral_entry *entry, const char *element,
               char ***texts, size_t *n)
{
    xmlNode *node = child(entry->node, element);
    if (node == NULL) {
        return;
    }
    einfracentral_texts(entry->source, node, texts, n);
    for (size_t i = 0; i < *n; i++) {
        (*texts)[i] = einfracentral_plain(entry->source, node, (*texts)[i]);
    }
}

static const char *
key_of(const struct source *source, xmlNode *node)
{
    xmlNode *id = child(node, "id");
    const char *key =
        id == NULL ? "" : einfracentral_plain(source, id, xml_text(source, id));
    if (key[0] == '\0') {
        source_fault(source, xml_place(source, node), "a service without id");
        return NULL;
    }
    return key;
}

/* Two services of one id cannot both be; which of them lost a zero is for people. */
static bool
is_key_taken(const struct source *source, const char *key, xmlNode *node)
{
    const Kontor__V1__Service *other = records_service(source, source_id(source, key));
    const char *name = xml_child(source, node, "name");
    if (other == NULL) {
        return false;
    }
    source_fault(source, xml_place(source, node),
                 "the id \"%s\" of \"%s\" is also that of \"%s\": one of them may have "
                 "lost a zero, such as %s0",
                 key, name == NULL ? "" : name, other->name, key);
    return true;
}

/* Whether a service may have several of it: they are gathered. */
static bool
is_gathered(const char *name)
{
    for (const struct xml_field *row = service_fields;
         row->element != NULL || row->owns != NULL; row++) {
        if (row->element != NULL && strcmp(row->element, name) == 0) {
            return row->n_at != 0 || row->read == read_multimedia;
        }
    }
    return true;
}

/* Of two the last would win without a word. */
static void
refuse_twice(const struct source *source, xmlNode *service)
{
    for (xmlNode *node = xml_element(service->children); node != NULL;
         node = xml_element(node->next)) {
        const char *name = (const char *)node->name;
        if (!is_gathered(name) && child(service, name) != node) {
            source_fault(source, xml_place(source, node),
                         "%s is there twice in one service", name);
        }
    }
}

static void
read_service(const struct source *source, xmlNode *node,
             struct einfracentral_entries *entries)
{
    const char *key = key_of(source, node);
    if (key == NULL || is_key_taken(source, key, node)) {
        return;
    }
    struct einfracentral_entry entry = {
        .source = source,
        .service = records_add_service(source, key, xml_place(source, node)),
        .node = node,
        .key = key,
        .place = xml_place(source, node),
    };
    if (entry.service == NULL) {
        return;
    }
    refuse_twice(source, node);
    xml_fields_read(source, node, service_fields, entry.service);
    if (entry.service->name[0] == '\0') {
        source_fault(source, entry.place, "a service without name");
    }
    read_providers(&entry);
    read_relations(&entry, "relatedServices", &entry.related, &entry.n_related);
    read_relations(&entry, "requiredServices", &entry.required, &entry.n_required);
    entries->rows =
        source_grow(source->arena, entries->rows, entries->n, sizeof *entries->rows);
    entries->rows[entries->n++] = entry;
}

/* ---- Files ---- */

static bool
is_service(const struct source *source, xmlNode *node)
{
    if (!xml_is(node, "service")) {
        return false;
    }
    const char *space = node->ns == NULL ? "" : (const char *)node->ns->href;
    if (strcmp(space, NAMESPACE) != 0) {
        source_fault(source, xml_place(source, node),
                     "a service of the namespace \"%s\": " NAMESPACE " belongs here",
                     space);
        return false;
    }
    return true;
}

/* One service, or any element around several. */
static void
read_root(const struct source *source, xmlNode *root,
          struct einfracentral_entries *entries)
{
    if (xml_is(root, "service")) {
        if (is_service(source, root)) {
            read_service(source, root, entries);
        }
        return;
    }
    size_t n_services = 0;
    for (xmlNode *node = xml_element(root->children); node != NULL;
         node = xml_element(node->next)) {
        n_services += xml_is(node, "service");
        if (is_service(source, node)) {
            read_service(source, node, entries);
        } else if (!xml_is(node, "service")) {
            source_finding(source, xml_place(source, node), "an element %s is not read",
                           (const char *)node->name);
        }
    }
    if (n_services == 0) {
        source_fault(source, xml_place(source, root), "%s is no service and holds none",
                     (const char *)root->name);
    }
}

static void
read_file(const struct source *source, struct einfracentral_entries *entries)
{
    xmlDoc *doc = xml_fields_open(source);
    if (doc != NULL) {
        read_root(source, xmlDocGetRootElement(doc), entries);
    }
    xmlFreeDoc(doc);
}

bool
einfracentral_read(const char *const *paths, size_t n_paths, const char *registry,
                   struct arena *arena, struct import_set *out, struct faults *faults)
{
    *out = (struct import_set){
        .provider_fields = xml_fields_mask(arena, provider_fields),
        .service_fields = xml_fields_mask(arena, service_fields),
    };
    struct einfracentral_entries entries = {NULL, 0};
    struct records_index *index = records_index_new(arena);
    for (size_t i = 0; i < n_paths; i++) {
        struct source *source = arena_alloc(arena, sizeof *source);
        *source = (struct source){.path = paths[i],
                                  .format = "einfracentral-2017",
                                  .registry = registry,
                                  .arena = arena,
                                  .out = out,
                                  .faults = faults,
                                  .index = index};
        read_file(source, &entries);
    }
    einfracentral_relate(&entries, arena);
    return faults->n_found == 0;
}
