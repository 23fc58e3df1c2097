#include "tools/export/export.h"

#include <string.h>

#include "tools/export/eosc.h"
#include "tools/export/native.h"
#include "tools/export/osb.h"
#include "tools/export/tmf633.h"

/* As with importers, a format's name ends in what tells its versions apart. */
const struct exporter exporters[] = {
    {"kontor-1", "vocabularies, providers, services and bundles as they are",
     native_export_begin, native_export_record, native_export_end},
    {"eosc-5", "providers and services in EOSC's profile 4/5", exporting_open_list,
     eosc_export_5, exporting_close_list},
    {"eosc-6", "organisations and services of all kinds in EOSC's profile 6",
     exporting_open_list, eosc_export_6, exporting_close_list},
    {"osb", "services with the plans that are ordered here, for service brokers",
     osb_export_begin, osb_export_record, osb_export_end},
    {"tmf633",
     "services as specifications of TMF633, with the offer that is ordered here",
     exporting_open_list, tmf633_export_record, exporting_close_list},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct exporter *
exporter_find(const char *format)
{
    for (const struct exporter *row = exporters; row->format != NULL; row++) {
        if (strcmp(row->format, format) == 0) {
            return row;
        }
    }
    return NULL;
}

struct exporting
exporting_new(const struct exporter *exporter, FILE *out, bool is_one_line)
{
    return (struct exporting){
        .exporter = exporter,
        .out = out,
        .line = is_one_line ? "" : "\n",
        .target = {.format = exporter->format, .arena = arena_new(), .id = ""},
    };
}

void
exporting_done(struct exporting *exporting)
{
    arena_free(exporting->target.arena);
    exporting->target.arena = NULL;
}

void
exporting_begin(struct exporting *exporting)
{
    exporting->exporter->begin(exporting);
}

/* Every record of a catalogue has an id, and by its field it is found in any. */
static const char *
id_of(const ProtobufCMessage *record)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(record->descriptor, "id");
    const char *id;
    memcpy(&id, (const char *)record + field->offset, sizeof id);
    return id;
}

void
exporting_record(struct exporting *exporting, enum exporting_list list,
                 const ProtobufCMessage *record)
{
    const char *id = id_of(record);
    target_begin(&exporting->target, id);
    if (exporting->registry[0] == '\0') {
        snprintf(exporting->registry, sizeof exporting->registry, "%.*s",
                 (int)strcspn(id, "/"), id);
    }
    exporting->exporter->record(exporting, list, record);
}

void
exporting_end(struct exporting *exporting)
{
    exporting->exporter->end(exporting);
}

void
exporting_open_list(struct exporting *exporting)
{
    fputs("[", exporting->out);
}

void
exporting_close_list(struct exporting *exporting)
{
    fprintf(exporting->out, "%s]\n", exporting->line);
}

void
exporting_element(struct exporting *exporting, const char *json)
{
    fprintf(exporting->out, "%s%s%s", exporting->n++ == 0 ? "" : ",", exporting->line,
            json);
}

/*
 * Keys say nothing of a registry: an import takes all for its own, and two records of
 * one local id from two registries for one.
 */
void
exporting_tell_foreign(struct exporting *exporting)
{
    const char *registry = exporting->registry;
    const char *id = exporting->target.id;
    size_t size = strlen(registry);
    if (strncmp(id, registry, size) != 0 || id[size] != '/') {
        target_lose_for(&exporting->target, "id",
                        "is not of registry %s like the first: no key says so",
                        registry);
    }
}
