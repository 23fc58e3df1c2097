/* The settings: every row's bounds, every way a line can be wrong. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/config.h"

static int64_t
integer_of(const struct settings *settings, const struct setting *row)
{
    return *(const int64_t *)(const void *)((const char *)settings + row->offset);
}

static enum status
set_number(struct settings *settings, const struct setting *row, int64_t number)
{
    char value[32];
    char error[512] = "";
    (void)snprintf(value, sizeof value, "%" PRId64, number);
    enum status status = config_set(settings, row->name, value, error, sizeof error);
    assert_int_equal(status == STATUS_OK, error[0] == '\0');
    return status;
}

/* ---- The table ---- */

static void
test_every_number_keeps_its_bounds(void **state)
{
    struct settings settings;
    (void)state;
    config_defaults(&settings);
    for (const struct setting *row = config_table; row->name != NULL; row++) {
        if (row->type != SETTING_INTEGER) {
            continue;
        }
        int64_t standard = integer_of(&settings, row);
        assert_true(standard >= row->low && standard <= row->high);
        assert_int_equal(set_number(&settings, row, row->low), STATUS_OK);
        assert_int_equal(integer_of(&settings, row), row->low);
        assert_int_equal(set_number(&settings, row, row->high), STATUS_OK);
        assert_int_equal(integer_of(&settings, row), row->high);
        assert_int_equal(set_number(&settings, row, row->low - 1),
                         STATUS_INVALID_ARGUMENT);
        assert_int_equal(set_number(&settings, row, row->high + 1),
                         STATUS_INVALID_ARGUMENT);
        assert_int_equal(integer_of(&settings, row), row->high);
    }
    config_done(&settings);
}

static void
test_every_text_keeps_its_length(void **state)
{
    struct settings settings;
    char error[512];
    (void)state;
    config_defaults(&settings);
    for (const struct setting *row = config_table; row->name != NULL; row++) {
        if (row->type != SETTING_TEXT) {
            continue;
        }
        char *text = calloc(1, (size_t)row->high + 2);
        assert_non_null(text);
        memset(text, 'x', (size_t)row->high);
        assert_int_equal(config_set(&settings, row->name, text, error, sizeof error),
                         STATUS_OK);
        text[row->high] = 'x';
        assert_int_equal(config_set(&settings, row->name, text, error, sizeof error),
                         STATUS_INVALID_ARGUMENT);
        text[row->low > 0 ? row->low - 1 : 0] = '\0';
        assert_int_equal(config_set(&settings, row->name, text, error, sizeof error),
                         row->low > 0 ? STATUS_INVALID_ARGUMENT : STATUS_OK);
        free(text);
    }
    config_done(&settings);
}

static void
test_every_choice_takes_its_names_only(void **state)
{
    struct settings settings;
    char error[512];
    (void)state;
    config_defaults(&settings);
    for (const struct setting *row = config_table; row->name != NULL; row++) {
        if (row->type != SETTING_CHOICE) {
            continue;
        }
        for (size_t i = 0; row->choices[i] != NULL; i++) {
            assert_int_equal(
                config_set(&settings, row->name, row->choices[i], error, sizeof error),
                STATUS_OK);
            assert_int_equal(integer_of(&settings, row), i);
        }
        assert_int_equal(
            config_set(&settings, row->name, "rubbish", error, sizeof error),
            STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(error, row->choices[0]));
    }
    config_done(&settings);
}

static void
test_rows_are_whole_and_named_once(void **state)
{
    (void)state;
    for (const struct setting *row = config_table; row->name != NULL; row++) {
        assert_true(strlen(row->help) > 10 && row->help[strlen(row->help) - 1] == '.');
        assert_true(row->type == SETTING_TEXT || row->fallback != NULL);
        assert_int_equal(row->type == SETTING_CHOICE, row->choices != NULL);
        for (const struct setting *other = row + 1; other->name != NULL; other++) {
            assert_string_not_equal(row->name, other->name);
            assert_int_not_equal(row->offset, other->offset);
        }
    }
}

static void
test_numbers_are_whole_and_plain(void **state)
{
    static const char *const wrong[] = {
        "", "x", "1x", "0x10", "1.5", "1e3", "+5", "--5", "99999999999999999999", " 5"};
    struct settings settings;
    char error[512];
    (void)state;
    config_defaults(&settings);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(
            config_set(&settings, "io_threads", wrong[i], error, sizeof error),
            STATUS_INVALID_ARGUMENT);
    }
    assert_int_equal(config_set(&settings, "no_such", "1", error, sizeof error),
                     STATUS_NOT_FOUND);
    config_done(&settings);
}

/* ---- The file ---- */

static enum status
parse(struct settings *settings, const char *text, char *error)
{
    config_defaults(settings);
    error[0] = '\0';
    return config_parse(settings, "k.conf", text, error, 512);
}

static void
test_lines_comments_and_quotes_are_read(void **state)
{
    struct settings settings;
    char error[512];
    (void)state;
    assert_int_equal(parse(&settings,
                           "# comment\n\n  store=a#b # comment\r\n"
                           "tls_cert = \"c d # e\" # comment\n\ttls_key\t=\tk\n"
                           "io_threads = 7",
                           error),
                     STATUS_OK);
    assert_string_equal(settings.store, "a#b");
    assert_string_equal(settings.tls_cert, "c d # e");
    assert_string_equal(settings.tls_key, "k");
    assert_int_equal(settings.io_threads, 7);
    config_done(&settings);
}

static void
test_a_bad_line_is_named_with_its_number(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"rubbish\n", "k.conf:1: this is no setting"},
        {"\n# x\nio_threads = 0\n", "k.conf:3: io_threads: must be a whole number"},
        {"no_such = 1\n", "k.conf:1: no_such: there is no such setting"},
        {"io_threads = 2\nio_threads = 3\n", "k.conf:2: io_threads: is set in line 1"},
        {"store = \"open\n", "k.conf:1: store: the value has a quote"},
        {"store = \"a\" b\n", "k.conf:1: store: the value has a quote"},
        {"= 5\n", "k.conf:1: there is no such setting"},
        {"log_level = loud\n",
         "k.conf:1: log_level: must be debug, info, warn or error"},
        {"store =\n", "k.conf:1: store: must be 1 to"},
        {"keepalive_ms = 5\n", "86400000 ms"},
        {"", "k.conf: store is missing"},
        {"store = s\ntls_cert = c\n", "k.conf: tls_key is missing"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings settings;
        char error[512];
        assert_int_not_equal(parse(&settings, cases[i].text, error), STATUS_OK);
        if (strstr(error, cases[i].says) == NULL) {
            fail_msg("'%s' does not say '%s'", error, cases[i].says);
        }
        config_done(&settings);
    }
}

static void
write_text(const char *path, const char *text, size_t size)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void
test_paths_are_relative_to_the_file(void **state)
{
    static const char text[] = "store = sqlite:data/k.db\ntls_cert = c.pem\n"
                               "tls_key = /etc/k.key\nport_file = port\n";
    char directory[] = "/tmp/kontor-config-XXXXXX";
    char path[64];
    char expected[64];
    char error[512] = "";
    struct settings settings;
    (void)state;
    assert_non_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/k.conf", directory);
    write_text(path, text, sizeof text - 1);
    config_defaults(&settings);
    assert_int_equal(config_load(&settings, path, error, sizeof error), STATUS_OK);
    (void)snprintf(expected, sizeof expected, "sqlite:%s/data/k.db", directory);
    assert_string_equal(settings.store, expected);
    (void)snprintf(expected, sizeof expected, "%s/c.pem", directory);
    assert_string_equal(settings.tls_cert, expected);
    assert_string_equal(settings.tls_key, "/etc/k.key");
    assert_string_equal(settings.metrics_listen, "");
    config_done(&settings);
    /* A server is found by its address from everywhere. */
    write_text(path, "store = mongodb://h/k\ntls_cert = c\ntls_key = k\n", 46);
    config_defaults(&settings);
    assert_int_equal(config_load(&settings, path, error, sizeof error), STATUS_OK);
    assert_string_equal(settings.store, "mongodb://h/k");
    config_done(&settings);
    /* A zero byte would hide the lines after it. */
    write_text(path, "store = a\0b\n", 12);
    config_defaults(&settings);
    assert_int_equal(config_load(&settings, path, error, sizeof error),
                     STATUS_NOT_FOUND);
    config_done(&settings);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
    config_defaults(&settings);
    assert_int_equal(config_load(&settings, path, error, sizeof error),
                     STATUS_NOT_FOUND);
    assert_non_null(strstr(error, path));
    config_done(&settings);
}

static char *
printed(void (*print)(FILE *out))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    print(out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void
test_help_and_man_page_name_every_setting(void **state)
{
    char *help = printed(config_print_help);
    char *man = printed(config_print_man);
    (void)state;
    for (const struct setting *row = config_table; row->name != NULL; row++) {
        assert_non_null(strstr(help, row->name));
        assert_non_null(strstr(man, row->name));
        assert_non_null(strstr(man, row->help));
    }
    free(help);
    free(man);
}

/* Every setting of the example, its mark taken away, reads as the default it shows. */
static void
test_the_example_shows_the_defaults(void **state)
{
    char *example = printed(config_print_example);
    struct settings settings;
    char error[512];
    (void)state;
    config_defaults(&settings);
    for (const struct setting *row = config_table; row->name != NULL; row++) {
        char line[512];
        bool is_given = row->fallback == NULL;
        bool is_empty = is_given || row->fallback[0] == '\0';
        (void)snprintf(line, sizeof line, "\n%s%s =%s%s\n", is_given ? "" : "#",
                       row->name, is_empty ? "" : " ", is_empty ? "" : row->fallback);
        assert_non_null(strstr(example, line));
    }
    assert_int_equal(config_parse(&settings, "k.conf", example, error, sizeof error),
                     STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error, "store: must be 1 to"));
    config_done(&settings);
    free(example);
}

static void
read_text(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t got = fread(text, 1, size - 1, file);
    text[got] = '\0';
    assert_int_equal(fclose(file), 0);
}

/* The page and the example in the repository are made from the table; they must not
 * fall behind it. */
static void
test_the_page_and_the_example_follow_the_table(void **state)
{
    static char page[1 << 16];
    char error[512] = "";
    struct settings settings;
    char *man = printed(config_print_man);
    (void)state;
    read_text(KONTOR_SOURCE_DIR "/docs/man/kontord.8", page, sizeof page);
    assert_non_null(strstr(page, man));
    read_text(KONTOR_SOURCE_DIR "/examples/kontord.conf", page, sizeof page);
    for (const struct setting *row = config_table; row->name != NULL; row++) {
        assert_non_null(strstr(page, row->name));
    }
    config_defaults(&settings);
    if (config_parse(&settings, "kontord.conf", page, error, sizeof error) !=
        STATUS_OK) {
        fail_msg("%s", error);
    }
    config_done(&settings);
    free(man);
}

/* ---- Strangers ---- */

static void
test_random_bytes_never_break_the_reader(void **state)
{
    static const char bytes[] =
        "store=tls_crkyio_threads \t\r\n#\"\\0123456789-=\x01\xff";
    unsigned seed = (unsigned)getpid();
    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    for (size_t round = 0; round < 2000; round++) {
        char text[200];
        size_t size = (size_t)rand() % (sizeof text - 1);
        for (size_t i = 0; i < size; i++) {
            text[i] = bytes[(size_t)rand() % (sizeof bytes - 1)];
        }
        text[size] = '\0';
        struct settings settings;
        char error[64];
        config_defaults(&settings);
        if (config_parse(&settings, NULL, text, error, sizeof error) == STATUS_OK) {
            assert_true(settings.store[0] != '\0');
        }
        config_done(&settings);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_number_keeps_its_bounds),
        cmocka_unit_test(test_every_text_keeps_its_length),
        cmocka_unit_test(test_every_choice_takes_its_names_only),
        cmocka_unit_test(test_rows_are_whole_and_named_once),
        cmocka_unit_test(test_numbers_are_whole_and_plain),
        cmocka_unit_test(test_lines_comments_and_quotes_are_read),
        cmocka_unit_test(test_a_bad_line_is_named_with_its_number),
        cmocka_unit_test(test_paths_are_relative_to_the_file),
        cmocka_unit_test(test_help_and_man_page_name_every_setting),
        cmocka_unit_test(test_the_example_shows_the_defaults),
        cmocka_unit_test(test_the_page_and_the_example_follow_the_table),
        cmocka_unit_test(test_random_bytes_never_break_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
