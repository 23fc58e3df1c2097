/*
 * A pattern written out as steps, each repetition as often as it says.
 *
 * Memory: new takes, free gives back. Errors: NULL = it is no pattern; abort when out
 * of memory. Threads: any.
 */
#ifndef KONTOR_PROTO_PATTERN_PROGRAM_H
#define KONTOR_PROTO_PATTERN_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/pattern.h"
#include "proto/pattern_set.h"

enum {
    PATTERN_MAX_SETS =
        PATTERN_MAX_BYTES / 3, /* The shortest set, "[a]", has three bytes. */
};

/* What a step takes before the next one follows; those that take a byte come first. */
enum pattern_op {
    PATTERN_BYTE,  /* The byte of the step. */
    PATTERN_ANY,   /* Any byte. */
    PATTERN_SET,   /* A byte of a set. */
    PATTERN_FORK,  /* Nothing; goes on with the next step and at to. */
    PATTERN_JUMP,  /* Nothing; goes on at to. */
    PATTERN_START, /* Nothing, at the beginning of the text. */
    PATTERN_END,   /* Nothing, at the end of the text. */
    PATTERN_DONE,  /* Nothing follows. */
};

struct pattern_step {
    enum pattern_op op;
    uint16_t to;
    unsigned char byte; /* Or the number of a set. */
};

/* A pattern written out. */
struct pattern_program {
    const char *pattern;
    uint16_t ends[PATTERN_MAX_BYTES]; /* Where the part that begins here ends. */
    struct pattern_step steps[PATTERN_MAX_STEPS];
    size_t n_steps;
    struct pattern_set sets[PATTERN_MAX_SETS];
    size_t n_sets;
    size_t n_parts; /* Parts written out, those without a step as well. */
    bool is_bad;
};

/* Of a pattern that must live as long. */
struct pattern_program *pattern_program_new(const char *pattern);
/* NULL is fine. */
void pattern_program_free(struct pattern_program *program);

#endif
