/*
 * Data management plans as machines write them (maDMP): which version of the standard
 * a document is judged by, and everything it has against it. Source: RDA DMP Common
 * Standard, versions 1.0, 1.1 and 1.2.
 *
 * Memory: the arena given; verdicts point into it and into the document. Errors:
 * faults for what is no JSON at all; all else is rows of a verdict. Threads: any.
 */
#ifndef KONTOR_PLAN_MADMP_H
#define KONTOR_PLAN_MADMP_H

#include <stdbool.h>
#include <stddef.h>

#include "plan/people.h"
#include "proto/arena.h"
#include "proto/faults.h"
#include "proto/json_tree.h"

enum madmp_version {
    MADMP_1_0,
    MADMP_1_1,
    MADMP_1_2,
    MADMP_NOT_NAMED,                  /* None of them. */
    MADMP_VERSIONS = MADMP_NOT_NAMED, /* How many there are. */
};
enum {
    MADMP_MAX_BYTES = 256 * 1024, /* Of a document. */
    MADMP_MAX_ROWS = 512,         /* Of a verdict; beyond it only the count grows. */
};

/* What is wrong, or odd, at a place of the document. */
struct madmp_row {
    const char *path; /* JSONPath: $.dmp.dataset[0].is_reused. */
    const char *text; /* What is there and what would be right. */
};

struct madmp_rows {
    struct madmp_row *rows;
    size_t n_rows;
    size_t n_found; /* Also those that found no room. */
    size_t room;
    struct people *people; /* Set before: whom no row names; NULL = it may name all. */
};

struct madmp_verdict {
    enum madmp_version version; /* It was judged by this one. */
    bool is_named;              /* The caller, or the document, said so. */
    unsigned accepted_by;       /* Bit v: version v has nothing against the document. */
    struct madmp_rows faults;   /* Against the version; none = it is valid. */
    struct madmp_rows notes;    /* What is allowed and yet likely a mistake. */
};

/* "1.1"; NULL for MADMP_NOT_NAMED. */
const char *madmp_version_name(enum madmp_version version);
/* The version of that name; MADMP_NOT_NAMED for any other text. */
enum madmp_version madmp_version_of(const char *name);
/* "1.0 and 1.2"; "none". */
const char *madmp_versions_text(unsigned accepted_by, struct arena *arena);

/*
 * The document as a tree. NULL and a fault: it is no JSON object, has a name twice, a
 * text that is no UTF-8 or holds NUL, nests too deep, or is larger than
 * MADMP_MAX_BYTES. name stands before line and column in the fault's path.
 */
const struct json_value *madmp_parse(struct bytes text, const char *name,
                                     struct arena *arena, struct faults *faults);

/*
 * Judges a document by the version named, else by the one its "$schema" names, else by
 * the newest that accepts it, and by the newest there is when none does. Says as well
 * which of them accept it. Rows name none of the people; NULL = they may name all.
 */
void madmp_judge(const struct json_value *document, enum madmp_version named,
                 struct people *people, struct arena *arena,
                 struct madmp_verdict *verdict);

#endif
