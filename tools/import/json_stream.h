/*
 * A JSON file of any size: found out where its lists begin, and their elements handed
 * out one by one. Only brackets and texts are looked at here; each element goes through
 * json_tree_parse_part, which judges it as it would the whole.
 *
 * Memory: names and a buffer in the arena given to open; a value in the source's.
 * Errors: faults of the source, with line and column where it is no JSON. Threads: one
 * at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_JSON_STREAM_H
#define KONTOR_TOOLS_IMPORT_JSON_STREAM_H

#include "proto/json_tree.h"
#include "tools/import/reread.h"

enum {
    JSON_STREAM_BYTES = 4 * 1024 * 1024, /* Of one value. */
    JSON_STREAM_NAME_BYTES = 1024,       /* Of the name of a member of the root. */
    JSON_STREAM_MEMBERS = 4096,          /* Of the root. */
    JSON_STREAM_BLOCK = 64 * 1024,
};

/* Where a value stands in the file. */
struct json_span {
    uint64_t offset;
    uint64_t size; /* In bytes. */
    struct json_tree_start start;
    char first; /* Its first byte, which says what it is. */
};

/* A member of the root. */
struct json_stream_member {
    const char *name;
    struct json_span value;
};

struct json_stream {
    struct reread file;
    struct json_span root;
    struct json_stream_member *members; /* When the root is an object. */
    size_t n_members;
    const struct source *source; /* Of the call being served. */
    uint8_t *block;              /* What of the file is being looked at: */
    size_t n;                    /* that many bytes, */
    uint64_t offset;             /* from here on, */
    size_t at;                   /* and this is the next. */
    size_t line;                 /* Where that is. */
    uint64_t line_offset;
    size_t depth;
    bool is_broken; /* A fault was told: nothing more can be found. */
    bool is_first;  /* Of the list being read. */
};

/* Opens the source's file and finds the root and its members; false: faults. */
bool json_stream_open(struct json_stream *stream, const struct source *source,
                      struct arena *kept);
void json_stream_close(struct json_stream *stream);
/* The member of the root of that name, or NULL. */
const struct json_span *json_stream_member(const struct json_stream *stream,
                                           const char *name);
/* Begins to read a list. */
void json_stream_begin(struct json_stream *stream, const struct json_span *list);
/* Its next element; false: there is none, or a fault. */
bool json_stream_next(struct json_stream *stream, const struct source *source,
                      struct json_span *element);
/* The value as a tree; place is what a fault calls it when it is too large. */
const struct json_value *json_stream_value(struct json_stream *stream,
                                           const struct source *source,
                                           const struct json_span *span,
                                           const char *place);
/* The same, but of a list or an object only what it is; NULL for no span. */
const struct json_value *json_stream_head(struct json_stream *stream,
                                          const struct source *source,
                                          const struct json_span *span,
                                          const char *place);

#endif
