/*
 * What tests of exporters share: writing a set in a format, reading it again, and
 * comparing what came back with what was sent.
 *
 * Memory: the import fixture's arena. Errors: a test fails. Threads: one.
 */
#ifndef KONTOR_TESTS_TOOLS_EXPORT_FIXTURE_H
#define KONTOR_TESTS_TOOLS_EXPORT_FIXTURE_H

#include "tests/tools/import_fixture.h"

/* A loss as it was told. */
struct export_loss {
    const char *id;
    const char *path;
    const char *text;
};

struct export_result {
    const char *text; /* The whole file. */
    struct export_loss *losses;
    size_t n_losses;
};

/* The set as a file of the format, a record a line. */
struct export_result export_fixture_write(struct import_fixture *fixture,
                                          const char *format,
                                          const struct import_set *set);
/* The same, read again by the importer of the format, which must take it. */
struct import_set export_fixture_read(struct import_fixture *fixture,
                                      const char *format, const char *text);
/* Whether a loss of that record is about that field or a part of it. */
bool export_fixture_lost(const struct export_result *result, const char *id,
                         const char *field);
/* The record of that id among n, or NULL. */
const ProtobufCMessage *export_fixture_find(void *records, size_t n, const char *id);
/* The packed bytes of one field of a record, as the only one in it. */
struct bytes export_fixture_field(const ProtobufCMessage *record,
                                  const ProtobufCFieldDescriptor *field,
                                  struct arena *arena);
/*
 * Compares two records field by field within the mask. Answers how many differ; each
 * that does must have been told as lost, but where a record says for the first time
 * where it came from.
 */
size_t export_fixture_compare(const struct export_result *result,
                              const ProtobufCMessage *sent,
                              const ProtobufCMessage *back,
                              const Google__Protobuf__FieldMask *mask,
                              struct arena *arena);

#endif
