/*
 * Exporters: the catalogue as another system's file, written record by record as it
 * comes from the broker.
 *
 * Memory: an arena that is reset for each record, so that a catalogue of any size is
 * written in that of its largest record. Errors: what the form cannot say is a loss of
 * the record; a stream that cannot be written shows in ferror. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_EXPORT_EXPORT_H
#define KONTOR_TOOLS_EXPORT_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <protobuf-c/protobuf-c.h>

#include "tools/import/target.h"

/* The lists of a catalogue, in the order in which their records come. */
enum exporting_list {
    EXPORTING_VOCABULARIES,
    EXPORTING_PROVIDERS,
    EXPORTING_SERVICES,
    EXPORTING_BUNDLES,
    EXPORTING_COUNT,
};

struct exporter;

/* A file being written. */
struct exporting {
    const struct exporter *exporter;
    FILE *out;
    const char *line;     /* What ends a line; "" where all is to be one. */
    struct target target; /* The record that was written last, and what it lost. */
    size_t n;             /* Records in the list that is open. */
    int list;             /* For exporters that write several lists: the open one. */
    char registry[32];    /* Of the first record; "" before it. */
};

struct exporter {
    const char *format; /* As given to --format. */
    const char *holds;  /* What is written, for people. */
    /* Opens the file. */
    void (*begin)(struct exporting *exporting);
    /* One record of the list. */
    void (*record)(struct exporting *exporting, enum exporting_list list,
                   const ProtobufCMessage *record);
    /* Closes the file. */
    void (*end)(struct exporting *exporting);
};

/* All exporters, ended by a NULL format. */
extern const struct exporter exporters[];
/* The exporter of a format, or NULL. */
const struct exporter *exporter_find(const char *format);

/* A file of a format on a stream, which stays the caller's; to be ended by
 * exporting_done. Nothing is written yet. */
struct exporting exporting_new(const struct exporter *exporter, FILE *out,
                               bool is_one_line);
/* Gives the memory back; writes nothing, so that what was cut off looks cut off. */
void exporting_done(struct exporting *exporting);
void exporting_begin(struct exporting *exporting);
/* One record; the losses of the target are its own until the next. */
void exporting_record(struct exporting *exporting, enum exporting_list list,
                      const ProtobufCMessage *record);
void exporting_end(struct exporting *exporting);

/* For exporters whose ids are keys: tells a record that is not of the first's registry.
 */
void exporting_tell_foreign(struct exporting *exporting);
/* For exporters: begin and end of a file that is one JSON list, and an element of a
 * list with the comma and the line before it. */
void exporting_open_list(struct exporting *exporting);
void exporting_close_list(struct exporting *exporting);
void exporting_element(struct exporting *exporting, const char *json);

#endif
