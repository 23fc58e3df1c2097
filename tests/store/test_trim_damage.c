/* Trimmed stores that are damaged, or were left half done. */
#include "store/trimmed.h"
#include "tests/store/trim_fixture.h"

/* Opens a store for maintenance and begins a batch. */
static struct store *
begin_tampering(struct fixture *f)
{
    char error[256] = "";
    struct store *store = NULL;
    struct store_mode mode = {.is_maintenance = true};
    fixture_shut(f);
    assert_int_equal(store_inner_open(&f->options, &mode, &store, error, sizeof error),
                     STATUS_OK);
    assert_int_equal(store->backend->batch_begin(store->db), STATUS_OK);
    return store;
}

static void
end_tampering(struct fixture *f, struct store *store)
{
    assert_int_equal(store->backend->batch_commit(store->db, NULL), STATUS_OK);
    store_close(store);
    fixture_reopen(f);
}

static void
change_scope(Kontor__V1__BaseDocument *document)
{
    document->scope[0][1] = 'x';
}

static void
change_content(Kontor__V1__BaseDocument *document)
{
    document->doc.data[2] ^= 1;
}

static void
change_revision(Kontor__V1__BaseDocument *document)
{
    document->revision--;
}

static void
change_created(Kontor__V1__BaseDocument *document)
{
    document->created_at->seconds--;
}

static void
take_content(Kontor__V1__BaseDocument *document)
{
    document->salt.len = 0;
    document->doc.len = 0;
}

/* Changes a document of the base; NULL: takes it out. */
static void
tamper(struct fixture *f, const char *kind, const char *id,
       void (*change)(Kontor__V1__BaseDocument *))
{
    Kontor__V1__BaseDocument *document;
    struct store *store = begin_tampering(f);
    void *reader = store->backend->writer(store->db);
    assert_int_equal(trimmed_get(store, reader, kind, id, f->arena, &document),
                     STATUS_OK);
    if (change == NULL) {
        assert_int_equal(store->backend->base_remove(store->db, kind, id), STATUS_OK);
    } else {
        change(document);
        assert_int_equal(trimmed_put(store, document, f->arena), STATUS_OK);
    }
    end_tampering(f, store);
}

static void
expect_damage(struct fixture *f, const char *says)
{
    char error[256] = "";
    int64_t verified = 0;
    struct store_trim trim;
    assert_int_equal(store_verify(f->store, &verified, error, sizeof error),
                     STATUS_DATA_LOSS);
    if (strstr(error, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error, says);
    }
    /* Nor is it trimmed any further. */
    assert_int_equal(trim_run(f, 8, &trim, error), STATUS_DATA_LOSS);
    assert_non_null(strstr(error, "nothing was trimmed, the store is not whole"));
    assert_int_equal(store_oldest(f->store), 5);
    fixture_shut(f);
    assert_int_equal(store_rebuild(&f->options, error, sizeof error), STATUS_DATA_LOSS);
    assert_non_null(strstr(error, "restore a backup"));
    fixture_reopen(f);
}

static void
test_a_base_that_was_tampered_with_is_damage(struct fixture *f)
{
    static const struct {
        const char *kind;
        const char *id;
        void (*change)(Kontor__V1__BaseDocument *);
        const char *says;
    } rows[] = {
        {"drawer", "d", change_scope, "drawer d: the stored document is not"},
        {"drawer", "d", change_content, "drawer d: its content does not fit"},
        {"paper", "p", change_revision, "paper p: the stored document is not"},
        {"seal", "s", change_created, "the digest of the base"},
        {"seal", "s", NULL, "the base has 3 documents, but 2 are there"},
        {"seal", "s", take_content, "it is the present version, but its document"},
        {"paper", "p", take_content, "stored among the past versions"},
    };
    trim_needs(f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture *one = test_calloc(1, sizeof *one);
        fixture_open(one, f->backend);
        trim_fill(one);
        trim_good(one, 5);
        tamper(one, rows[i].kind, rows[i].id, rows[i].change);
        expect_damage(one, rows[i].says);
        fixture_close(one);
        test_free(one);
    }
}

/* A version of the base may only be missing where an erasure after it says so. */
static void
test_content_of_a_base_that_went_in_silence_is_damage(struct fixture *f)
{
    trim_needs(f);
    trim_fill(f);
    fixture_put(f, KIND_DRAWER, "d", 5, "=r:a", fixture_doc(f, "x", 1, 0, NULL, NULL));
    trim_good(f, 5);
    tamper(f, "drawer", "d", take_content);
    expect_damage(f, "commit 5: drawer d: its document is missing");
}

static void
test_a_damaged_store_is_not_trimmed(struct fixture *f)
{
    char error[256] = "";
    struct store_trim trim;
    trim_needs(f);
    trim_fill(f);
    struct store *store = begin_tampering(f);
    struct log_entry entry;
    assert_int_equal(store->backend->log_after(store->backend->writer(store->db), 1,
                                               f->arena, &entry),
                     STATUS_OK);
    assert_int_equal(store->backend->log_replace(store->db, 3, entry.body), STATUS_OK);
    end_tampering(f, store);
    assert_int_equal(trim_run(f, 8, &trim, error), STATUS_DATA_LOSS);
    assert_non_null(strstr(error, "nothing was trimmed, the store is not whole"));
    assert_int_equal(store_oldest(f->store), 0);
}

/* A backend without transactions may break a trim off behind the base: what is left is
 * passed over, and the next trim takes it. */
static void
test_a_trim_that_was_broken_off_is_ended_by_the_next(struct fixture *f)
{
    trim_needs(f);
    trim_fill(f);
    trim_good(f, 5);
    struct store *store = begin_tampering(f);
    static const uint8_t eid[STORE_EID_SIZE] = {1};
    uint8_t body[] = {8, 2};
    assert_int_equal(
        store->backend->append(store->db, 2, eid, (struct bytes){body, sizeof body}),
        STATUS_OK);
    end_tampering(f, store);
    fixture_verify(f);
    trim_good(f, 8);
    struct log_entry entry;
    assert_int_equal(
        f->store->backend->log_after(f->reader->reader, 0, f->arena, &entry),
        STATUS_OK);
    assert_int_equal(entry.seq, 9);
}

#define CASE(name)                                                                     \
    {                                                                                  \
#name, name                                                                    \
    }

static const struct fixture_case cases[] = {
    CASE(test_a_base_that_was_tampered_with_is_damage),
    CASE(test_content_of_a_base_that_went_in_silence_is_damage),
    CASE(test_a_damaged_store_is_not_trimmed),
    CASE(test_a_trim_that_was_broken_off_is_ended_by_the_next),
};

int
main(void)
{
    return fixture_run("damaged bases", cases, sizeof cases / sizeof cases[0]);
}
