/* Files walked twice: the order of what comes, what is told, and files that change. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/tools/import_fixture.h"
#include "tools/import/kind.h"
#include "tools/import/walk.h"

static struct import_walk *
open_walk(struct import_fixture *fixture, const char *format, const char *const *path)
{
    fixture->faults = (struct faults){.arena = fixture->arena};
    return import_walk_open(importer_find(format), path, 1, "alpine", fixture->arena,
                            &fixture->faults);
}

/* What comes in one walk, in its order: "p:alpine/a s:alpine/b finding". */
static char *
told(struct import_fixture *fixture, struct import_walk *walk)
{
    struct arena *part_arena = arena_new();
    struct import_set part;
    char *text = arena_copy(fixture->arena, "");
    while (import_walk_next(walk, part_arena, &part)) {
        for (size_t i = 0; i < part.n_providers; i++) {
            text = arena_print(fixture->arena, "%s p:%s", text, part.providers[i]->id);
        }
        for (size_t i = 0; i < part.n_services; i++) {
            text = arena_print(fixture->arena, "%s s:%s", text, part.services[i]->id);
        }
        for (size_t i = 0; i < part.n_findings; i++) {
            text = arena_print(fixture->arena, "%s finding", text);
        }
        /* Whatever is kept of a part would show here under the address sanitizer. */
        arena_reset(part_arena);
    }
    arena_free(part_arena);
    return text;
}

static const struct {
    const char *format;
    const char *text;
    const char *first; /* What the walk that judges tells. */
    const char *then;
} orders[] = {
    {"kontor-1",
     "{\"services\": [{\"id\": \"alpine/b\"}, {\"id\": \"alpine/c\"}], \"sites\": [],"
     " \"vocabularies\": null, \"providers\": [{\"id\": \"alpine/a\"}]}",
     " p:alpine/a s:alpine/b s:alpine/c", " p:alpine/a s:alpine/b s:alpine/c"},
    {"eosc-6",
     "[{\"id\": \"b\", \"trl\": \"x\", \"odd\": 1}, {\"id\": \"a\", \"users\": []}]",
     " s:alpine/b finding p:alpine/a", " p:alpine/a s:alpine/b finding"},
    {"eosc-6", "[{\"id\": \"b\", \"trl\": \"x\", \"type\": \"Odd\"}]",
     " s:alpine/b finding", " s:alpine/b finding"},
    {"eosc-5", "{\"results\": [{\"id\": \"b\", \"trl\": \"x\"}], \"total\": 2}",
     " s:alpine/b finding", " finding s:alpine/b"},
    {"eosc-5", "{\"id\": \"b\", \"trl\": \"x\"}", " s:alpine/b", " s:alpine/b"},
    {"eosc-5", "[{\"catalogue\": {}}]", " finding", " finding"},
};

static void
test_references_come_before_what_refers_to_them(void **state)
{
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        const char *path = real_data_write(orders[i].text, fixture->arena);
        struct import_walk *walk = open_walk(fixture, orders[i].format, &path);
        assert_string_equal(told(fixture, walk), orders[i].first);
        assert_int_equal(fixture->faults.n_found, 0);
        for (int again = 0; again < 2; again++) {
            import_walk_again(walk);
            assert_string_equal(told(fixture, walk), orders[i].then);
        }
        import_walk_close(walk);
        unlink(path);
    }
}

/* A name that has no place is told once a walk, in whichever round it stands. */
static void
test_what_is_told_once_is_told_once(void **state)
{
    struct import_fixture *fixture = *state;
    const char *path = real_data_write(
        "[{\"service\": {\"id\": \"b\"}, \"metadata\": 1}, {\"provider\": {\"id\": "
        "\"a\"}, \"metadata\": 2}]",
        fixture->arena);
    struct import_walk *walk = open_walk(fixture, "eosc-5", &path);
    assert_string_equal(told(fixture, walk), " s:alpine/b finding p:alpine/a");
    import_walk_again(walk);
    assert_string_equal(told(fixture, walk), " p:alpine/a finding s:alpine/b");
    import_walk_close(walk);
    unlink(path);
}

static void
write_at(const char *path, const char *mode, const char *text)
{
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void
set_time(const char *path, time_t seconds)
{
    const struct timespec times[] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static const char *const services = "{\"services\": [{\"id\": \"alpine/b\"}]}";

/* The times are set, since two writes may fall into one tick of the clock. */
static void
test_a_changed_file_is_refused(void **state)
{
    struct import_fixture *fixture = *state;
    static const struct {
        const char *mode;
        const char *text;
        time_t seconds;
    } changes[] = {
        {"ab", "\n", 1000},
        {"wb", "", 1000},
        {"wb", "{\"services\": [{\"id\": \"alpine/c\"}]}", 2000},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const char *path = real_data_write(services, fixture->arena);
        set_time(path, 1000);
        struct import_walk *walk = open_walk(fixture, "kontor-1", &path);
        assert_string_equal(told(fixture, walk), " s:alpine/b");
        import_walk_again(walk);
        write_at(path, changes[i].mode, changes[i].text);
        set_time(path, changes[i].seconds);
        assert_string_equal(told(fixture, walk), "");
        assert_true(fixture->faults.n_found > 0);
        assert_non_null(
            strstr(fixture->faults.rows[0].description, "was changed while"));
        import_walk_close(walk);
        unlink(path);
    }
}

/* Editors write another file and give it the name. */
static void
test_a_file_under_the_same_name_is_another(void **state)
{
    struct import_fixture *fixture = *state;
    const char *path = real_data_write(services, fixture->arena);
    struct import_walk *walk = open_walk(fixture, "kontor-1", &path);
    assert_string_equal(told(fixture, walk), " s:alpine/b");
    import_walk_again(walk);
    unlink(path);
    write_at(path, "wb", "{}");
    assert_string_equal(told(fixture, walk), " s:alpine/b");
    import_walk_close(walk);
    unlink(path);
}

/* One byte less than too much is taken by the reader; the rest is the broker's. */
static void
test_a_record_has_a_limit(void **state)
{
    struct import_fixture *fixture = *state;
    static const char head[] = "{\"id\": \"alpine/b\", \"name\": \"";
    for (size_t more = 0; more < 2; more++) {
        size_t size = JSON_STREAM_BYTES - (sizeof head - 1) - 2 + more;
        char *name = arena_alloc(fixture->arena, size + 1);
        memset(name, 'x', size);
        const char *text =
            arena_print(fixture->arena, "{\"services\": [{}, %s%s\"}]}", head, name);
        const char *path = real_data_write(text, fixture->arena);
        struct import_walk *walk = open_walk(fixture, "kontor-1", &path);
        told(fixture, walk);
        import_walk_close(walk);
        unlink(path);
        assert_int_equal(fixture->faults.n_found, more);
    }
    assert_non_null(strstr(fixture->faults.rows[0].path, ":services[1]"));
    assert_string_equal(fixture->faults.rows[0].description,
                        "has 4194305 bytes: a record has at most 4194304");
}

/* A file of holes has the size and takes no room. */
static void
test_a_file_has_a_limit(void **state)
{
    struct import_fixture *fixture = *state;
    const char *path = real_data_write("", fixture->arena);
    assert_int_equal(truncate(path, (off_t)REREAD_MAX_BYTES + 1), 0);
    struct import_walk *walk = open_walk(fixture, "kontor-1", &path);
    assert_string_equal(told(fixture, walk), "");
    import_walk_close(walk);
    unlink(path);
    assert_string_equal(fixture->faults.rows[0].description,
                        "is larger than 4294967296 bytes");
}

/* Each is a fault of its own: people mend a file once, not once a fault. */
static void
test_all_faults_come_at_once(void **state)
{
    struct import_fixture *fixture = *state;
    const char *path =
        real_data_write("{\"services\": [\n{\"id\": tru},\n{\"nam\": 1},\n"
                        "{\"a\": 1, \"a\": 2}], \"service\": []}",
                        fixture->arena);
    struct import_walk *walk = open_walk(fixture, "kontor-1", &path);
    told(fixture, walk);
    import_walk_close(walk);
    static const char *const places[] = {":service", ":2:", ":services[1].nam", ":4:"};
    assert_int_equal(fixture->faults.n_found, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(strstr(fixture->faults.rows[i].path, places[i]));
    }
    unlink(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_references_come_before_what_refers_to_them),
        IMPORT_TEST(test_what_is_told_once_is_told_once),
        IMPORT_TEST(test_a_changed_file_is_refused),
        IMPORT_TEST(test_a_file_under_the_same_name_is_another),
        IMPORT_TEST(test_a_record_has_a_limit),
        IMPORT_TEST(test_a_file_has_a_limit),
        IMPORT_TEST(test_all_faults_come_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
