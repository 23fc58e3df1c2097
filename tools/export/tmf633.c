#include "tools/export/tmf633.h"

#include "tools/export/orderable.h"
#include "tools/import/tmf633.h"

/* The phase is said by the life cycle's status. */
static const struct orderable_form form = {.fields = tmf633_fields, .says_phase = true};

void
tmf633_export_record(struct exporting *exporting, enum exporting_list list,
                     const ProtobufCMessage *record)
{
    orderable_export(exporting, list, record, &form);
}
