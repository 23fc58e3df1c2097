/*
 * Files walked twice, part by part: first to judge all of them, then to do something
 * with each record. A format that is streamed gives one record at a time, so that a
 * file may be larger than the memory; any other gives its whole set as one part.
 *
 * Memory: a part lives in the arena given for it, which may be reset once the part is
 * done with; what is needed longer is in the arena of the walk. Errors: faults, told in
 * the first walk; in the second only what happened to a file meanwhile. Threads: one at
 * a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_WALK_H
#define KONTOR_TOOLS_IMPORT_WALK_H

#include "tools/import/json_stream.h"
#include "tools/import/source.h"

/* A list of records in a file. */
struct walk_list {
    struct json_span span;
    const char *name; /* Begins the places of its elements. */
    bool is_single;   /* It is no list but the one record. */
};

/* What a format sees of a walk. */
struct walk_view {
    struct source source; /* Its arena and set are those of the part. */
    const void *format;   /* The format's own, from its row. */
    size_t round;
    bool is_judging; /* The first walk. */
    struct arena *kept;
    void *own; /* The format's own, in the kept arena. */
};

/*
 * A format whose files are lists of records. All files are gone through once a round,
 * so that records of a later round come after all of an earlier one.
 */
struct import_stream {
    size_t n_rounds;
    const void *format;
    /* Makes the masks, and what the format keeps. */
    void (*begin)(struct walk_view *view, struct import_set *masks);
    /* The list of this round in a file; false: there is none, or a fault. */
    bool (*find)(struct walk_view *view, struct json_stream *file,
                 struct walk_list *list);
    /* Reads an element into the part, when it is one of this round. */
    void (*read)(struct walk_view *view, const struct json_value *value,
                 const char *place);
    /* Of a list of n elements all were read; NULL: that says nothing. */
    void (*end_list)(struct walk_view *view, struct json_stream *file, size_t n);
    /* All files were judged; NULL: nothing to add. */
    void (*end)(struct walk_view *view);
};

struct import_walk;

/* Begins the first walk; kept has to outlive it. */
struct import_walk *import_walk_open(const struct importer *importer,
                                     const char *const *paths, size_t n_paths,
                                     const char *registry, struct arena *kept,
                                     struct faults *faults);
/* People stay in what is read: without it the importer takes them out. Before the first
 * part. */
void import_walk_keep_names(struct import_walk *walk);
/*
 * The next part, which may be empty, with all masks; false: this walk has ended. After
 * the first walk the faults say whether there may be a second.
 */
bool import_walk_next(struct import_walk *walk, struct arena *arena,
                      struct import_set *part);
/* Begins the next walk. */
void import_walk_again(struct import_walk *walk);
/* Accepts NULL. */
void import_walk_close(struct import_walk *walk);

/* Everything in one set, for whoever has the memory; false: the faults say why. */
bool import_read_all(const struct importer *importer, const char *const *paths,
                     size_t n_paths, const char *registry, struct arena *arena,
                     struct import_set *out, struct faults *faults);

#endif
