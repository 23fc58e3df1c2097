/* What the daemon does instead of serving: begin, judge, rebuild, restore. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/dev.h"
#include "server/maintain.h"

#define ADMIN "spiffe://alpine.example/admin/ops"

/* A directory with certificates and settings; no store yet. */
struct world {
    char directory[64];
    char bundle[128];
    struct settings settings;
    struct base base;
    char said[4096]; /* What the last work printed. */
};

static void
set(struct world *w, const char *name, const char *tail)
{
    char value[256];
    char error[512] = "";
    (void)snprintf(value, sizeof value, "%s/%s", w->directory, tail);
    assert_int_equal(config_set(&w->settings, name, value, error, sizeof error),
                     STATUS_OK);
}

static int
world_open(void **state)
{
    char error[512] = "";
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    (void)snprintf(w->directory, sizeof w->directory, "/tmp/kontor-maintain-XXXXXX");
    assert_non_null(mkdtemp(w->directory));
    assert_true(dev_ca(w->directory, error, sizeof error));
    (void)snprintf(w->bundle, sizeof w->bundle, "%s/alpine/ca.pem", w->directory);
    config_defaults(&w->settings);
    set(w, "store", "k.db");
    set(w, "tls_cert", "alpine/server.pem");
    set(w, "tls_key", "alpine/server.key");
    base_init(&w->base, &w->settings);
    *state = w;
    return 0;
}

static int
remove_one(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info;
    (void)type;
    (void)place;
    return remove(path);
}

static int
world_close(void **state)
{
    struct world *w = *state;
    config_done(&w->settings);
    assert_int_equal(nftw(w->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(w);
    return 0;
}

/* Runs a work with both outputs going to said. */
static int
listen_to(struct world *w, int (*work)(struct world *w))
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/said", w->directory);
    (void)fflush(NULL);
    int out = dup(STDOUT_FILENO);
    int err = dup(STDERR_FILENO);
    FILE *file = fopen(path, "w+");
    assert_non_null(file);
    assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    int code = work(w);
    (void)fflush(NULL);
    assert_true(dup2(out, STDOUT_FILENO) >= 0);
    assert_true(dup2(err, STDERR_FILENO) >= 0);
    (void)close(out);
    (void)close(err);
    rewind(file);
    size_t got = fread(w->said, 1, sizeof w->said - 1, file);
    w->said[got] = '\0';
    (void)fclose(file);
    return code;
}

static int
begin(struct world *w)
{
    struct maintain_init init = {.registry = "alpine",
                                 .trust_domain = "alpine.example",
                                 .bundle_path = w->bundle,
                                 .admin = ADMIN};
    return maintain_begin(&w->base, &init);
}

static int
begin_badly(struct world *w)
{
    struct maintain_init init = {.registry = "Alpine",
                                 .trust_domain = "alpine.example",
                                 .bundle_path = w->bundle,
                                 .admin = "spiffe://coast.example/admin/ops"};
    return maintain_begin(&w->base, &init);
}

static int
begin_without_bundle(struct world *w)
{
    struct maintain_init init = {.registry = "alpine",
                                 .trust_domain = "alpine.example",
                                 .bundle_path = "/nonexistent/ca.pem",
                                 .admin = ADMIN};
    return maintain_begin(&w->base, &init);
}

static int
check(struct world *w)
{
    return maintain_check(&w->base);
}

static int
rebuild(struct world *w)
{
    return maintain_rebuild(&w->base);
}

static int
restore_nothing(struct world *w)
{
    return maintain_restore(&w->base, "/nonexistent/backup");
}

static int
erase_home(struct world *w)
{
    return maintain_erase(&w->base, "registry", "alpine", "asked for");
}

static int
erase_nothing(struct world *w)
{
    return maintain_erase(&w->base, "registry", "nobody", "asked for");
}

static int
trim_all(struct world *w)
{
    return maintain_trim(&w->base, 1);
}

static void
assert_said(struct world *w, const char *text)
{
    if (strstr(w->said, text) == NULL) {
        fail_msg("'%s' lacks '%s'", w->said, text);
    }
}

static void
test_check_prints_store_tls_and_trust(void **state)
{
    struct world *w = *state;
    assert_int_equal(listen_to(w, begin), EXIT_SUCCESS);
    assert_said(w, "registry alpine begun; its admin is " ADMIN);
    assert_int_equal(listen_to(w, check), EXIT_SUCCESS);
    assert_said(w, "store  sqlite ");
    assert_said(w, "  1 commits, chain verified to 1\n");
    assert_said(w, "tls    server certificate expires in 364 days (warn below 30)\n");
    assert_said(w, "trust  1 registries, 1 principals, 0 revoked\n");
}

static void
test_init_begins_an_empty_store_only(void **state)
{
    struct world *w = *state;
    assert_int_equal(listen_to(w, begin), EXIT_SUCCESS);
    assert_int_equal(listen_to(w, begin), EXIT_FAILURE);
    assert_said(w, "the store is not empty");
}

static void
test_init_says_what_is_wrong(void **state)
{
    struct world *w = *state;
    assert_int_equal(listen_to(w, begin_badly), EXIT_FAILURE);
    assert_said(w, "registry.id");
    assert_int_equal(listen_to(w, begin_without_bundle), EXIT_FAILURE);
    assert_said(w, "/nonexistent/ca.pem");
    assert_int_equal(listen_to(w, begin), EXIT_SUCCESS);
}

static void
test_check_names_a_bad_pair_and_goes_on(void **state)
{
    struct world *w = *state;
    assert_int_equal(listen_to(w, begin), EXIT_SUCCESS);
    set(w, "tls_key", "alpine/portal.key");
    assert_int_equal(listen_to(w, check), EXIT_FAILURE);
    assert_said(w, "does not fit the key");
    assert_said(w, "trust  1 registries");
}

static void
test_rebuild_leaves_a_store_that_checks(void **state)
{
    struct world *w = *state;
    assert_int_equal(listen_to(w, begin), EXIT_SUCCESS);
    assert_int_equal(listen_to(w, rebuild), EXIT_SUCCESS);
    assert_int_equal(listen_to(w, check), EXIT_SUCCESS);
}

static void
test_what_cannot_be_restored_is_said(void **state)
{
    struct world *w = *state;
    assert_int_equal(listen_to(w, restore_nothing), EXIT_FAILURE);
    assert_said(w, "/nonexistent/backup");
}

static void
test_erase_says_what_there_was(void **state)
{
    struct world *w = *state;
    assert_int_equal(listen_to(w, begin), EXIT_SUCCESS);
    assert_int_equal(listen_to(w, erase_home), EXIT_SUCCESS);
    assert_said(w, "registry alpine has no old version left to erase");
    assert_int_equal(listen_to(w, erase_nothing), EXIT_FAILURE);
    assert_said(w, "the log knows no registry nobody");
    /* Where the settings say, or beside the store. */
    set(w, "journal", "none/journal");
    assert_int_equal(listen_to(w, erase_home), EXIT_FAILURE);
    assert_said(w, "none/journal: No such file");
    assert_int_equal(listen_to(w, check), EXIT_SUCCESS);
}

/* The newest commit stays; tests/e2e trims a log that has more. */
static void
test_trim_says_what_stands_in_its_way(void **state)
{
    struct world *w = *state;
    assert_int_equal(listen_to(w, begin), EXIT_SUCCESS);
    assert_int_equal(listen_to(w, trim_all), EXIT_FAILURE);
    assert_said(w, "the newest commit, 1, stays");
    assert_int_equal(listen_to(w, check), EXIT_SUCCESS);
    assert_said(w, "  1 commits, chain verified to 1\n");
}

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_check_prints_store_tls_and_trust),
        WORLD_TEST(test_init_begins_an_empty_store_only),
        WORLD_TEST(test_init_says_what_is_wrong),
        WORLD_TEST(test_check_names_a_bad_pair_and_goes_on),
        WORLD_TEST(test_rebuild_leaves_a_store_that_checks),
        WORLD_TEST(test_what_cannot_be_restored_is_said),
        WORLD_TEST(test_erase_says_what_there_was),
        WORLD_TEST(test_trim_says_what_stands_in_its_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
