/* The sum of a base: what it covers, and everything that makes it another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/base_sum.h"
#include "tests/proto/base_sample.h"
#include "tests/proto/commit_sample.h"

static const uint8_t hash[DIGEST_SIZE] = {9};
static struct arena *arena;
static struct base_sample sample;

static int
set_up(void **state)
{
    (void)state;
    arena = arena_new();
    sample = base_sample(arena, 5, hash, 4);
    return arena == NULL;
}

static int
tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* What is wrong with the sample as it stands; NULL: nothing. */
static const char *
judge(void)
{
    struct base_sum sum = {.arena = arena};
    const char *wrong = base_sum_begin(&sum, sample.base);
    for (size_t i = 0; i < sample.n_documents && wrong == NULL; i++) {
        wrong = base_sum_add(&sum, sample.documents[i], arena);
    }
    return wrong == NULL ? base_sum_end(&sum, sample.base) : wrong;
}

static void
expect_wrong(const char *says)
{
    const char *wrong = judge();
    if (wrong == NULL || strstr(wrong, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", wrong == NULL ? "" : wrong, says);
    }
}

static void
test_a_whole_base_is_whole(void **state)
{
    (void)state;
    assert_null(judge());
    sample = base_sample(arena, 5, hash, 0);
    assert_null(judge());
}

/* The bytes of a small base, written out by hand from the header. */
static void
test_the_digest_is_as_designed(void **state)
{
    (void)state;
    uint8_t first[DIGEST_SIZE];
    uint8_t wanted[DIGEST_SIZE];
    sample = base_sample(arena, 5, hash, 1);
    struct digest *digest = digest_new(arena);
    digest_add(digest, "\0\0\0\0\0\0\0\14kontor-base1\0\0\0\0\0\0\0\5", 28);
    digest_add_int(digest, INT64_C(1700000002000));
    digest_add(digest, "\0\0\0\0\0\0\0\40", 8);
    digest_add(digest, hash, DIGEST_SIZE);
    digest_end(digest, first);
    digest = digest_new(arena);
    digest_add(digest, first, DIGEST_SIZE);
    digest_add(digest, "\0\0\0\0\0\0\0\7service\0\0\0\0\0\0\0\10acme/000", 31);
    digest_add_int(digest, 1);
    digest_add_int(digest, INT64_C(1700000000000));
    digest_add_int(digest, INT64_C(1700000001000));
    digest_add(digest, "\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\7=r:acme\0\0\0\0\0\0\0\2~*", 33);
    digest_add(digest, "\0\0\0\0\0\0\0\40", 8);
    digest_add(digest, sample.documents[0]->digest.data, DIGEST_SIZE);
    digest_end(digest, wanted);
    assert_memory_equal(sample.base->digest.data, wanted, DIGEST_SIZE);
}

/* Each changes one thing of a good base. */
typedef void (*tamper_fn)(Kontor__V1__Base *base, Kontor__V1__BaseDocument *document);

#define TAMPER(name, statement)                                                        \
    static void name(Kontor__V1__Base *base, Kontor__V1__BaseDocument *document)       \
    {                                                                                  \
        (void)base;                                                                    \
        (void)document;                                                                \
        statement;                                                                     \
    }

TAMPER(tamper_seq, base->seq++)
TAMPER(tamper_low_seq, base->seq = 2)
TAMPER(tamper_no_seq, base->seq = 0)
TAMPER(tamper_at, base->at->nanos = 1000000)
TAMPER(tamper_no_at, base->at = NULL)
TAMPER(tamper_fine_at, base->at->nanos = 1)
TAMPER(tamper_hash, base->hash.data[3] ^= 1)
TAMPER(tamper_no_hash, base->hash.len = 31)
TAMPER(tamper_count, base->documents++)
TAMPER(tamper_digest, base->digest.data[3] ^= 1)
TAMPER(tamper_no_digest, base->digest.len = 0)
TAMPER(tamper_kind, document->kind = arena_copy(arena, "service2"))
TAMPER(tamper_id, document->id = arena_copy(arena, "acme/001x"))
TAMPER(tamper_no_id, document->id = arena_copy(arena, ""))
TAMPER(tamper_order, document->id = arena_copy(arena, "acme/000"))
TAMPER(tamper_far, document->id = arena_copy(arena, "acme/9"))
TAMPER(tamper_revision, document->revision++)
TAMPER(tamper_no_revision, document->revision = 0)
TAMPER(tamper_late_revision, document->revision = 6)
TAMPER(tamper_created, document->created_at->seconds--)
TAMPER(tamper_no_created, document->created_at = NULL)
TAMPER(tamper_updated, document->updated_at->nanos = 999000000)
TAMPER(tamper_fine_updated, document->updated_at->nanos = 999)
TAMPER(tamper_scope, document->scope[0][0] = '~')
TAMPER(tamper_less_scope, document->n_scope = 1)
TAMPER(tamper_salt, document->salt.data[2] ^= 1)
TAMPER(tamper_short_salt, document->salt.len = 15)
TAMPER(tamper_no_salt, document->salt.len = 0)
TAMPER(tamper_doc, document->doc.data[2] ^= 1)
TAMPER(tamper_less_doc, document->doc.len--)
TAMPER(tamper_document_digest, document->digest.data[2] ^= 1)
TAMPER(tamper_no_document_digest, document->digest.len = 0)

static void
test_whatever_is_changed_is_found(void **state)
{
    static const struct {
        tamper_fn tamper;
        const char *says;
    } rows[] = {
        {tamper_seq, "the digest of the base"},
        {tamper_low_seq, "a revision that cannot be"},
        {tamper_no_seq, "no position"},
        {tamper_at, "the digest of the base"},
        {tamper_no_at, "no position, no hash or no time"},
        {tamper_fine_at, "no position, no hash or no time"},
        {tamper_hash, "the digest of the base"},
        {tamper_no_hash, "no position, no hash or no time"},
        {tamper_count, "the base has 5 documents, but 4 are there"},
        {tamper_digest, "the digest of the base"},
        {tamper_no_digest, "the digest of the base"},
        {tamper_kind, "service acme/003: it is out of order"},
        {tamper_id, "the digest of the base"},
        {tamper_no_id, "it has no id"},
        {tamper_order, "service acme/000: it is out of order"},
        {tamper_far, "service acme/003: it is out of order"},
        {tamper_revision, "the digest of the base"},
        {tamper_no_revision, "a revision that cannot be"},
        {tamper_late_revision, "a revision that cannot be"},
        {tamper_created, "the digest of the base"},
        {tamper_no_created, "a time is missing"},
        {tamper_updated, "the digest of the base"},
        {tamper_fine_updated, "a time is missing or not in whole milliseconds"},
        {tamper_scope, "the digest of the base"},
        {tamper_less_scope, "the digest of the base"},
        {tamper_salt, "its content does not fit its digest"},
        {tamper_short_salt, "its salt is not 16 bytes"},
        {tamper_no_salt, "its salt is not 16 bytes"},
        {tamper_doc, "its content does not fit its digest"},
        {tamper_less_doc, "its content does not fit its digest"},
        {tamper_document_digest, "its content does not fit its digest"},
        {tamper_no_document_digest, "its digest is missing"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sample = base_sample(arena, 5, hash, 4);
        rows[i].tamper(sample.base, sample.documents[2]);
        expect_wrong(rows[i].says);
    }
}

static void
test_a_document_too_few_or_twice_is_found(void **state)
{
    (void)state;
    sample.n_documents = 3;
    expect_wrong("the base has 4 documents, but 3 are there");
    sample = base_sample(arena, 5, hash, 4);
    sample.documents[3] = sample.documents[2];
    expect_wrong("it is out of order");
}

/* What an erasure takes is not in the digest: the base stays whole. */
static void
test_an_erased_document_leaves_the_base_whole(void **state)
{
    (void)state;
    sample.documents[1]->salt.len = 0;
    sample.documents[1]->doc.len = 0;
    assert_true(base_sum_is_erased(sample.documents[1]));
    assert_false(base_sum_is_erased(sample.documents[2]));
    assert_null(judge());
}

/* A field to come would be outside of the digest. */
static void
test_unknown_fields_are_refused(void **state)
{
    ProtobufCMessageUnknownField field = {.tag = 99};
    (void)state;
    sample.documents[1]->base.unknown_fields = &field;
    sample.documents[1]->base.n_unknown_fields = 1;
    expect_wrong("a field this version does not know");
    sample = base_sample(arena, 5, hash, 4);
    sample.base->base.unknown_fields = &field;
    sample.base->base.n_unknown_fields = 1;
    expect_wrong("no position");
}

#define RULE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        RULE(test_a_whole_base_is_whole),
        RULE(test_the_digest_is_as_designed),
        RULE(test_whatever_is_changed_is_found),
        RULE(test_a_document_too_few_or_twice_is_found),
        RULE(test_an_erased_document_leaves_the_base_whole),
        RULE(test_unknown_fields_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
