/*
 * Every row of the table in every version: a plan with all a version knows is valid,
 * and one thing wrong with one row is one fault at its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "plan/madmp_judge.h"
#include "plan/madmp_table.h"
#include "plan/redact.h"

/* What is done to one row of the plan being written. */
enum harm { HARM_NONE, HARM_OMIT, HARM_TYPE, HARM_EMPTY, HARM_TEXT, HARM_TWICE, HARMS };

/* A plan being written. */
struct writing {
    struct arena *arena;
    enum madmp_version version;
    unsigned in;
    size_t at;     /* Rows written so far. */
    size_t target; /* The row that is harmed. */
    enum harm harm;
    const char *path; /* Of that row. */
    const struct madmp_field *field;
};

static const char *write_object(struct writing *writing,
                                const struct madmp_field *fields, const char *path);

static const char *
write_text(const struct writing *writing, const struct madmp_field *field, bool is_bad)
{
    if (is_bad) {
        return "\"<no such thing>\"";
    }
    switch (field->form) {
    case FORM_DATE:
        return "\"2026-12-31\"";
    case FORM_DATE_TIME:
        return "\"2026-12-31T12:00:00Z\"";
    case FORM_EMAIL:
        return "\"somebody@example.org\"";
    case FORM_URI:
    case FORM_VERSIONED_URI:
        return "\"https://example.org/x\"";
    case FORM_ANY:
        break;
    }
    if (field->values == NULL) {
        return "\"any text\"";
    }
    return arena_print(writing->arena, "\"%.*s\"", (int)strcspn(field->values + 1, " "),
                       field->values + 1);
}

static const char *
write_value(struct writing *writing, const struct madmp_field *field, const char *path,
            bool is_bad)
{
    switch (field->type) {
    case JSON_TYPE_OBJECT:
        return write_object(writing, field->members, path);
    case JSON_TYPE_TEXT:
        return write_text(writing, field, is_bad);
    case JSON_TYPE_INTEGER:
        return "7";
    case JSON_TYPE_REAL:
        return "7.5";
    case JSON_TYPE_BOOLEAN:
        return "true";
    default:
        return "null";
    }
}

/* One member; "" where it is left out. */
static const char *
write_member(struct writing *writing, const struct madmp_field *field, const char *path)
{
    struct arena *arena = writing->arena;
    enum harm harm = writing->at++ == writing->target ? writing->harm : HARM_NONE;
    bool is_list = (field->lists & writing->in) != 0;
    if (writing->at - 1 == writing->target) {
        bool is_within =
            is_list && (harm == HARM_TYPE || harm == HARM_TEXT || harm == HARM_TWICE);
        writing->field = field;
        writing->path = arena_print(arena, "%s%s", path,
                                    !is_within           ? ""
                                    : harm == HARM_TWICE ? "[1]"
                                                         : "[0]");
    }
    const char *element = is_list ? arena_print(arena, "%s[0]", path) : path;
    const char *value = harm == HARM_TYPE
                            ? "null"
                            : write_value(writing, field, element, harm == HARM_TEXT);
    const char *more = harm == HARM_TWICE ? arena_print(arena, ",%s", value) : "";
    if (harm == HARM_OMIT) {
        return "";
    }
    if (harm == HARM_EMPTY) {
        return arena_print(arena, "\"%s\":[],", field->name);
    }
    return is_list ? arena_print(arena, "\"%s\":[%s%s],", field->name, value, more)
                   : arena_print(arena, "\"%s\":%s,", field->name, value);
}

static const char *
write_object(struct writing *writing, const struct madmp_field *fields,
             const char *path)
{
    const char *text = "";
    for (const struct madmp_field *field = fields; field->name != NULL; field++) {
        if ((field->versions & writing->in) != 0) {
            text = arena_print(
                writing->arena, "%s%s", text,
                write_member(writing, field,
                             arena_print(writing->arena, "%s.%s", path, field->name)));
        }
    }
    size_t n = strlen(text);
    return arena_print(writing->arena, "{%.*s}", n == 0 ? 0 : (int)n - 1, text);
}

/* Whether a version minds that done to that row. */
static bool
is_minded(const struct writing *writing)
{
    const struct madmp_field *field = writing->field;
    bool is_list = (field->lists & writing->in) != 0;
    bool is_either = (field->one_or_list & writing->in) != 0;
    bool is_formed = field->form != FORM_ANY && !(field->form == FORM_VERSIONED_URI &&
                                                  writing->version == MADMP_1_2);
    switch (writing->harm) {
    case HARM_OMIT:
        return (field->required & writing->in) != 0;
    case HARM_TYPE:
        return true;
    case HARM_EMPTY:
        return is_list || is_either ? (field->filled & writing->in) != 0 : true;
    case HARM_TEXT:
        return field->type == JSON_TYPE_TEXT &&
               ((field->closed & writing->in) != 0 || is_formed);
    case HARM_TWICE:
        return is_list && (field->distinct & writing->in) != 0;
    case HARM_NONE:
    case HARMS:
        break;
    }
    return false;
}

static struct madmp_rows
judge_harmed(struct writing *writing, struct madmp_rows *notes)
{
    struct madmp_rows found = {0};
    struct faults faults = {.arena = writing->arena};
    const char *text = write_object(writing, madmp_document, "$");
    const struct json_value *document =
        madmp_parse((struct bytes){(const uint8_t *)text, strlen(text)}, "plan",
                    writing->arena, &faults);
    if (document == NULL) {
        fail_msg("%s", faults.rows[0].description);
    }
    madmp_judge_by(document, writing->version, writing->arena, &found, notes);
    return found;
}

/* How many rows were written. */
static size_t
check_harm(enum madmp_version version, size_t target, enum harm harm,
           struct arena *arena)
{
    struct writing writing = {.arena = arena,
                              .version = version,
                              .in = 1U << version,
                              .target = target,
                              .harm = harm};
    struct madmp_rows notes = {0};
    struct madmp_rows found = judge_harmed(&writing, &notes);
    size_t n_minded = is_minded(&writing) ? 1 : 0;
    if (found.n_found != n_minded) {
        fail_msg("%s, harm %d: %zu faults", writing.path, (int)harm, found.n_found);
    }
    if (n_minded == 1) {
        assert_string_equal(found.rows[0].path, writing.path);
    }
    assert_int_equal(notes.n_found, 0);
    return writing.at;
}

static void
test_every_row_is_minded_in_every_version(void **state)
{
    struct arena *arena = arena_new();
    (void)state;
    for (int i = 0; i < MADMP_VERSIONS; i++) {
        enum madmp_version version = (enum madmp_version)i;
        size_t n_rows = check_harm(version, 0, HARM_NONE, arena);
        assert_true(n_rows > 90);
        for (size_t k = 0; k < n_rows * HARMS; k++) {
            check_harm(version, k / HARMS, (enum harm)(k % HARMS), arena);
            arena_reset(arena);
        }
    }
    arena_free(arena);
}

/* Whatever a version knows stays valid by it without its people. */
static void
test_every_row_is_valid_without_people(void **state)
{
    struct arena *arena = arena_new();
    (void)state;
    for (int i = 0; i < MADMP_VERSIONS; i++) {
        struct writing writing = {.arena = arena,
                                  .version = (enum madmp_version)i,
                                  .in = 1U << i,
                                  .harm = HARM_NONE};
        struct madmp_rows found = {0}, notes = {0};
        struct faults faults = {.arena = arena};
        const char *text = write_object(&writing, madmp_document, "$");
        size_t n_redacted;
        const struct json_value *document = redact_people(
            madmp_parse((struct bytes){(const uint8_t *)text, strlen(text)}, "plan",
                        arena, &faults),
            arena, &n_redacted);
        madmp_judge_by(document, writing.version, arena, &found, &notes);
        assert_int_equal(found.n_found, 0);
        assert_int_equal(notes.n_found, 0);
        assert_true(n_redacted >= 6);
        assert_null(strstr(json_tree_print(document, arena), "somebody@"));
        arena_reset(arena);
    }
    arena_free(arena);
}

/* A row that contradicts itself would judge by one half of it. */
static void
check_rows(const struct madmp_field *fields)
{
    for (const struct madmp_field *field = fields; field->name != NULL; field++) {
        unsigned all = field->versions;
        assert_int_not_equal(all, 0);
        assert_int_equal((field->required | field->lists | field->one_or_list |
                          field->filled | field->distinct | field->closed) &
                             ~all,
                         0);
        assert_int_equal(field->filled & ~(field->lists | field->one_or_list), 0);
        assert_int_equal(field->lists & field->one_or_list, 0);
        assert_true(field->closed == 0 || field->values != NULL);
        assert_true(field->values == NULL || field->form == FORM_ANY);
        assert_int_equal(field->type == JSON_TYPE_OBJECT, field->members != NULL);
        for (const struct madmp_field *other = fields; other < field; other++) {
            assert_string_not_equal(other->name, field->name);
        }
        if (field->members != NULL) {
            check_rows(field->members);
        }
    }
}

static void
test_rows_are_sound(void **state)
{
    (void)state;
    check_rows(madmp_document);
}

static void
test_codes_are_whole_words(void **state)
{
    (void)state;
    assert_true(madmp_is_among(madmp_languages, "eng"));
    assert_true(madmp_is_among(madmp_currencies, "SPL*"));
    assert_true(madmp_is_among(madmp_countries, "ZW"));
    assert_false(madmp_is_among(madmp_countries, "Z"));
    assert_false(madmp_is_among(madmp_countries, "ZM ZW"));
    assert_false(madmp_is_among(madmp_countries, "de"));
    assert_false(madmp_is_among(madmp_languages, ""));
    assert_int_equal(strlen(madmp_languages), 185 * 4 + 1);
    assert_int_equal(strlen(madmp_countries), 249 * 3 + 1);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_is_minded_in_every_version),
        cmocka_unit_test(test_every_row_is_valid_without_people),
        cmocka_unit_test(test_rows_are_sound),
        cmocka_unit_test(test_codes_are_whole_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
