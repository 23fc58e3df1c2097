/*
 * Many runs of clients that write and read while everything happens at once. Whatever
 * the faults, two promises hold: what was acknowledged with w:majority, and what a
 * majority read has shown, is there at the end.
 *
 * Prints its seed, which is its only argument; the second one is the number of runs.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/mongod/bench.h"

enum { WORKERS = 3, STEPS = 60, IDS = 40, RUNS = 40, PAUSES = 2 };

/* Per document the value that is promised, 0: none. Registers are one a worker. */
struct promises {
    int64_t values[IDS];
    int64_t registers[WORKERS];
};

struct worker {
    pthread_t thread;
    struct mongod *mongod;
    int number;
    uint64_t random;
    int fd;
    int64_t n_written;
    int64_t txn;
    struct promises promises;
    const char *broken; /* Which promise, NULL: none. */
};

static const struct mongod_fault faults[] = {
    {.action = MONGOD_CLOSE_BEFORE, .probability = 0.04},
    {.action = MONGOD_CLOSE_AFTER, .probability = 0.04},
    {.action = MONGOD_DELAY, .ms = 1, .probability = 0.04},
    {.action = MONGOD_DELAY_AFTER, .ms = 1, .probability = 0.04},
    {.action = MONGOD_NOT_PRIMARY, .probability = 0.02},
    {.action = MONGOD_CODE_1, .probability = 0.02},
    {.action = MONGOD_CODE_1_AFTER, .probability = 0.02},
    {.action = MONGOD_STEPDOWN, .ms = 1, .probability = 0.02},
    {.action = MONGOD_WRITE_CONCERN_ERROR, .ms = 2, .probability = 0.03},
    {.action = MONGOD_SLOW_MAJORITY, .ms = 2, .probability = 0.05},
    {.action = MONGOD_ROLLBACK, .ms = 2, .probability = 0.04},
    {.action = MONGOD_STALE_PRIMARY, .ms = 3, .probability = 0.04},
};

/* splitmix64 */
static uint64_t
next_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The server may be away for a moment. */
static bool
command(struct worker *worker, const char *text, bson_t *reply)
{
    while (worker->fd == -1) {
        worker->fd = raw_connect(mongod_port(worker->mongod));
        sched_yield();
    }
    if (raw_command(worker->fd, text, reply)) {
        return true;
    }
    raw_close(worker->fd);
    worker->fd = -1;
    return false;
}

/* One write, tried again once with the same number when its answer was lost. True: it
 * is acknowledged by the majority, as n documents. */
static bool
write_safely(struct worker *worker, const char *name, const char *batch)
{
    char text[512];
    bson_t reply;
    bool is_safe = false;
    bool is_answered = false;
    (void)snprintf(text, sizeof text,
                   "{'%s': 'things', '$db': 'town', %s, 'lsid': {'id': {'$binary': "
                   "{'base64': 'AAAAAAAAAAAAAAAAAAAA%c%c==', 'subType': '04'}}}, "
                   "'txnNumber': {'$numberLong': '%lld'}, 'writeConcern': "
                   "{'w': 'majority', 'j': true, 'wtimeout': 5}}",
                   name, batch, 'A' + worker->number, 'A', (long long)++worker->txn);
    for (int i = 0; i < 2 && !is_answered; i++) {
        is_answered = command(worker, text, &reply);
        is_safe = is_answered && raw_int(&reply, "ok") == 1 &&
                  raw_int(&reply, "n") == 1 &&
                  !bson_has_field(&reply, "writeConcernError");
        bson_destroy(&reply);
    }
    return is_safe;
}

static void
insert_one(struct worker *worker)
{
    char batch[128];
    int id = (int)(next_random(&worker->random) % IDS);
    int64_t value = ++worker->n_written * WORKERS + worker->number;
    (void)snprintf(batch, sizeof batch, "'documents': [{'_id': %d, 'v': %lld}]", id,
                   (long long)value);
    if (!write_safely(worker, "insert", batch)) {
        return;
    }
    if (worker->promises.values[id] != 0 && worker->promises.values[id] != value) {
        worker->broken = "an insert into a slot that was another's";
    }
    worker->promises.values[id] = value;
}

/* Only one worker writes a register, so it never falls. */
static void
raise_register(struct worker *worker)
{
    char batch[160];
    int64_t value = ++worker->n_written;
    (void)snprintf(
        batch, sizeof batch,
        "'updates': [{'q': {'_id': 'r%d'}, 'u': {'v': %lld}, 'upsert': true}]",
        worker->number, (long long)value);
    if (write_safely(worker, "update", batch)) {
        worker->promises.registers[worker->number] = value;
    }
}

/* What a document says about a promise; a text when it breaks it. */
static const char *
compare(struct promises *promises, bson_t *document, bool may_promise)
{
    bson_iter_t iter;
    int64_t value = raw_int(document, "v");
    if (!bson_iter_init_find(&iter, document, "_id")) {
        return "a document without _id";
    }
    if (BSON_ITER_HOLDS_UTF8(&iter)) {
        int64_t *known = &promises->registers[bson_iter_utf8(&iter, NULL)[1] - '0'];
        const char *broken = value < *known ? "a register that fell" : NULL;
        *known = may_promise ? value : *known;
        return broken;
    }
    int64_t *known = &promises->values[bson_iter_int32(&iter)];
    const char *broken =
        *known != 0 && *known != value ? "a slot that is another's" : NULL;
    *known = may_promise ? value : *known;
    return broken;
}

/* A majority read promises what it shows, as an acknowledgement does. */
static void
read_all(struct worker *worker)
{
    bson_t reply;
    bson_iter_t iter;
    bson_iter_t batch;
    bool is_answered = command(worker,
                               "{'find': 'things', '$db': 'town', 'readConcern': "
                               "{'level': 'majority'}, 'batchSize': 1000}",
                               &reply);
    if (is_answered && raw_int(&reply, "ok") == 1 && bson_iter_init(&iter, &reply) &&
        bson_iter_find_descendant(&iter, "cursor.firstBatch", &batch) &&
        bson_iter_recurse(&batch, &iter)) {
        while (bson_iter_next(&iter)) {
            const uint8_t *data = NULL;
            uint32_t size = 0;
            bson_t document;
            bson_iter_document(&iter, &size, &data);
            (void)bson_init_static(&document, data, size);
            const char *broken = compare(&worker->promises, &document, true);
            worker->broken = broken != NULL ? broken : worker->broken;
        }
    }
    bson_destroy(&reply);
}

static void *
work(void *argument)
{
    static void (*const steps[])(struct worker * worker) = {insert_one, insert_one,
                                                            raise_register, read_all};
    struct worker *worker = argument;
    for (int i = 0; i < STEPS; i++) {
        steps[next_random(&worker->random) % 4](worker);
    }
    if (worker->fd != -1) {
        raw_close(worker->fd);
    }
    return NULL;
}

/* Every promise of a worker against what is there at the end. */
static const char *
judge(struct worker *worker, const struct mongod_documents *documents)
{
    bool is_there[IDS] = {false};
    bool has_register[WORKERS] = {false};
    for (size_t i = 0; i < documents->n; i++) {
        bson_t *document = documents->documents[i];
        bson_iter_t iter;
        const char *broken = compare(&worker->promises, document, false);
        if (broken != NULL || !bson_iter_init_find(&iter, document, "_id")) {
            return broken;
        }
        if (BSON_ITER_HOLDS_UTF8(&iter)) {
            has_register[bson_iter_utf8(&iter, NULL)[1] - '0'] = true;
        } else {
            is_there[bson_iter_int32(&iter)] = true;
        }
    }
    for (int i = 0; i < IDS; i++) {
        if (worker->promises.values[i] != 0 && !is_there[i]) {
            return "a document that is lost";
        }
    }
    for (int i = 0; i < WORKERS; i++) {
        if (worker->promises.registers[i] != 0 && !has_register[i]) {
            return "a register that is lost";
        }
    }
    return NULL;
}

/* What the runs met: runs in which nothing happens prove nothing. */
struct sums {
    uint64_t n_played;
    uint64_t n_rollbacks;
    uint64_t n_promises;
};

static void
run_once(uint64_t seed, struct sums *sums)
{
    struct mongod_options options = {.is_replica_set = true, .seed = seed};
    struct mongod *mongod = mongod_start(&options);
    struct worker workers[WORKERS];
    struct mongod_documents documents;
    assert_non_null(mongod);
    mongod_script(mongod, faults, sizeof faults / sizeof *faults);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.mongod = mongod,
                                     .number = i,
                                     .random = seed * WORKERS + (uint64_t)i,
                                     .fd = -1};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]),
                         0);
    }
    for (int i = 1; i <= PAUSES; i++) {
        (void)mongod_await(mongod, "insert", (uint64_t)i * 20, 1000);
        mongod_pause(mongod);
        assert_true(mongod_resume(mongod));
    }
    for (int i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    }
    mongod_settle(mongod);
    mongod_read(mongod, "town.things", true, &documents);
    for (int i = 0; i < WORKERS; i++) {
        const char *broken = workers[i].broken;
        broken = broken != NULL ? broken : judge(&workers[i], &documents);
        if (broken != NULL) {
            fail_msg("seed %llu: %s", (unsigned long long)seed, broken);
        }
        for (int j = 0; j < IDS; j++) {
            sums->n_promises += workers[i].promises.values[j] != 0 ? 1 : 0;
        }
    }
    mongod_documents_free(&documents);
    assert_null(mongod_refused(mongod));
    sums->n_played += mongod_count_played(mongod);
    sums->n_rollbacks += mongod_count_rollbacks(mongod);
    mongod_stop(mongod);
}

static uint64_t first_seed;
static uint64_t n_runs = RUNS;

static void
test_promises_are_kept(void **state)
{
    struct sums sums = {.n_played = 0};
    (void)state;
    for (uint64_t i = 0; i < n_runs; i++) {
        run_once(first_seed + i, &sums);
    }
    print_message("%llu runs: %llu faults, %llu rollbacks, %llu promises\n",
                  (unsigned long long)n_runs, (unsigned long long)sums.n_played,
                  (unsigned long long)sums.n_rollbacks,
                  (unsigned long long)sums.n_promises);
    assert_true(sums.n_played > n_runs * 10);
    assert_true(sums.n_rollbacks > n_runs);
    assert_true(sums.n_promises > n_runs * 10);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_promises_are_kept)};
    first_seed = argc > 1 ? strtoull(argv[1], NULL, 10) : (uint64_t)time(NULL);
    n_runs = argc > 2 ? strtoull(argv[2], NULL, 10) : RUNS;
    print_message("seed %llu\n", (unsigned long long)first_seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
