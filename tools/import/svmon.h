/*
 * Reports of SVMON's clients: what version of what runs where.
 *
 * Memory: the arena. Errors: faults and findings with file and place. Threads: one at a
 * time. Source: pysvmon, whose reports are one JSON object a component, and the lines
 * of pakiti-client --svmonreport: site, host, operating system, type, component and
 * version, between tabs.
 */
#ifndef KONTOR_TOOLS_IMPORT_SVMON_H
#define KONTOR_TOOLS_IMPORT_SVMON_H

#include "kontor/v1/configuration_service.pb-c.h"
#include "tools/import/import.h"

struct svmon_reports {
    Kontor__V1__VersionReport **rows;
    size_t n_rows;
    struct import_set told; /* Its findings. */
};

/* Adds the reports of a file: an object, a list of them, or lines. false: faults say
 * why; what was added is then not to be used. */
bool svmon_read(const char *path, struct arena *arena, struct svmon_reports *reports,
                struct faults *faults);

#endif
