#include "proto/pattern_program.h"

#include <stdlib.h>
#include <string.h>

enum {
    REPEATS_ENDLESS = -1,
    NOWHERE = UINT16_MAX,
};

/* How often a part stands there. */
struct repeat {
    int least;
    int most; /* REPEATS_ENDLESS = no limit. */
};

/* ---- Finding one's way in a pattern ---- */

/* Behind the token at a place that is not the end: a byte, an escape or a set. */
static const char *
token_end(const char *at)
{
    if (*at == '[') {
        return pattern_set_end(at);
    }
    if (*at == '\\') {
        return at[1] == '\0' ? NULL : at + 2;
    }
    return at + 1;
}

/*
 * Notes for every part where the next one begins, so that nothing is looked for again
 * however often the part is written out. False = something is not closed, or closes
 * nothing.
 */
static bool
note_ends(struct pattern_program *program)
{
    const char *pattern = program->pattern;
    uint16_t open[PATTERN_MAX_BYTES];
    size_t depth = 0;
    for (const char *at = pattern; *at != '\0';) {
        const char *end = token_end(at);
        if (end == NULL || (*at == ')' && depth == 0)) {
            return false;
        }
        if (*at == '(') {
            open[depth++] = (uint16_t)(at - pattern);
        }
        size_t first = *at == ')' ? open[--depth] : (size_t)(at - pattern);
        program->ends[first] = (uint16_t)(end - pattern);
        at = end;
    }
    return depth == 0;
}

/* Behind the part that begins at a place: a token or a group. */
static const char *
part_end(const struct pattern_program *program, const char *at)
{
    return program->pattern + program->ends[at - program->pattern];
}

/* The first "|" outside a group; end when there is none. */
static const char *
find_bar(const struct pattern_program *program, const char *at, const char *end)
{
    while (at < end && *at != '|') {
        at = part_end(program, at);
    }
    return at;
}

/* A number of a repetition; leaves at where it stands when there is none. */
static int
read_number(const char **at, int missing)
{
    if (**at < '0' || **at > '9') {
        return missing;
    }
    int number = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        number = 10 * number + (**at - '0');
        /* More are never written out, so the number need not grow further. */
        number = number > PATTERN_MAX_STEPS ? PATTERN_MAX_STEPS + 1 : number;
    }
    return number;
}

/* Reads "{2}", "{2,}", "{,5}" or "{2,5}"; answers what follows, NULL = it is none. */
static const char *
read_braces(const char *at, struct repeat *repeat)
{
    const char *first = ++at;
    repeat->least = read_number(&at, 0);
    bool has_least = at != first;
    repeat->most = repeat->least;
    if (*at == ',') {
        at++;
        repeat->most = read_number(&at, REPEATS_ENDLESS);
    } else if (!has_least) {
        return NULL;
    }
    bool is_range = repeat->most == REPEATS_ENDLESS || repeat->least <= repeat->most;
    return *at == '}' && is_range ? at + 1 : NULL;
}

/* Reads how often the part before this place stands there; answers what follows. */
static const char *
read_repeat(const char *at, struct repeat *repeat)
{
    static const struct {
        char sign;
        struct repeat repeat;
    } signs[] = {
        {'*', {0, REPEATS_ENDLESS}},
        {'+', {1, REPEATS_ENDLESS}},
        {'?', {0, 1}},
    };
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (*at == signs[i].sign) {
            *repeat = signs[i].repeat;
            return at + 1;
        }
    }
    *repeat = (struct repeat){1, 1};
    return *at == '{' ? read_braces(at, repeat) : at;
}

/* ---- Writing out ---- */

static void write_choice(struct pattern_program *program, const char *at,
                         const char *end);

/* Adds a step; answers its number. */
static size_t
add_step(struct pattern_program *program, enum pattern_op op, size_t to,
         unsigned char byte)
{
    if (program->n_steps == PATTERN_MAX_STEPS) {
        program->is_bad = true;
        return 0;
    }
    program->steps[program->n_steps] =
        (struct pattern_step){.op = op, .to = (uint16_t)to, .byte = byte};
    return program->n_steps++;
}

static void
write_set(struct pattern_program *program, const char *at, const char *end)
{
    size_t i = 0;
    while (i < program->n_sets && program->sets[i].source != at) {
        i++;
    }
    if (i == program->n_sets) {
        program->n_sets++;
        program->sets[i].source = at;
        program->is_bad |= !pattern_set_read(&program->sets[i], at, end);
    }
    (void)add_step(program, PATTERN_SET, NOWHERE, (unsigned char)i);
}

static void
write_escape(struct pattern_program *program, char byte)
{
    /* "\d" means a digit to most people and "d" to POSIX, "\<" the beginning of a word
     * to some: nothing is guessed. */
    program->is_bad |= strchr("^.[]$()|*+?{}\\/-@:", byte) == NULL;
    (void)add_step(program, PATTERN_BYTE, NOWHERE, (unsigned char)byte);
}

static void
write_token(struct pattern_program *program, const char *at, const char *end)
{
    switch (*at) {
    case '[':
        write_set(program, at, end);
        return;
    case '\\':
        write_escape(program, at[1]);
        return;
    case '.':
        (void)add_step(program, PATTERN_ANY, NOWHERE, 0);
        return;
    case '^':
        (void)add_step(program, PATTERN_START, NOWHERE, 0);
        return;
    case '$':
        (void)add_step(program, PATTERN_END, NOWHERE, 0);
        return;
    case '*':
    case '+':
    case '?':
    case '{':
        /* There is nothing before it that it could repeat. */
        program->is_bad = true;
        return;
    default:
        (void)add_step(program, PATTERN_BYTE, NOWHERE, (unsigned char)*at);
        return;
    }
}

static void
write_part(struct pattern_program *program, const char *at, const char *end)
{
    /* Groups are no steps, and multiply all the same. */
    program->n_parts++;
    program->is_bad |= program->n_parts > PATTERN_MAX_STEPS;
    if (program->is_bad) {
        return;
    }
    if (*at == '(') {
        write_choice(program, at + 1, end - 1);
    } else {
        write_token(program, at, end);
    }
}

/* "x*": fork behind the loop; x; jump to the fork. */
static void
write_endless(struct pattern_program *program, const char *at, const char *end)
{
    size_t fork = add_step(program, PATTERN_FORK, NOWHERE, 0);
    write_part(program, at, end);
    (void)add_step(program, PATTERN_JUMP, fork, 0);
    program->steps[fork].to = (uint16_t)program->n_steps;
}

/* "x{0,n}": n times a fork behind all of them, and x. Every copy has the same size. */
static void
write_optional(struct pattern_program *program, const char *at, const char *end, int n)
{
    size_t first = program->n_steps;
    for (int i = 0; i < n && !program->is_bad; i++) {
        (void)add_step(program, PATTERN_FORK, NOWHERE, 0);
        write_part(program, at, end);
    }
    size_t size = n > 0 ? (program->n_steps - first) / (size_t)n : 0;
    for (int i = 0; i < n && !program->is_bad; i++) {
        program->steps[first + (size_t)i * size].to = (uint16_t)program->n_steps;
    }
}

static void
write_repeated(struct pattern_program *program, const char *at, const char *end,
               const struct repeat *repeat)
{
    for (int i = 0; i < repeat->least && !program->is_bad; i++) {
        write_part(program, at, end);
    }
    if (repeat->most == REPEATS_ENDLESS) {
        write_endless(program, at, end);
    } else {
        write_optional(program, at, end, repeat->most - repeat->least);
    }
}

/* One part behind the other. */
static void
write_branch(struct pattern_program *program, const char *at, const char *end)
{
    while (at < end && !program->is_bad) {
        const char *behind = part_end(program, at);
        struct repeat repeat = {0, 0};
        const char *next = read_repeat(behind, &repeat);
        bool is_anchor = *at == '^' || *at == '$';
        if (next == NULL || (is_anchor && next != behind)) {
            program->is_bad = true;
            return;
        }
        write_repeated(program, at, behind, &repeat);
        at = next;
    }
}

/* Branches with "|" between them: each but the last begins with a fork to the next and
 * ends with a jump behind all of them. */
static void
write_choice(struct pattern_program *program, const char *at, const char *end)
{
    size_t last_jump = NOWHERE;
    const char *bar = find_bar(program, at, end);
    while (bar < end && !program->is_bad) {
        size_t fork = add_step(program, PATTERN_FORK, NOWHERE, 0);
        write_branch(program, at, bar);
        /* Where the choice ends is not known yet: until then each jump names the one
         * before it. */
        last_jump = add_step(program, PATTERN_JUMP, last_jump, 0);
        program->steps[fork].to = (uint16_t)program->n_steps;
        at = bar + 1;
        bar = find_bar(program, at, end);
    }
    write_branch(program, at, end);
    while (last_jump != NOWHERE && !program->is_bad) {
        size_t before = program->steps[last_jump].to;
        program->steps[last_jump].to = (uint16_t)program->n_steps;
        last_jump = before;
    }
}

struct pattern_program *
pattern_program_new(const char *pattern)
{
    size_t size = strlen(pattern);
    if (size > PATTERN_MAX_BYTES) {
        return NULL;
    }
    struct pattern_program *program = calloc(1, sizeof *program);
    if (program == NULL) {
        abort();
    }
    program->pattern = pattern;
    program->is_bad = !note_ends(program);
    if (!program->is_bad) {
        write_choice(program, pattern, pattern + size);
        (void)add_step(program, PATTERN_DONE, NOWHERE, 0);
    }
    if (program->is_bad) {
        pattern_program_free(program);
        return NULL;
    }
    return program;
}

void
pattern_program_free(struct pattern_program *program)
{
    free(program);
}
