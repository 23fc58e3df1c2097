/*
 * Large files in pieces: what is handed out is what the whole would be, and what the
 * whole would not be taken for is not taken in pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/tools/real_data.h"
#include "tools/import/json_stream.h"

enum { ROUNDS = 20000 };

struct fixture {
    struct arena *arena;
    struct faults faults;
    struct source source;
};

static int
start(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.arena = arena_new()};
    *state = &fixture;
    return 0;
}

static int
stop(void **state)
{
    struct fixture *fixture = *state;
    arena_free(fixture->arena);
    return 0;
}

static const struct source *
source_for(struct fixture *fixture, const char *path)
{
    fixture->faults = (struct faults){.arena = fixture->arena};
    fixture->source = (struct source){
        .path = path, .arena = fixture->arena, .faults = &fixture->faults};
    return &fixture->source;
}

/* The elements of a list in pieces; NULL: refused. */
static char *
print_list(struct json_stream *stream, const struct source *source,
           const struct json_span *list)
{
    struct json_span span;
    char *text = arena_copy(source->arena, "[");
    const char *comma = "";
    json_stream_begin(stream, list);
    while (json_stream_next(stream, source, &span)) {
        const struct json_value *value = json_stream_value(stream, source, &span, "");
        if (value == NULL) {
            return NULL;
        }
        text = arena_print(source->arena, "%s%s%s", text, comma,
                           json_tree_print(value, source->arena));
        comma = ",";
    }
    return source->faults->n_found > 0 ? NULL : arena_print(source->arena, "%s]", text);
}

static char *
print_value(struct json_stream *stream, const struct source *source,
            const struct json_span *span)
{
    if (span->first == '[') {
        return print_list(stream, source, span);
    }
    const struct json_value *value = json_stream_value(stream, source, span, "");
    return value == NULL ? NULL : json_tree_print(value, source->arena);
}

static char *
print_members(struct json_stream *stream, const struct source *source)
{
    char *text = arena_copy(source->arena, "{");
    for (size_t i = 0; i < stream->n_members; i++) {
        const struct json_value name = {.type = JSON_TYPE_TEXT,
                                        .text = stream->members[i].name};
        const char *value = print_value(stream, source, &stream->members[i].value);
        if (value == NULL) {
            return NULL;
        }
        text = arena_print(source->arena, "%s%s%s:%s", text, i == 0 ? "" : ",",
                           json_tree_print(&name, source->arena), value);
    }
    return arena_print(source->arena, "%s}", text);
}

/* A file in pieces, as compact text; NULL: refused. */
static char *
print_pieces(struct fixture *fixture, const char *path)
{
    struct json_stream stream;
    const struct source *source = source_for(fixture, path);
    if (!json_stream_open(&stream, source, fixture->arena)) {
        return NULL;
    }
    char *text = stream.root.first == '{' ? print_members(&stream, source)
                                          : print_value(&stream, source, &stream.root);
    json_stream_close(&stream);
    return text;
}

static char *
print_whole(struct fixture *fixture, const char *text, size_t size)
{
    struct faults faults = {.arena = fixture->arena};
    struct bytes bytes = {.data = (const uint8_t *)text, .size = size};
    const struct json_value *value =
        json_tree_parse(bytes, "", fixture->arena, &faults);
    return value == NULL ? NULL : json_tree_print(value, fixture->arena);
}

/* One file for all, as a new one for each would take a minute. */
static void
compare(struct fixture *fixture, const char *path, const char *text, size_t size)
{
    /* Cut to its size and not to nothing, for which some file systems wait for a disk.
     */
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(truncate(path, (off_t)size), 0);
    const char *whole = print_whole(fixture, text, size);
    const char *pieces = print_pieces(fixture, path);
    if ((whole == NULL) != (pieces == NULL) ||
        (whole != NULL && strcmp(whole, pieces) != 0)) {
        fail_msg("%.*s is whole %s and in pieces %s", (int)size, text, whole, pieces);
    }
    assert_int_equal(pieces == NULL, fixture->faults.n_found > 0);
}

static const char *const texts[] = {
    "[]",
    " [ 1 , \"two\" , [3,[{}]] , {\"a\\\"]\":\"}[,\\\\\"} , true, null ] \n",
    "{\"a\":[1,2],\"b\":{\"c\":[{}]},\"d\":-1.5e3,\n\"e\":[],\"\\u00e9\":\"\\u00e9\"}",
    "{}",
    "7",
    "\"text\"",
    "[{\"a\":1},\n{\"b\":[\"\\\\\\\"\"]},\r\n\t{\"c\":\"x\"}]",
};
enum { N_TEXTS = sizeof texts / sizeof texts[0] };

static uint32_t
next(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

static size_t
damage(char *text, size_t size, uint32_t *seed)
{
    /* No byte 0: jansson passes over one behind a number, and pieces never do. */
    static const char marks[] = "{}[]\"':,\\/0-9 \n\r\t\x01\x80\xff"
                                "ate";
    size_t at = next(seed) % size;
    if (next(seed) % 3 == 0 && size > 1) {
        memmove(text + at, text + at + 1, size - at - 1);
        return size - 1;
    }
    text[at] = marks[next(seed) % (sizeof marks - 1)];
    return size;
}

static void
test_pieces_are_what_the_whole_is(void **state)
{
    struct fixture *fixture = *state;
    const char *path = real_data_write("", fixture->arena);
    struct arena *kept = fixture->arena;
    fixture->arena = arena_new();
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t seed = round;
        char *text = arena_copy(fixture->arena, texts[round % N_TEXTS]);
        size_t size = strlen(text);
        for (uint32_t n = round < N_TEXTS ? 0 : 1 + next(&seed) % 3; n > 0; n--) {
            size = damage(text, size, &seed);
        }
        compare(fixture, path, text, size);
        arena_reset(fixture->arena);
    }
    arena_free(fixture->arena);
    fixture->arena = kept;
    unlink(path);
}

/* A block may end within anything. */
static void
test_blocks_end_anywhere(void **state)
{
    struct fixture *fixture = *state;
    const char *path = real_data_write("", fixture->arena);
    char *text = arena_alloc(fixture->arena, JSON_STREAM_BLOCK + 256);
    for (size_t i = 0; i < N_TEXTS; i++) {
        size_t size = strlen(texts[i]);
        for (size_t before = JSON_STREAM_BLOCK - size; before <= JSON_STREAM_BLOCK;
             before++) {
            memset(text, ' ', before);
            memcpy(text + before, texts[i], size);
            compare(fixture, path, text, before + size);
        }
    }
    unlink(path);
}

static const struct {
    const char *before;
    const char *after;
} forms[] = {
    {"", ""}, {"[0,", "]"}, {"{\"a\":", "}"}, {"[{\"b\":", "}]"}, {"{\"a\":[", "]}"},
};

/* As deep as the whole may be, wherever the nesting begins, around nothing or a value.
 */
static void
test_pieces_nest_as_deep_as_the_whole(void **state)
{
    struct fixture *fixture = *state;
    const char *path = real_data_write("", fixture->arena);
    enum { N_FORMS = sizeof forms / sizeof forms[0], AROUND = 5 };
    for (size_t i = 0; i < N_FORMS * 2 * AROUND; i++) {
        size_t depth = JSON_TREE_DEPTH - 3 + i / (N_FORMS * 2);
        char *open = arena_alloc(fixture->arena, depth + 1);
        char *close = arena_alloc(fixture->arena, depth + 1);
        memset(open, '[', depth);
        memset(close, ']', depth);
        char *text = arena_print(
            fixture->arena, "%s%s%s%s%s", forms[i % N_FORMS].before, open,
            i / N_FORMS % 2 == 0 ? "" : "7", close, forms[i % N_FORMS].after);
        compare(fixture, path, text, strlen(text));
    }
    unlink(path);
}

static const struct {
    const char *text;
    const char *place;
    const char *reason;
} faults[] = {
    {"{\n\"a\": [1,\n2 3]}", ":3:2", "a comma or the end"},
    {"{\n\"a\": [{\"b\":\n  tru}]}", ":3:", "not JSON"},
    {"{\"a\": [}", ":1:7", "closes another kind"},
    {"[\n\"ab\ncd\"]", ":2:3", "control character"},
    {"[\n\n{\"a\": 1, \"a\": 2}]", ":3:", "duplicate"},
    {"{\"a\": 1,\n \"a\": 2}", ":2:", "duplicate"},
    {"{\"a\" 1}", ":1:5", "colon"},
    {"{7: 1}", ":1:1", "name"},
    {"{} {}", ":1:3", "end of file"},
    {"[", ":1:1", "does not end"},
};

static void
test_faults_have_their_line(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const char *path = real_data_write(faults[i].text, fixture->arena);
        assert_null(print_pieces(fixture, path));
        unlink(path);
        assert_true(fixture->faults.n_found > 0);
        const struct fault *fault = &fixture->faults.rows[0];
        if (strstr(fault->path, faults[i].place) == NULL ||
            strstr(fault->description, faults[i].reason) == NULL) {
            fail_msg("%s: %s: %s", faults[i].text, fault->path, fault->description);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_pieces_are_what_the_whole_is),
        TEST(test_blocks_end_anywhere),
        TEST(test_pieces_nest_as_deep_as_the_whole),
        TEST(test_faults_have_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
