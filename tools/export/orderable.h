/*
 * What formats have in common that hold nothing but what can be ordered: a service
 * without an offer of this broker is no element of theirs, a provider only a name.
 *
 * Memory: of the exporting. Errors: losses of the record. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_EXPORT_ORDERABLE_H
#define KONTOR_TOOLS_EXPORT_ORDERABLE_H

#include "tools/export/export.h"
#include "tools/import/json_fields.h"

/* Such a format. */
struct orderable_form {
    const struct json_field *fields; /* Of a service. */
    bool says_phase;                 /* Whether a field of another name says it. */
};

/* Writes a service that can be ordered, and tells what is lost. */
void orderable_export(struct exporting *exporting, enum exporting_list list,
                      const ProtobufCMessage *record,
                      const struct orderable_form *form);

#endif
