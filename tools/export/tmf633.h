/*
 * TMF633: a list of specifications, one a service, with the offer that is ordered here.
 *
 * Memory: of the exporting. Errors: losses of the record. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_EXPORT_TMF633_H
#define KONTOR_TOOLS_EXPORT_TMF633_H

#include "tools/export/export.h"

/* A record for the exporter "tmf633". */
void tmf633_export_record(struct exporting *exporting, enum exporting_list list,
                          const ProtobufCMessage *record);

#endif
