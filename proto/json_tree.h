/*
 * JSON of any shape as a tree to read: what an importer walks when the source is not
 * one of our messages. The second door to jansson.
 *
 * Memory: an arena. Errors: a fault with line and column, and NULL. Threads: any; a
 * tree never changes.
 */
#ifndef KONTOR_PROTO_JSON_TREE_H
#define KONTOR_PROTO_JSON_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/arena.h"
#include "proto/bytes.h"
#include "proto/faults.h"

/* How deep a tree may nest, and how many bytes its text may have. */
enum { JSON_TREE_DEPTH = 64, JSON_TREE_BYTES = 64 * 1024 * 1024 };

enum json_type {
    JSON_TYPE_NULL,
    JSON_TYPE_BOOLEAN,
    JSON_TYPE_INTEGER,
    JSON_TYPE_REAL,
    JSON_TYPE_TEXT,
    JSON_TYPE_LIST,
    JSON_TYPE_OBJECT,
};

struct json_member;

/* One value; the members that do not belong to its type are zero. */
struct json_value {
    enum json_type type;
    bool boolean;
    int64_t integer;
    double real;
    const char *text;                  /* TEXT; UTF-8 without NUL. */
    const struct json_value *elements; /* LIST: n of them. */
    const struct json_member *members; /* OBJECT: n of them, in the order written. */
    size_t n;
};

struct json_member {
    const char *name;
    struct json_value value;
};

/*
 * The tree of a JSON text. name stands before line and column in a fault's path. NULL:
 * not JSON, a name twice in one object, a text with NUL, too deep or too large.
 */
const struct json_value *json_tree_parse(struct bytes text, const char *name,
                                         struct arena *arena, struct faults *faults);
/*
 * The same for a part of a longer text. Where it begins there counts for lines and
 * columns of faults and for how deep it nests.
 */
struct json_tree_start {
    size_t line;   /* From 1. */
    size_t column; /* How many bytes of that line stand before it. */
    size_t depth;  /* How many lists and objects it stands in. */
};
const struct json_value *json_tree_parse_part(struct bytes text,
                                              struct json_tree_start start,
                                              const char *name, struct arena *arena,
                                              struct faults *faults);
/* The member of that name, or NULL; value may be NULL or of any type. */
const struct json_value *json_tree_get(const struct json_value *value,
                                       const char *name);
/* The value as compact JSON text. */
char *json_tree_print(const struct json_value *value, struct arena *arena);
/* The type in words: "an object". */
const char *json_tree_type(const struct json_value *value);

#endif
