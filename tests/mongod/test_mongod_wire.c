/* The protocol below the commands: sections, flags, sizes, and what is malformed. */
#include <endian.h>
#include <string.h>

#include "tests/mongod/bench.h"

static void
test_too_large_a_document_is_refused(void **state)
{
    enum { MAX = 16 * 1024 * 1024, ENVELOPE = 30 };
    struct bench bench;
    bson_t reply;
    (void)state;
    bench_open(&bench, NULL);
    bson_t *body = BCON_NEW("insert", "things", "$db", "town");
    uint8_t *bytes = bson_malloc0(MAX);
    for (int i = 0; i < 2; i++) {
        bson_t *document = BCON_NEW(
            "_id", BCON_INT32(i), "w",
            BCON_BIN(BSON_SUBTYPE_BINARY, bytes, i == 0 ? MAX - ENVELOPE : MAX));
        assert_true(raw_send_msg(bench.fd, 0, body, "documents", &document, 1));
        assert_true(raw_receive(bench.fd, &reply));
        assert_int_equal(raw_int(&reply, "ok"), i == 0);
        bson_destroy(&reply);
        bson_destroy(document);
    }
    assert_non_null(strstr(mongod_refused(bench.mongod), "a document of"));
    bson_free(bytes);
    bson_destroy(body);
    bench_close(&bench);
}

static void
test_depth_has_a_limit(void **state)
{
    enum { DEEPEST = 90 };
    struct bench bench;
    (void)state;
    bench_open(&bench, NULL);
    for (int depth = DEEPEST; depth <= DEEPEST + 1; depth++) {
        bson_t reply;
        bson_string_t *text = bson_string_new("{'insert': 'things', '$db': 'town', "
                                              "'documents': [{'_id': 1");
        for (int i = 1; i < depth; i++) {
            bson_string_append(text, ", 'a': {'b': 1");
        }
        for (int i = 0; i < depth; i++) {
            bson_string_append(text, "}");
        }
        bson_string_append(text, "]}");
        assert_true(raw_command(bench.fd, text->str, &reply));
        assert_int_equal(raw_int(&reply, "ok"), depth == DEEPEST);
        bson_destroy(&reply);
        bson_string_free(text, true);
    }
    bench_close(&bench);
}

/* After what cannot be answered the connection is closed, and the next one is served.
 */
static void
expect_closed(struct bench *bench, const char *text)
{
    bson_t reply;
    assert_false(raw_receive(bench->fd, &reply));
    bson_destroy(&reply);
    raw_close(bench->fd);
    const char *refused = mongod_refused(bench->mongod);
    if (refused == NULL || strstr(refused, text) == NULL) {
        fail_msg("remembered is %s, not %s", refused == NULL ? "nothing" : refused,
                 text);
    }
    mongod_forgive(bench->mongod);
    bench->fd = raw_connect(mongod_port(bench->mongod));
    assert_true(raw_command(bench->fd, "{'ping': 1, '$db': 'town'}", &reply));
    bson_destroy(&reply);
}

static void
test_messages_outside_close_the_connection(void **state)
{
    static const uint8_t query[] = "\0\0\0\0town.things\0\0\0\0\0\1\0\0\0\5\0\0\0";
    static const uint8_t short_body[] = {0, 0, 0, 0, 0, 50, 0, 0, 0, 0};
    static const uint8_t kind_2[] = {0, 0, 0, 0, 2, 5, 0, 0, 0, 0};
    static const uint8_t two_bodies[] = {0, 0, 0, 0, 0, 5, 0, 0,
                                         0, 0, 0, 5, 0, 0, 0, 0};
    static const uint8_t bad_sequence[] = {0, 0, 0, 0, 1, 255, 255, 255, 127, 'a', 0};
    static const uint8_t endless_name[] = {0, 0, 0, 0, 1, 6, 0, 0, 0, 'a', 'b'};
    static const struct {
        int32_t opcode;
        const uint8_t *bytes;
        size_t size;
        const char *text;
    } rows[] = {
        {RAW_OP_QUERY, query, sizeof query, "OP_QUERY on town.things"},
        {RAW_OP_QUERY, query, 3, "malformed OP_QUERY"},
        {2012, query, 9, "opcode 2012"},
        {2002, query, 9, "opcode 2002"},
        {RAW_OP_MSG, query, 2, "malformed OP_MSG"},
        {RAW_OP_MSG, query, 4, "without a body"},
        {RAW_OP_MSG, short_body, sizeof short_body, "malformed section"},
        {RAW_OP_MSG, kind_2, sizeof kind_2, "malformed section"},
        {RAW_OP_MSG, two_bodies, sizeof two_bodies, "malformed section"},
        {RAW_OP_MSG, bad_sequence, sizeof bad_sequence, "malformed section"},
        {RAW_OP_MSG, endless_name, sizeof endless_name, "malformed section"},
    };
    struct bench bench;
    (void)state;
    bench_open(&bench, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(raw_send(bench.fd, rows[i].opcode, rows[i].bytes, rows[i].size));
        expect_closed(&bench, rows[i].text);
    }
    bench_close(&bench);
}

static void
test_flags(void **state)
{
    struct bench bench;
    bson_t reply;
    (void)state;
    bench_open(&bench, NULL);
    bson_t *document = BCON_NEW("_id", BCON_INT32(1));
    bson_t *body = BCON_NEW("insert", "things", "$db", "town");
    assert_true(raw_send_msg(bench.fd, RAW_CHECKSUM, body, "documents", &document, 1));
    assert_true(raw_receive(bench.fd, &reply));
    assert_int_equal(raw_int(&reply, "n"), 1);
    bson_destroy(&reply);
    assert_true(
        raw_send_msg(bench.fd, RAW_MORE_TO_COME, body, "documents", &document, 1));
    expect_closed(&bench, "w:0");
    assert_true(raw_send_msg(bench.fd, 1 << 5, body, "documents", &document, 1));
    expect_closed(&bench, "unknown flag");
    assert_true(raw_send_msg(bench.fd, 1 << 16, body, "documents", &document, 1));
    assert_true(raw_receive(bench.fd, &reply));
    assert_int_equal(raw_int(&reply, "writeErrors.0.code"), 11000);
    bson_destroy(&reply);
    assert_true(raw_send_msg(bench.fd, 0, body, "updates", &document, 1));
    assert_true(raw_receive(bench.fd, &reply));
    assert_int_equal(raw_int(&reply, "code"), 2);
    bson_destroy(&reply);
    bson_destroy(body);
    bson_destroy(document);
    bench_close(&bench);
}

/* A string that is no UTF-8, a document whose length lies, one that ends too early: all
 * within a message that is well formed. */
static void
test_malformed_documents_are_refused(void **state)
{
    static const uint8_t no_utf8[] =
        "\x1f\0\0\0\x10_id\0\1\0\0\0\2s\0\3\0\0\0\xc3\x28\0\0";
    static const uint8_t lies[] = "\x14\0\0\0\x10_id\0\1\0\0\0\3x\0\xff\0\0\0";
    static const struct {
        const uint8_t *bytes;
        uint32_t size;
    } rows[] = {{no_utf8, sizeof no_utf8}, {lies, sizeof lies}};
    struct bench bench;
    (void)state;
    bench_open(&bench, NULL);
    bson_t *body = BCON_NEW("insert", "things", "$db", "town");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[64];
        uint32_t little = htole32(rows[i].size);
        bson_t document;
        bson_t *view = &document;
        bson_t reply;
        memcpy(bytes, rows[i].bytes, rows[i].size);
        memcpy(bytes, &little, sizeof little);
        assert_true(bson_init_static(&document, bytes, rows[i].size));
        assert_true(raw_send_msg(bench.fd, 0, body, "documents", &view, 1));
        assert_true(raw_receive(bench.fd, &reply));
        assert_int_equal(raw_int(&reply, "ok"), 0);
        assert_int_equal(raw_int(&reply, "code"), 2);
        bson_destroy(&reply);
    }
    bson_destroy(body);
    bench_close(&bench);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_too_large_a_document_is_refused),
        cmocka_unit_test(test_depth_has_a_limit),
        cmocka_unit_test(test_messages_outside_close_the_connection),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_malformed_documents_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
