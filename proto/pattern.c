#include "proto/pattern.h"

#include <stdlib.h>

#include "proto/pattern_program.h"

bool
pattern_is_good(const char *pattern)
{
    struct pattern_program *program = pattern_program_new(pattern);
    bool is_good = program != NULL;
    pattern_program_free(program);
    return is_good;
}

/* The steps that may take the next byte, each once. */
struct places {
    uint16_t at[PATTERN_MAX_STEPS];
    size_t n;
};

struct match {
    const struct pattern_program *program;
    struct places places[2];
    uint32_t seen[PATTERN_MAX_STEPS]; /* The round in which a step was reached last. */
    uint32_t round;
    uint16_t waiting[PATTERN_MAX_STEPS]; /* Reached, and not yet looked at. */
    size_t n_waiting;
    bool is_start;
    bool is_end;
    bool is_done; /* Whether the last round reached the end of the pattern. */
};

static void
reach(struct match *match, size_t at, struct places *places)
{
    if (match->seen[at] == match->round) {
        return;
    }
    match->seen[at] = match->round;
    if (match->program->steps[at].op <= PATTERN_SET) {
        places->at[places->n++] = (uint16_t)at;
    } else {
        match->waiting[match->n_waiting++] = (uint16_t)at;
    }
}

/* Follows a step that takes no byte. */
static void
follow(struct match *match, size_t at, struct places *places)
{
    const struct pattern_step *step = &match->program->steps[at];
    switch (step->op) {
    case PATTERN_FORK:
        reach(match, at + 1, places);
        reach(match, step->to, places);
        return;
    case PATTERN_JUMP:
        reach(match, step->to, places);
        return;
    case PATTERN_START:
    case PATTERN_END:
        if (step->op == PATTERN_START ? match->is_start : match->is_end) {
            reach(match, at + 1, places);
        }
        return;
    case PATTERN_DONE:
        match->is_done = true;
        return;
    case PATTERN_BYTE:
    case PATTERN_ANY:
    case PATTERN_SET:
        return;
    }
}

static void
follow_all(struct match *match, struct places *places)
{
    while (match->n_waiting > 0) {
        follow(match, match->waiting[--match->n_waiting], places);
    }
}

static bool
does_take(const struct pattern_program *program, const struct pattern_step *step,
          unsigned char byte)
{
    if (step->op == PATTERN_SET) {
        return pattern_set_has(&program->sets[step->byte], byte);
    }
    return step->op == PATTERN_ANY || step->byte == byte;
}

/* Takes one byte: from the places before it to those behind it. */
static void
take(struct match *match, const struct places *from, struct places *to,
     unsigned char byte)
{
    match->round++;
    match->is_done = false;
    to->n = 0;
    for (size_t i = 0; i < from->n; i++) {
        size_t at = from->at[i];
        if (does_take(match->program, &match->program->steps[at], byte)) {
            reach(match, at + 1, to);
        }
    }
    follow_all(match, to);
}

static bool
run(struct match *match, const char *text)
{
    struct places *from = &match->places[0];
    struct places *to = &match->places[1];
    match->round = 1;
    match->is_start = true;
    match->is_end = *text == '\0';
    reach(match, 0, from);
    follow_all(match, from);
    match->is_start = false;
    for (; *text != '\0' && from->n > 0; text++) {
        match->is_end = text[1] == '\0';
        take(match, from, to, (unsigned char)*text);
        struct places *behind = from;
        from = to;
        to = behind;
    }
    return *text == '\0' && match->is_done;
}

bool
pattern_matches(const char *pattern, const char *text)
{
    struct pattern_program *program = pattern_program_new(pattern);
    if (program == NULL) {
        return false;
    }
    struct match *match = calloc(1, sizeof *match);
    if (match == NULL) {
        abort();
    }
    match->program = program;
    bool is_match = run(match, text);
    free(match);
    pattern_program_free(program);
    return is_match;
}
