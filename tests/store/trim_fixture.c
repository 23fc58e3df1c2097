#include "tests/store/trim_fixture.h"

#include "proto/base_sum.h"
#include "proto/wire.h"
#include "store/trimmed.h"

static const int64_t began_ms = 1700000000000;

void
trim_needs(struct fixture *f)
{
    if (f->store->backend->journal(f->store->db, f->arena) == NULL) {
        f->options.journal = arena_print(f->arena, "%s/journal", f->folder);
    }
}

static int64_t
put(struct fixture *f, const struct kind *kind, const char *id, int64_t was)
{
    atomic_fetch_add(&f->now_ms, 1000);
    return fixture_put(f, kind, id, was, kind == KIND_SEAL ? "" : "=r:a ~*",
                       fixture_doc(f, id, 1 + was, 5000, "ann", "hush"));
}

void
trim_fill(struct fixture *f)
{
    Kontor__V1__Note note = KONTOR__V1__NOTE__INIT;
    struct draft remark = {.actor = "acme/tester"};
    note.text = arena_copy(f->arena, "well");
    put(f, KIND_PAPER, "p", 0);
    put(f, KIND_DRAWER, "d", 0);
    put(f, KIND_SEAL, "s", 0);
    put(f, KIND_PAPER, "p", 1);
    put(f, KIND_DRAWER, "d", 2);
    put(f, KIND_PAPER, "q", 0);
    atomic_fetch_add(&f->now_ms, 1000);
    fixture_delete(f, KIND_PAPER, "q", 6);
    put(f, KIND_PAPER, "p", 4);
    put(f, KIND_PAPER, "r", 0);
    atomic_fetch_add(&f->now_ms, 1000);
    draft_add(f, &remark, KONTOR__V1__CHANGE__OP__NOTE, KIND_PAPER, "p", 8, "",
              wire_pack(&note.base, f->arena));
    assert_int_equal(fixture_commit(f, remark, NULL), STATUS_OK);
}

enum status
trim_run(struct fixture *f, int64_t up_to, struct store_trim *trim, char *error)
{
    *trim = (struct store_trim){.up_to = up_to};
    fixture_shut(f);
    enum status status = store_trim(&f->options, trim, error, 256);
    fixture_reopen(f);
    return status;
}

void
trim_good(struct fixture *f, int64_t up_to)
{
    char error[256] = "";
    struct store_trim trim;
    if (trim_run(f, up_to, &trim, error) != STATUS_OK) {
        fail_msg("up to %lld: %s", (long long)up_to, error);
    }
    assert_int_equal(store_oldest(f->store), trim.seq);
    fixture_verify(f);
}

const char *
trim_base(struct fixture *f)
{
    Kontor__V1__BaseDocument *document;
    const char *text = "";
    const char *kind = "";
    const char *id = "";
    while (trimmed_next(f->store, f->reader->reader, kind, id, f->arena, &document) ==
           STATUS_OK) {
        int64_t created_ms = store_time_ms(document->created_at) - began_ms;
        text = arena_print(f->arena, "%s%s%s %s %lld %lld%s", text,
                           text[0] == '\0' ? "" : "; ", document->kind, document->id,
                           (long long)document->revision, (long long)created_ms / 1000,
                           base_sum_is_erased(document) ? " -" : "");
        kind = document->kind;
        id = document->id;
    }
    return text;
}
