/*
 * Kontor's own form: one JSON object with lists of our messages in proto3 JSON, such as
 * {"providers": [...], "services": [...], "sites": [...], "endpoints": [...],
 * "downtimes": [...]}.
 *
 * Memory: the source's arena. Errors: faults and findings of the source. Threads: one
 * at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_NATIVE_H
#define KONTOR_TOOLS_IMPORT_NATIVE_H

#include "tools/import/walk.h"

/* The format "kontor-1". */
extern const struct import_stream native_stream;

#endif
