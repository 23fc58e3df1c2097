/* The certificates people try Kontor with. */
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

#include "certs/authority.h"
#include "certs/dev.h"
#include "certs/pemfile.h"

static char directory[] = "/tmp/kontor-dev-XXXXXX";

static int
remove_one(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info;
    (void)type;
    (void)place;
    return remove(path);
}

static int
fill(void **state)
{
    char error[512] = "";
    (void)state;
    assert_non_null(mkdtemp(directory));
    if (!dev_ca(directory, error, sizeof error)) {
        fail_msg("%s", error);
    }
    return 0;
}

static int
clear(void **state)
{
    (void)state;
    return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Text of a file below the directory; the caller frees. */
static char *
text_of(const char *registry, const char *stem, const char *ending)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s/%s%s", directory, registry, stem, ending);
    char *text = pemfile_read(path);
    if (text == NULL) {
        fail_msg("there is no %s", path);
    }
    return text;
}

static void
assert_mode(const char *registry, const char *stem, const char *ending, mode_t mode)
{
    char path[512];
    struct stat info;
    (void)snprintf(path, sizeof path, "%s/%s/%s%s", directory, registry, stem, ending);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, mode);
}

/* A pair whose halves fit; keys are for their owner's eyes. */
static void
assert_pair(const char *registry, const char *stem)
{
    char *certificate = text_of(registry, stem, ".pem");
    char *key = text_of(registry, stem, ".key");
    struct authority *pair = authority_read(certificate, key);
    assert_non_null(pair);
    assert_mode(registry, stem, ".key", 0600);
    assert_mode(registry, stem, ".pem", 0644);
    authority_free(pair);
    free(certificate);
    free(key);
}

static void
test_every_role_has_a_pair_in_both_registries(void **state)
{
    (void)state;
    for (const struct dev_registry *r = dev_registries; r->id != NULL; r++) {
        assert_pair(r->id, "ca");
        size_t n_roles = 0;
        for (const struct dev_role *role = dev_roles; role->label != NULL; role++) {
            assert_pair(r->id, role->label);
            n_roles++;
        }
        /* As many as the contract has. */
        assert_int_equal(n_roles, 11);
    }
    assert_pair("alpine", "server");
}

static void
test_a_second_run_keeps_what_is_there(void **state)
{
    char error[512] = "";
    char path[512];
    (void)state;
    char *before = text_of("coast", "portal", ".pem");
    (void)snprintf(path, sizeof path, "%s/coast/agent.pem", directory);
    assert_int_equal(unlink(path), 0);
    assert_true(dev_ca(directory, error, sizeof error));
    char *after = text_of("coast", "portal", ".pem");
    assert_string_equal(before, after);
    assert_pair("coast", "agent");
    free(before);
    free(after);
}

static void
test_a_place_that_cannot_be_written_is_named(void **state)
{
    char error[512] = "";
    (void)state;
    assert_false(dev_ca("/proc/nowhere", error, sizeof error));
    assert_non_null(strstr(error, "/proc/nowhere"));
}

static void
test_a_broken_authority_is_not_replaced(void **state)
{
    char path[512];
    char error[512] = "";
    (void)state;
    char *good = text_of("coast", "ca", ".key");
    (void)snprintf(path, sizeof path, "%s/coast/ca.key", directory);
    assert_true(pemfile_write(path, "rubbish", PEMFILE_SECRET));
    assert_false(dev_ca(directory, error, sizeof error));
    assert_non_null(strstr(error, "coast"));
    char *still = text_of("coast", "ca", ".key");
    assert_string_equal(still, "rubbish");
    assert_true(pemfile_write(path, good, PEMFILE_SECRET));
    free(good);
    free(still);
}

static void
test_a_key_of_another_does_not_make_an_authority(void **state)
{
    struct issued one = {0};
    struct issued other = {0};
    struct authority *a = authority_new("a", 0, 60);
    struct authority *b = authority_new("b", 0, 60);
    (void)state;
    assert_true(authority_pem(a, &one) && authority_pem(b, &other));
    assert_null(authority_read(one.certificate, other.key));
    assert_null(authority_read("", one.key));
    assert_null(authority_read(one.certificate, ""));
    char hex[65];
    assert_false(authority_fingerprint("rubbish", hex));
    assert_true(authority_fingerprint(one.certificate, hex));
    assert_int_equal(strspn(hex, "0123456789abcdef"), 64);
    issued_done(&one);
    issued_done(&other);
    authority_free(a);
    authority_free(b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_role_has_a_pair_in_both_registries),
        cmocka_unit_test(test_a_second_run_keeps_what_is_there),
        cmocka_unit_test(test_a_place_that_cannot_be_written_is_named),
        cmocka_unit_test(test_a_broken_authority_is_not_replaced),
        cmocka_unit_test(test_a_key_of_another_does_not_make_an_authority),
    };
    return cmocka_run_group_tests(tests, fill, clear);
}
