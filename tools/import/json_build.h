/*
 * JSON values of a record being written, where no table says what goes where.
 *
 * Memory: the target's arena. Errors: what JSON cannot say is a loss of the target.
 * Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_JSON_BUILD_H
#define KONTOR_TOOLS_IMPORT_JSON_BUILD_H

#include "kontor/v1/common.pb-c.h"
#include "proto/json_tree.h"
#include "tools/import/target.h"

/* Members of an object, or elements of a list, while they are gathered. */
struct json_build {
    struct target *target;
    struct json_member *members; /* The elements of a list have no name. */
    size_t n;
};

void json_build_add(struct json_build *build, const char *name,
                    struct json_value value);
/* An empty text is not added. */
void json_build_text(struct json_build *build, const char *name, const char *text);
void json_build_integer(struct json_build *build, const char *name, int64_t integer);
void json_build_flag(struct json_build *build, const char *name, bool flag);
/* What was gathered, as an object or as a list. */
struct json_value json_build_object(const struct json_build *build);
struct json_value json_build_list(const struct json_build *build);

/* A decimal as a number; one with more digits than JSON's numbers keep is a loss. */
struct json_value json_build_decimal(struct target *target, const char *decimal,
                                     const char *path);
/* A plain value; null, and a loss, for a list and for none. A date is a text. */
struct json_value json_build_value(struct target *target,
                                   const Kontor__V1__Value *value, const char *path);

#endif
