#include "tests/store/erase_fixture.h"

#include "proto/chain.h"
#include "proto/wire.h"

void
erase_needs(struct fixture *f)
{
    const struct backend *backend = f->store->backend;
    if (backend->journal(f->store->db, f->arena) == NULL) {
        f->options.journal = arena_print(f->arena, "%s/journal", f->folder);
    }
}

static struct bytes
old_doc(struct fixture *f, const char *name)
{
    return fixture_doc(f, name, 1, 5000, ERASE_SECRET, ERASE_SECRET);
}

void
erase_fill(struct fixture *f)
{
    Kontor__V1__Note note = KONTOR__V1__NOTE__INIT;
    note.text = arena_copy(f->arena, ERASE_SECRET);
    struct draft remark = {.actor = "acme/tester"};
    int64_t p = fixture_put(f, KIND_PAPER, "p", 0, "=r:a ~*", old_doc(f, "one"));
    int64_t d = fixture_put(f, KIND_DRAWER, "d", 0, "=r:a", old_doc(f, "one"));
    p = fixture_put(f, KIND_PAPER, "p", p, "=r:a ~r:b", old_doc(f, "two"));
    draft_add(f, &remark, KONTOR__V1__CHANGE__OP__NOTE, KIND_PAPER, "p", p, "",
              wire_pack(&note.base, f->arena));
    assert_int_equal(fixture_commit(f, remark, NULL), STATUS_OK);
    fixture_put(f, KIND_DRAWER, "d", d, "=r:a",
                fixture_doc(f, "two", 2, 0, NULL, NULL));
    fixture_put(f, KIND_PAPER, "p", p, "=r:a",
                fixture_doc(f, "three", 3, 0, "bob", NULL));
    int64_t q = fixture_put(f, KIND_PAPER, "q", 0, "=r:a", old_doc(f, "gone"));
    fixture_delete(f, KIND_PAPER, "q", q);
    fixture_put(f, KIND_SEAL, "s", 0, "", (struct bytes){(const uint8_t *)"t", 1});
}

enum status
erase_run(struct fixture *f, struct store_erasure *erasure, char *error)
{
    fixture_shut(f);
    enum status status = store_erase(&f->options, erasure, error, 256);
    fixture_reopen(f);
    return status;
}

int64_t
erase_good(struct fixture *f, const char *kind, const char *id)
{
    char error[256] = "";
    struct store_erasure erasure = {.kind = kind, .id = id, .reason = "asked for"};
    if (erase_run(f, &erasure, error) != STATUS_OK) {
        fail_msg("%s %s: %s", kind, id, error);
    }
    fixture_verify(f);
    return erasure.n_erased;
}

Kontor__V1__Commit *
erase_commit_at(struct fixture *f, int64_t seq)
{
    Kontor__V1__Commit **commits = NULL;
    size_t n = 0;
    assert_int_equal(store_log_read(f->reader, seq - 1, 1, 1, f->arena, &commits, &n),
                     STATUS_OK);
    assert_int_equal(n, 1);
    assert_int_equal(commits[0]->seq, seq);
    return commits[0];
}

const char *
erase_lost(struct fixture *f)
{
    Kontor__V1__Commit **commits = NULL;
    size_t n = 0;
    const char *lost = "";
    assert_int_equal(
        store_log_read(f->reader, 0, 1000, 1 << 24, f->arena, &commits, &n), STATUS_OK);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < commits[i]->n_changes; j++) {
            if (chain_is_erased(commits[i]->changes[j])) {
                lost =
                    arena_print(f->arena, "%s%s%lld", lost, lost[0] == '\0' ? "" : " ",
                                (long long)commits[i]->seq);
            }
        }
    }
    return lost;
}

const char *
erase_journal_text(struct fixture *f)
{
    const struct backend *backend = f->store->backend;
    const char *path = f->options.journal != NULL
                           ? f->options.journal
                           : backend->journal(f->store->db, f->arena);
    char *text = arena_alloc(f->arena, 1 << 16);
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        size_t size = fread(text, 1, (1 << 16) - 1, file);
        text[size] = '\0';
        (void)fclose(file);
    }
    return text;
}
