/* Single faults of a MongoDB server that broke a promise once, each played step by
 * step. */
#include <stdlib.h>

#include "tests/mongod/mongod.h"
#include "tests/store/fixture.h"

enum { WAIT_MS = 10000, NEVER_MS = 500, SOCKET_MS = 150 };

/* One server for all cases; its socket time-out is short. */
static struct mongod *mongod;

static void
faulty_address(const char *folder, const char *name, char *out, size_t size)
{
    const struct mongod_options options = {.is_replica_set = true};
    if (mongod == NULL) {
        mongod = mongod_start(&options);
        assert_non_null(mongod);
    }
    (void)snprintf(out, size,
                   "mongodb://127.0.0.1:%u/%s-%s?replicaSet=rs0&socketTimeoutMS=%d&"
                   "serverSelectionTimeoutMS=1000",
                   (unsigned)mongod_port(mongod), strrchr(folder, '/') + 1, name,
                   SOCKET_MS);
}

static void
faulty_clear(const char *folder)
{
    (void)folder;
    const char *refused = mongod_refused(mongod);
    if (refused != NULL) {
        fail_msg("the server refused %s", refused);
    }
    mongod_script(mongod, NULL, 0);
    mongod_settle(mongod);
    mongod_wipe(mongod);
}

static const struct fixture_backend faulty = {.name = "mongodb with faults",
                                              .backend = "mongodb",
                                              .address = faulty_address,
                                              .clear = faulty_clear};

/*
 * A version of the past is stored, but by no majority, and its answer is lost. When it
 * is stored again it is a duplicate; then the set loses it, and the present version
 * comes to a primary that never had it.
 */
static void
test_a_duplicate_of_the_past_is_not_taken_for_a_stored_one(struct fixture *f)
{
    const struct mongod_fault faults[] = {
        {.action = MONGOD_ROLLBACK,
         .ms = MONGOD_FOREVER,
         .command = "insert",
         .collection = "paper_past",
         .nth = 1},
        {.action = MONGOD_DELAY,
         .ms = MONGOD_FOREVER,
         .command = "update",
         .collection = "paper",
         .nth = 1},
    };
    struct ticket ticket;
    int64_t first = fixture_put(f, KIND_PAPER, "a", 0, "=a",
                                fixture_doc(f, "one", 1, 0, NULL, NULL));
    uint64_t n_updates = mongod_count(mongod, "update");
    mongod_script(mongod, faults, 2);
    ticket_init(&ticket);
    ticket.work.draft = fixture_draft(f, KIND_PAPER, "a", first, "=a",
                                      fixture_doc(f, "two", 2, 0, NULL, NULL));
    ticket.work.is_decided = true;
    assert_int_equal(ticket_submit(f, &ticket), STATUS_OK);
    /* The update must not even be asked for as long as the past is in doubt. */
    bool is_updated = mongod_await(mongod, "update", n_updates + 1, NEVER_MS * 4);
    mongod_settle(mongod);
    ticket_wait(&ticket);
    assert_int_equal(ticket.status, STATUS_OK);
    assert_true(mongod_count_undone(mongod) > 0);
    ticket_done(&ticket);
    fixture_reopen(f);
    fixture_verify(f);
    assert_false(is_updated);
}

static const struct fixture_case cases[] = {
    {"test_a_duplicate_of_the_past_is_not_taken_for_a_stored_one",
     test_a_duplicate_of_the_past_is_not_taken_for_a_stored_one},
};

int
main(void)
{
    int n_failed =
        fixture_run_on(&faulty, "faults", cases, sizeof cases / sizeof cases[0]);
    mongod_stop(mongod);
    return n_failed;
}
