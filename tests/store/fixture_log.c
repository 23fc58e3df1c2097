/* What the tests ask of the whole log: that it verifies, and an export of it. */
#include "tests/store/fixture.h"

#include "proto/export.h"

void
fixture_verify(struct fixture *fixture)
{
    char error[256] = "";
    int64_t verified = 0;
    /* Another broker's commits may be followed meanwhile. */
    int64_t applied = store_applied(fixture->store);
    enum status status = store_verify(fixture->store, &verified, error, sizeof error);
    if (status != STATUS_OK) {
        fail_msg("the store does not verify after %lld: %s", (long long)verified,
                 error);
    }
    assert_true(verified >= applied);
}

/* Where the log's chain stands at a position. */
static struct chain
fixture_chain(struct fixture *fixture, int64_t seq)
{
    struct chain chain = {.seq = seq};
    Kontor__V1__Commit **commits = NULL;
    Kontor__V1__Base *base;
    size_t n = 0;
    bool has_base = store_base(fixture->reader, fixture->arena, &base) == STATUS_OK;
    if (has_base && (seq == 0 || seq == base->seq)) {
        chain.seq = base->seq;
        memcpy(chain.hash, base->hash.data, sizeof chain.hash);
    } else if (seq > 0) {
        assert_int_equal(store_log_read(fixture->reader, seq - 1, 1, 1, fixture->arena,
                                        &commits, &n),
                         STATUS_OK);
        assert_int_equal(commits[0]->seq, seq);
        memcpy(chain.hash, commits[0]->hash.data, sizeof chain.hash);
    }
    return chain;
}

static void
fixture_export_header(struct fixture *fixture, FILE *file, int64_t after,
                      struct chain *chain)
{
    Kontor__V1__ExportHeader header = KONTOR__V1__EXPORT_HEADER__INIT;
    Kontor__V1__ExportRecord record = KONTOR__V1__EXPORT_RECORD__INIT;
    char format[] = EXPORT_FORMAT;
    header.format = format;
    header.after = after;
    if (after == 0) {
        enum status status =
            store_base(fixture->reader, fixture->arena, &header.log_base);
        assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    } else {
        header.anchor = (ProtobufCBinaryData){sizeof chain->hash, chain->hash};
    }
    assert_int_equal(store_histories(fixture->reader, fixture->arena, &header.histories,
                                     &header.n_histories),
                     STATUS_OK);
    record.record_case = KONTOR__V1__EXPORT_RECORD__RECORD_HEADER;
    record.header = &header;
    assert_true(export_write(file, &record));
}

void
fixture_export_commit(FILE *file, Kontor__V1__Commit *commit)
{
    Kontor__V1__ExportRecord record = KONTOR__V1__EXPORT_RECORD__INIT;
    record.record_case = KONTOR__V1__EXPORT_RECORD__RECORD_COMMIT;
    record.commit = commit;
    assert_true(export_write(file, &record));
}

/* The documents of the base, if there is one. */
static void
fixture_export_base(struct fixture *fixture, FILE *file)
{
    Kontor__V1__BaseDocument **documents = NULL;
    const char *kind = "";
    const char *id = "";
    size_t n = 0;
    do {
        assert_int_equal(store_base_read(fixture->reader, kind, id, 64, fixture->arena,
                                         &documents, &n),
                         STATUS_OK);
        for (size_t i = 0; i < n; i++) {
            Kontor__V1__ExportRecord record = KONTOR__V1__EXPORT_RECORD__INIT;
            record.record_case = KONTOR__V1__EXPORT_RECORD__RECORD_DOCUMENT;
            record.document = documents[i];
            assert_true(export_write(file, &record));
            kind = documents[i]->kind;
            id = documents[i]->id;
        }
    } while (n > 0);
}

size_t
fixture_export(struct fixture *fixture, const char *path, int64_t after)
{
    size_t n_all = 0;
    size_t n = 0;
    struct chain chain = fixture_chain(fixture, after);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fixture_export_header(fixture, file, after, &chain);
    if (after == 0) {
        fixture_export_base(fixture, file);
    }
    do {
        Kontor__V1__Commit **commits = NULL;
        assert_int_equal(store_log_read(fixture->reader, chain.seq, 100, 1 << 20,
                                        fixture->arena, &commits, &n),
                         STATUS_OK);
        for (size_t i = 0; i < n; i++) {
            fixture_export_commit(file, commits[i]);
            chain.seq = commits[i]->seq;
            memcpy(chain.hash, commits[i]->hash.data, sizeof chain.hash);
        }
        n_all += n;
    } while (n > 0);
    assert_true(export_write_end(file, &chain, (int64_t)n_all));
    assert_int_equal(fclose(file), 0);
    return n_all;
}
