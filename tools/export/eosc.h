/*
 * EOSC's resource catalogue: a list of bare records, providers before services, by the
 * tables of the importers.
 *
 * Memory: of the exporting. Errors: losses of the record. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_EXPORT_EOSC_H
#define KONTOR_TOOLS_EXPORT_EOSC_H

#include "tools/export/export.h"

/* A record for the exporters "eosc-5" and "eosc-6". */
void eosc_export_5(struct exporting *exporting, enum exporting_list list,
                   const ProtobufCMessage *record);
void eosc_export_6(struct exporting *exporting, enum exporting_list list,
                   const ProtobufCMessage *record);

#endif
