/*
 * A service broker's catalogue: services with the offers that are ordered here, as
 * GET /v2/catalog answers them.
 *
 * Memory: of the exporting. Errors: losses of the record. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_EXPORT_OSB_H
#define KONTOR_TOOLS_EXPORT_OSB_H

#include "tools/export/export.h"

/* The functions of the exporter "osb". */
void osb_export_begin(struct exporting *exporting);
void osb_export_record(struct exporting *exporting, enum exporting_list list,
                       const ProtobufCMessage *record);
void osb_export_end(struct exporting *exporting);

#endif
