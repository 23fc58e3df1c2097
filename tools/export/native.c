#include "tools/export/native.h"

#include "proto/json.h"

static const char *const lists[EXPORTING_COUNT] = {
    [EXPORTING_VOCABULARIES] = "vocabularies",
    [EXPORTING_PROVIDERS] = "providers",
    [EXPORTING_SERVICES] = "services",
};

void
native_export_begin(struct exporting *exporting)
{
    fprintf(exporting->out, "{\"%s\": [", lists[exporting->list]);
}

/* Lists that have no records are written all the same. */
static void
go_to(struct exporting *exporting, int list)
{
    while (exporting->list < list) {
        exporting->list++;
        exporting->n = 0;
        fprintf(exporting->out, "%s],%s\"%s\": [", exporting->line, exporting->line,
                lists[exporting->list]);
    }
}

void
native_export_record(struct exporting *exporting, enum exporting_list list,
                     const ProtobufCMessage *record)
{
    go_to(exporting, (int)list);
    const char *text = json_print(record, JSON_COMPACT, exporting->target.arena);
    exporting_element(exporting, text == NULL ? "{}" : text);
}

void
native_export_end(struct exporting *exporting)
{
    go_to(exporting, EXPORTING_COUNT - 1);
    fprintf(exporting->out, "%s]}\n", exporting->line);
}
