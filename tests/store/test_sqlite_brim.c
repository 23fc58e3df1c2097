/* A disk that becomes full while a batch only reads: SQLite makes room for what is read
 * by writing what waits, and ends the transaction when it cannot. */
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/store/fixture.h"

enum { N_LARGE = 8, LARGE = 900000 };

/* ---- A disk ---- */

static _Atomic bool is_full;
static _Atomic int n_refused;
static sqlite3_vfs *below;
static sqlite3_vfs brim;
static sqlite3_io_methods methods;
static int (*write_below)(sqlite3_file *, const void *, int, sqlite3_int64);

static int
brim_write(sqlite3_file *file, const void *bytes, int n_bytes, sqlite3_int64 at)
{
    if (atomic_load(&is_full)) {
        atomic_fetch_add(&n_refused, 1);
        return SQLITE_FULL;
    }
    return write_below(file, bytes, n_bytes, at);
}

static int
brim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
          int *out_flags)
{
    (void)vfs;
    int code = below->xOpen(below, name, file, flags, out_flags);
    if (code == SQLITE_OK && (flags & SQLITE_OPEN_WAL) != 0) {
        methods = *file->pMethods;
        write_below = methods.xWrite;
        methods.xWrite = brim_write;
        file->pMethods = &methods;
    }
    return code;
}

static void
install(void)
{
    below = sqlite3_vfs_find(NULL);
    brim = *below;
    brim.zName = "brim";
    brim.xOpen = brim_open;
    assert_int_equal(sqlite3_vfs_register(&brim, 1), SQLITE_OK);
}

/* ---- A batch ---- */

static const char *
large_id(struct fixture *f, int i)
{
    return arena_print(f->arena, "large/%d", i);
}

/* The committer waits here until the rest of the batch is queued. */
static _Atomic bool is_let_go;

static enum status
decide_gate(struct work *work, struct store_reader *reader)
{
    (void)work;
    (void)reader;
    while (!atomic_load(&is_let_go)) {
        usleep(1000);
    }
    return STATUS_OK;
}

/* Reads more than the writer keeps, so that what the batch wrote has to make room. */
static enum status
decide_reading(struct work *work, struct store_reader *reader)
{
    enum status status = STATUS_OK;
    (void)work;
    atomic_store(&is_full, true);
    for (int i = 1; i < N_LARGE && status == STATUS_OK; i++) {
        struct arena *arena = arena_new();
        struct document got;
        char id[32];
        (void)snprintf(id, sizeof id, "large/%d", i);
        status = store_get(reader, KIND_PAPER, id, NULL, 0, arena, &got);
        arena_free(arena);
    }
    atomic_store(&is_full, false);
    return status;
}

static void
queue_put(struct fixture *f, struct ticket *ticket, const char *id, int64_t was,
          const char *secret)
{
    ticket_init(ticket);
    ticket->work.draft = fixture_draft(f, KIND_PAPER, id, was, "=r:a",
                                       fixture_doc(f, "new", 2, 5000, "ann", secret));
    ticket->work.is_decided = true;
    assert_int_equal(ticket_submit(f, ticket), STATUS_OK);
}

static void
queue_decide(struct fixture *f, struct ticket *ticket,
             enum status (*decide)(struct work *, struct store_reader *))
{
    ticket_init(ticket);
    ticket->work.decide = decide;
    assert_int_equal(ticket_submit(f, ticket), STATUS_OK);
}

static void
test_a_batch_ends_with_its_transaction(struct fixture *f)
{
    struct ticket gate, first, reading, second;
    struct document got;
    char *secret = arena_alloc(f->arena, LARGE + 1);
    int64_t revision = 0;
    int64_t verified = 0;
    char error[256] = "";
    memset(secret, 's', LARGE);
    for (int i = 0; i < N_LARGE; i++) {
        int64_t seq = fixture_put(f, KIND_PAPER, large_id(f, i), 0, "=r:a",
                                  fixture_doc(f, "old", 1, 5000, "ann", secret));
        revision = i == 0 ? seq : revision;
    }
    queue_decide(f, &gate, decide_gate);
    queue_put(f, &first, "large/0", revision, secret);
    queue_decide(f, &reading, decide_reading);
    queue_put(f, &second, "small", 0, "small");
    atomic_store(&is_let_go, true);
    ticket_wait(&gate);
    ticket_wait(&first);
    ticket_wait(&reading);
    ticket_wait(&second);
    /* Nothing of it stands, and everybody was told so. */
    assert_true(atomic_load(&n_refused) > 0);
    assert_int_equal(first.status, STATUS_UNAVAILABLE);
    assert_int_equal(reading.status, STATUS_UNAVAILABLE);
    assert_int_equal(second.status, STATUS_UNAVAILABLE);
    assert_int_equal(store_get(f->reader, KIND_PAPER, "small", NULL, 0, f->arena, &got),
                     STATUS_NOT_FOUND);
    assert_int_equal(
        store_get(f->reader, KIND_PAPER, "large/0", NULL, 0, f->arena, &got),
        STATUS_OK);
    assert_int_equal(got.revision, revision);
    /* With room again all goes on, and the log is whole. */
    (void)fixture_put(f, KIND_PAPER, "after", 0, "=r:a",
                      fixture_doc(f, "after", 1, 5000, "ann", "hush"));
    assert_int_equal(store_verify(f->store, &verified, error, sizeof error), STATUS_OK);
    ticket_done(&gate);
    ticket_done(&first);
    ticket_done(&reading);
    ticket_done(&second);
}

int
main(void)
{
    const struct fixture_case cases[] = {
        {"test_a_batch_ends_with_its_transaction",
         test_a_batch_ends_with_its_transaction},
    };
    install();
    return fixture_run_on(fixture_backend("sqlite"), "sqlite_brim", cases, 1);
}
