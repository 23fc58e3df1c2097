/* Sealing: who can open what, whom it cannot be sealed to, what damage comes to, and
 * that OpenSSL's own program and the library open each other's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/kontor.h"
#include "tests/client/certificates.h"
#include "tests/client/demand.h"

static const char secret[] = "ssh -p 2222 guest@vm1.example, password: correct horse";

/* Made once, since keys take time. */
static struct {
    char folder[64];
    char *ec[2]; /* Certificate and key. */
    char *other[2];
    char *rsa[2];
    char *curve[2]; /* P-384: no key of ours. */
    char *weak[2];  /* RSA of 1024 bits. */
    char *locked;   /* The key of ec under a password. */
} it;

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
shell(const char *format, ...)
{
    char text[512];
    char command[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(command, sizeof command, "cd %s && %s 2>/dev/null", it.folder, text);
    DEMAND(system(command) == 0, command);
}

static void
make_pair(const char *name, const char *key, char *pair[2])
{
    char path[80];
    shell("openssl req -x509 -nodes -newkey %s -keyout %s.key -out %s.pem -subj /CN=%s "
          "-days 2",
          key, name, name, name);
    pair[0] = certificates_read(it.folder, (snprintf(path, 80, "%s.pem", name), path));
    pair[1] = certificates_read(it.folder, (snprintf(path, 80, "%s.key", name), path));
}

static int
setup(void **state)
{
    (void)state;
    snprintf(it.folder, sizeof it.folder, "/tmp/kontor-seal-XXXXXX");
    DEMAND(mkdtemp(it.folder) != NULL, "no temporary directory");
    make_pair("ec", "ec -pkeyopt ec_paramgen_curve:P-256", it.ec);
    make_pair("other", "ec -pkeyopt ec_paramgen_curve:P-256", it.other);
    make_pair("rsa", "rsa:2048", it.rsa);
    make_pair("curve", "ec -pkeyopt ec_paramgen_curve:P-384", it.curve);
    make_pair("weak", "rsa:1024", it.weak);
    shell("openssl pkcs8 -topk8 -in ec.key -passout pass:x -out locked.key");
    it.locked = certificates_read(it.folder, "locked.key");
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    char **all[] = {it.ec, it.other, it.rsa, it.curve, it.weak};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        free(all[i][0]);
        free(all[i][1]);
    }
    free(it.locked);
    shell("rm -r %s", it.folder);
    return 0;
}

/* ---- Helpers ---- */

static struct kontor_bytes
bytes_of(const char *text)
{
    return (struct kontor_bytes){text, strlen(text)};
}

static struct kontor_bytes
sealed_for(const char *text, char *const pair[2])
{
    struct kontor_bytes sealed = {0};
    const char *certificates[] = {pair[0]};
    struct kontor_error error = {0};
    assert_int_equal(kontor_seal(bytes_of(text), certificates, 1, &sealed, &error),
                     KONTOR_OK);
    kontor_error_done(&error);
    return sealed;
}

/* Expects it to open to this. */
static void
expect_opens(struct kontor_bytes sealed, char *const pair[2], struct kontor_bytes plain)
{
    struct kontor_bytes opened = {0};
    struct kontor_error error = {0};
    enum kontor_status status =
        kontor_unseal(sealed, pair[0], pair[1], &opened, &error);
    if (status != KONTOR_OK) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(opened.size, plain.size);
    assert_memory_equal(opened.data, plain.data, plain.size);
    kontor_bytes_free(&opened);
    kontor_error_done(&error);
}

static void
expect_refused(struct kontor_bytes sealed, const char *cert, const char *key,
               enum kontor_status status, const char *reason)
{
    struct kontor_bytes opened = {"untouched", 9};
    struct kontor_error error = {0};
    assert_int_equal(kontor_unseal(sealed, cert, key, &opened, &error), status);
    assert_string_equal(error.reason, reason);
    assert_int_equal(opened.size, 9);
    kontor_error_done(&error);
}

static bool
holds(struct kontor_bytes bytes, const char *text)
{
    return memmem(bytes.data, bytes.size, text, strlen(text)) != NULL;
}

static void
write_file(const char *name, struct kontor_bytes bytes)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", it.folder, name);
    FILE *stream = fopen(path, "w");
    DEMAND(stream != NULL, path);
    DEMAND(fwrite(bytes.data, 1, bytes.size, stream) == bytes.size, path);
    fclose(stream);
}

/* certificates_read with its size: what is sealed has NULs in it. */
static struct kontor_bytes
read_file(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", it.folder, name);
    FILE *stream = fopen(path, "r");
    DEMAND(stream != NULL, path);
    char *data = calloc(1, 1 << 16);
    struct kontor_bytes bytes = {data, fread(data, 1, 1 << 16, stream)};
    fclose(stream);
    return bytes;
}

/* ---- Who can open it ---- */

static void
test_what_is_sealed_opens_with_its_key_of_either_kind(void **state)
{
    (void)state;
    char **pairs[] = {it.ec, it.rsa};
    for (size_t i = 0; i < 2; i++) {
        struct kontor_bytes sealed = sealed_for(secret, pairs[i]);
        assert_false(holds(sealed, "password"));
        expect_opens(sealed, pairs[i], bytes_of(secret));
        kontor_bytes_free(&sealed);
        assert_null(sealed.data);
    }
}

static void
test_each_of_several_can_open_it_and_nobody_else(void **state)
{
    (void)state;
    struct kontor_bytes sealed = {0};
    const char *certificates[] = {it.ec[0], it.rsa[0]};
    assert_int_equal(kontor_seal(bytes_of(secret), certificates, 2, &sealed, NULL),
                     KONTOR_OK);
    expect_opens(sealed, it.ec, bytes_of(secret));
    expect_opens(sealed, it.rsa, bytes_of(secret));
    expect_refused(sealed, it.other[0], it.other[1], KONTOR_PERMISSION_DENIED,
                   "SEALED_TO_OTHERS");
    kontor_bytes_free(&sealed);
}

static void
test_a_key_that_is_not_the_certificates_is_refused(void **state)
{
    (void)state;
    struct kontor_bytes sealed = sealed_for(secret, it.ec);
    expect_refused(sealed, it.ec[0], it.other[1], KONTOR_INVALID_ARGUMENT, "SEAL_KEY");
    expect_refused(sealed, it.ec[0], it.locked, KONTOR_INVALID_ARGUMENT, "SEAL_KEY");
    expect_refused(sealed, it.ec[0], "nothing", KONTOR_INVALID_ARGUMENT, "SEAL_KEY");
    expect_refused(sealed, it.ec[1], it.ec[1], KONTOR_INVALID_ARGUMENT,
                   "SEAL_CERTIFICATE");
    kontor_bytes_free(&sealed);
}

static void
test_the_same_is_never_sealed_alike(void **state)
{
    (void)state;
    struct kontor_bytes a = sealed_for(secret, it.ec);
    struct kontor_bytes b = sealed_for(secret, it.ec);
    assert_true(a.size != b.size || memcmp(a.data, b.data, a.size) != 0);
    kontor_bytes_free(&a);
    kontor_bytes_free(&b);
}

/* ---- What cannot be sealed ---- */

static void
test_other_keys_are_refused_by_their_number(void **state)
{
    (void)state;
    char *const *bad[] = {it.curve, it.weak};
    for (size_t i = 0; i < 2; i++) {
        struct kontor_bytes sealed = {0};
        struct kontor_error error = {0};
        const char *certificates[] = {it.ec[0], bad[i][0]};
        assert_int_equal(
            kontor_seal(bytes_of(secret), certificates, 2, &sealed, &error),
            KONTOR_INVALID_ARGUMENT);
        assert_string_equal(error.reason, "SEAL_CERTIFICATE");
        assert_non_null(strstr(error.message, "certificate 2"));
        assert_non_null(strstr(error.message, "P-256"));
        assert_null(sealed.data);
        kontor_error_done(&error);
    }
}

static void
test_nobody_and_no_certificate_are_refused(void **state)
{
    (void)state;
    struct kontor_bytes sealed = {0};
    struct kontor_error error = {0};
    const char *certificates[] = {"-----BEGIN CERTIFICATE-----\nAAAA\n"};
    assert_int_equal(kontor_seal(bytes_of(secret), NULL, 0, &sealed, &error),
                     KONTOR_INVALID_ARGUMENT);
    assert_int_equal(kontor_seal(bytes_of(secret), certificates, 1, &sealed, &error),
                     KONTOR_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "certificate 1"));
    assert_null(sealed.data);
    kontor_error_done(&error);
    kontor_bytes_free(NULL);
    kontor_bytes_free(&sealed);
}

/* ---- Sizes ---- */

static void
test_nothing_and_much_are_sealed_alike(void **state)
{
    (void)state;
    enum { MUCH = 5 << 20 };
    char *data = calloc(1, MUCH);
    assert_non_null(data);
    for (size_t i = 0; i < MUCH; i++) {
        data[i] = (char)(i * 31 >> 3);
    }
    const struct kontor_bytes all[] = {{"", 0}, {NULL, 0}, {data, 1}, {data, MUCH}};
    const char *certificates[] = {it.ec[0]};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct kontor_bytes sealed = {0};
        assert_int_equal(kontor_seal(all[i], certificates, 1, &sealed, NULL),
                         KONTOR_OK);
        expect_opens(sealed, it.ec,
                     all[i].size == 0 ? (struct kontor_bytes){"", 0} : all[i]);
        kontor_bytes_free(&sealed);
    }
    free(data);
}

/* ---- Damage ---- */

/* A byte that says nothing about the content may change and the content come out: but
 * never another one. */
static bool
opens_damaged(struct kontor_bytes damaged)
{
    struct kontor_bytes opened = {0};
    bool is_open =
        kontor_unseal(damaged, it.ec[0], it.ec[1], &opened, NULL) == KONTOR_OK;
    if (is_open) {
        assert_int_equal(opened.size, strlen(secret));
        assert_memory_equal(opened.data, secret, strlen(secret));
    }
    kontor_bytes_free(&opened);
    return is_open;
}

static void
test_damage_anywhere_never_gives_another_content(void **state)
{
    (void)state;
    struct kontor_bytes sealed = sealed_for(secret, it.ec);
    unsigned char *copy = malloc(sealed.size);
    assert_non_null(copy);
    memcpy(copy, sealed.data, sealed.size);
    size_t n_open = 0;
    for (size_t i = 0; i < sealed.size * 3; i++) {
        size_t at = i / 3;
        unsigned char flip = (unsigned char[]){0x01, 0x80, 0xff}[i % 3];
        copy[at] ^= flip;
        n_open += opens_damaged((struct kontor_bytes){copy, sealed.size});
        copy[at] ^= flip;
    }
    /* The version numbers and the like; most bytes count. */
    assert_true(n_open < sealed.size / 4);
    /* The content and its tag stand at the end: every one of their bytes counts. */
    for (size_t at = sealed.size - strlen(secret) - 16; at < sealed.size; at++) {
        copy[at] ^= 4;
        assert_false(opens_damaged((struct kontor_bytes){copy, sealed.size}));
        copy[at] ^= 4;
    }
    free(copy);
    kontor_bytes_free(&sealed);
}

static void
test_what_is_cut_or_has_more_behind_it_is_refused(void **state)
{
    (void)state;
    struct kontor_bytes sealed = sealed_for(secret, it.ec);
    for (size_t size = 0; size < sealed.size; size++) {
        expect_refused((struct kontor_bytes){sealed.data, size}, it.ec[0], it.ec[1],
                       KONTOR_INVALID_ARGUMENT, "NOT_SEALED");
    }
    char *more = calloc(1, sealed.size + 1);
    assert_non_null(more);
    memcpy(more, sealed.data, sealed.size);
    expect_refused((struct kontor_bytes){more, sealed.size + 1}, it.ec[0], it.ec[1],
                   KONTOR_INVALID_ARGUMENT, "NOT_SEALED");
    free(more);
    kontor_bytes_free(&sealed);
}

/* ---- OpenSSL's own program ---- */

static void
test_openssl_opens_ours(void **state)
{
    (void)state;
    char **pairs[] = {it.ec, it.rsa};
    const char *names[] = {"ec", "rsa"};
    for (size_t i = 0; i < 2; i++) {
        struct kontor_bytes sealed = sealed_for(secret, pairs[i]);
        write_file("ours.der", sealed);
        shell("openssl cms -decrypt -inform DER -in ours.der -recip %s.pem -inkey "
              "%s.key -binary -out opened",
              names[i], names[i]);
        struct kontor_bytes opened = read_file("opened");
        assert_int_equal(opened.size, strlen(secret));
        assert_memory_equal(opened.data, secret, opened.size);
        kontor_bytes_free(&opened);
        kontor_bytes_free(&sealed);
    }
}

static void
test_we_open_what_openssl_sealed(void **state)
{
    (void)state;
    char **pairs[] = {it.ec, it.rsa};
    const char *options[] = {"-recip ec.pem",
                             "-recip rsa.pem -keyopt rsa_padding_mode:oaep"};
    write_file("plain", bytes_of(secret));
    for (size_t i = 0; i < 2; i++) {
        shell("openssl cms -encrypt -aes-256-gcm -binary -outform DER -in plain -out "
              "theirs.der %s",
              options[i]);
        struct kontor_bytes sealed = read_file("theirs.der");
        expect_opens(sealed, pairs[i], bytes_of(secret));
        kontor_bytes_free(&sealed);
    }
}

static void
test_what_is_not_authenticated_is_refused(void **state)
{
    (void)state;
    write_file("plain", bytes_of(secret));
    shell("openssl cms -encrypt -aes-256-cbc -binary -outform DER -in plain -out "
          "cbc.der -recip ec.pem");
    struct kontor_bytes sealed = read_file("cbc.der");
    expect_refused(sealed, it.ec[0], it.ec[1], KONTOR_INVALID_ARGUMENT, "NOT_SEALED");
    kontor_bytes_free(&sealed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_sealed_opens_with_its_key_of_either_kind),
        cmocka_unit_test(test_each_of_several_can_open_it_and_nobody_else),
        cmocka_unit_test(test_a_key_that_is_not_the_certificates_is_refused),
        cmocka_unit_test(test_the_same_is_never_sealed_alike),
        cmocka_unit_test(test_other_keys_are_refused_by_their_number),
        cmocka_unit_test(test_nobody_and_no_certificate_are_refused),
        cmocka_unit_test(test_nothing_and_much_are_sealed_alike),
        cmocka_unit_test(test_damage_anywhere_never_gives_another_content),
        cmocka_unit_test(test_what_is_cut_or_has_more_behind_it_is_refused),
        cmocka_unit_test(test_openssl_opens_ours),
        cmocka_unit_test(test_we_open_what_openssl_sealed),
        cmocka_unit_test(test_what_is_not_authenticated_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
