#include "tools/export/osb.h"

#include "tools/export/orderable.h"
#include "tools/import/osb.h"

static const struct orderable_form form = {.fields = osb_service_fields};

void
osb_export_begin(struct exporting *exporting)
{
    fputs("{\"services\": [", exporting->out);
}

void
osb_export_record(struct exporting *exporting, enum exporting_list list,
                  const ProtobufCMessage *record)
{
    orderable_export(exporting, list, record, &form);
}

void
osb_export_end(struct exporting *exporting)
{
    fprintf(exporting->out, "%s]}\n", exporting->line);
}
