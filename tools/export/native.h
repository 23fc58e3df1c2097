/*
 * kontor-1: the records as they are, in lists by kind, a record a line so that two
 * files can be compared.
 *
 * Memory: of the exporting. Errors: none, nothing is lost. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_EXPORT_NATIVE_H
#define KONTOR_TOOLS_EXPORT_NATIVE_H

#include "tools/export/export.h"

/* The functions of the exporter "kontor-1". */
void native_export_begin(struct exporting *exporting);
void native_export_record(struct exporting *exporting, enum exporting_list list,
                          const ProtobufCMessage *record);
void native_export_end(struct exporting *exporting);

#endif
