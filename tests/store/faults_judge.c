#include "tests/store/faults_judge.h"

#include <stdlib.h>
#include <string.h>

#include "tests/store/faults_site.h"
#include "tests/store/faults_work.h"
#include "tests/store/fixture.h"

enum { LOG_BYTES = 1 << 24 };

/* What the log says of the works. */
struct found {
    int64_t seqs[LEDGER_CALLERS][LEDGER_WORKS]; /* 0 = not there. */
    uint8_t hashes[LEDGER_CALLERS][LEDGER_WORKS][32];
    int64_t tail;
};

static const struct store_faults no_faults = {.skips_sync = false};

/* ---- The log ---- */

static void
found_add(const struct judge *judge, struct found *found,
          const Kontor__V1__Commit *commit)
{
    size_t caller = 0;
    size_t work = 0;
    if (commit->seq != found->tail + 1) {
        ledger_blame(judge->ledger, "the log goes on with %lld after %lld",
                     (long long)commit->seq, (long long)found->tail);
    }
    found->tail = commit->seq;
    if (!ledger_of_eid(commit->eid.data, &caller, &work)) {
        return;
    }
    if (found->seqs[caller][work] != 0) {
        ledger_blame(judge->ledger, "work %zu of caller %zu is done twice: %lld, %lld",
                     work, caller, (long long)found->seqs[caller][work],
                     (long long)commit->seq);
    }
    found->seqs[caller][work] = commit->seq;
    memcpy(found->hashes[caller][work], commit->hash.data, 32);
}

static void
judge_log(const struct judge *judge, struct store_reader *reader, struct found *found)
{
    Kontor__V1__Commit **commits = NULL;
    size_t n = 0;
    struct arena *arena = arena_new();
    struct replay *replay = replay_new(judge->seed);
    *found = (struct found){.tail = 0};
    if (store_log_read(reader, 0, LEDGER_HEARD, LOG_BYTES, arena, &commits, &n) !=
        STATUS_OK) {
        ledger_blame(judge->ledger, "the log cannot be read");
    }
    for (size_t i = 0; i < n; i++) {
        const char *wrong = replay_commit(replay, commits[i]);
        if (wrong != NULL) {
            ledger_blame(judge->ledger, "commit %lld: %s", (long long)commits[i]->seq,
                         wrong);
        }
        found_add(judge, found, commits[i]);
    }
    replay_free(replay);
    arena_free(arena);
}

/* ---- What callers were told ---- */

static void
judge_record(const struct judge *judge, const struct found *found, size_t caller,
             size_t work)
{
    const struct record *record = &judge->ledger->records[caller][work];
    int64_t seq = found->seqs[caller][work];
    int end = atomic_load(&record->end);
    bool is_told_no = end == LEDGER_REFUSED || end == LEDGER_FAILED;
    if (is_told_no && seq != 0) {
        ledger_blame(judge->ledger,
                     "work %zu of caller %zu was told %s, but the log has it at %lld",
                     work, caller, end == LEDGER_FAILED ? "failed" : "no",
                     (long long)seq);
    }
    bool is_same = record->seq == seq &&
                   (seq == 0 || memcmp(record->hash, found->hashes[caller][work],
                                       sizeof record->hash) == 0);
    if (end == LEDGER_OK && !is_same) {
        ledger_blame(judge->ledger,
                     "work %zu of caller %zu was acknowledged at %lld, but the log has "
                     "it at %lld, or another",
                     work, caller, (long long)record->seq, (long long)seq);
    }
}

/* What was asked for first stands first. */
static void
judge_order(const struct judge *judge, size_t caller)
{
    int64_t before = 0;  /* The last of the bursts before. */
    int64_t within = 0;  /* The last of this burst that was asked for once. */
    int64_t highest = 0; /* Of this burst. */
    uint32_t burst = 0;
    for (size_t i = 0; i < LEDGER_WORKS; i++) {
        const struct record *record = &judge->ledger->records[caller][i];
        if (atomic_load(&record->end) != LEDGER_OK || record->seq == 0) {
            continue;
        }
        if (record->burst != burst) {
            before = highest > before ? highest : before;
            burst = record->burst;
            within = 0;
        }
        int64_t least = before > within ? before : within;
        if (record->is_first_try && record->seq <= least) {
            ledger_blame(judge->ledger,
                         "work %zu of caller %zu stands before an "
                         "earlier one: %lld",
                         i, caller, (long long)record->seq);
        }
        within = record->is_first_try ? record->seq : within;
        highest = record->seq > highest ? record->seq : highest;
    }
}

static void
judge_records(const struct judge *judge, const struct found *found)
{
    for (size_t i = 0; i < LEDGER_CALLERS; i++) {
        for (size_t j = 0; j < LEDGER_WORKS; j++) {
            judge_record(judge, found, i, j);
        }
        judge_order(judge, i);
    }
}

/* A number that came late may stand over a newer one, which costs time; one that
 * nobody asked for may not. */
static void
judge_softs(const struct judge *judge, struct store_reader *reader)
{
    for (size_t i = 0; i < LEDGER_CALLERS; i++) {
        int64_t value = 0;
        int64_t told = 0;
        bool is_asked = false;
        enum status status = store_soft_get(reader, work_soft_key(i), &value);
        for (size_t j = 0; j < LEDGER_WORKS; j++) {
            int end = atomic_load(&judge->ledger->records[i][j].end);
            bool is_soft = work_kind_of(judge->seed, i, j) == WORK_SOFT;
            bool is_this = is_soft && value == (int64_t)j + 1 && end != LEDGER_NONE;
            is_asked = is_asked || is_this;
            told = is_soft && end == LEDGER_OK ? (int64_t)j + 1 : told;
        }
        bool is_lost = judge->keeps_softs && value < told;
        if (is_lost || (status == STATUS_OK && !is_asked) ||
            (status != STATUS_OK && status != STATUS_NOT_FOUND)) {
            ledger_blame(judge->ledger,
                         "the soft number of caller %zu is %lld (%s), "
                         "told was %lld",
                         i, (long long)value, status_name(status), (long long)told);
        }
    }
}

/* ---- Asking again ---- */

struct again {
    struct job job;
    sem_t done;
    enum status status;
    bool is_replay;
    int64_t seq;
};

static void
again_done(struct work *work, const struct outcome *outcome)
{
    struct again *again = (struct again *)work;
    again->status = outcome->status;
    again->is_replay = outcome->is_replay;
    again->seq = outcome->commit == NULL ? 0 : outcome->commit->seq;
    sem_post(&again->done);
}

/* Whatever the answer was: the same key gets the same commit, or the first one. */
static void
judge_again(const struct judge *judge, struct store *store, const struct found *found,
            size_t caller, size_t work)
{
    enum { ANSWER_MS = 30000 };
    struct again again = {.seq = 0};
    int64_t before = found->seqs[caller][work];
    job_init(&again.job, judge->seed, caller, work);
    again.job.work.done = again_done;
    sem_init(&again.done, 0, 0);
    enum status status = store_submit(store, &again.job.work);
    if (status == STATUS_OK && !ledger_wait(&again.done, ANSWER_MS)) {
        abort();
    }
    again.status = status == STATUS_OK ? again.status : status;
    bool is_right = again.status == STATUS_OK ||
                    (before == 0 && again.status == STATUS_RESOURCE_EXHAUSTED);
    is_right = is_right && again.is_replay == (before != 0);
    if (!is_right || (before != 0 && again.seq != before)) {
        ledger_blame(judge->ledger,
                     "asked again, work %zu of caller %zu ends with %s at %lld instead "
                     "of %lld",
                     work, caller, status_name(again.status), (long long)again.seq,
                     (long long)before);
    }
    sem_destroy(&again.done);
    job_done(&again.job);
}

static void
judge_all_again(const struct judge *judge, struct store *store,
                const struct found *found)
{
    for (size_t i = 0; i < LEDGER_CALLERS; i++) {
        for (size_t j = 0; j < LEDGER_WORKS; j++) {
            int end = atomic_load(&judge->ledger->records[i][j].end);
            bool is_sampled = ledger_random(judge->seed, 600 + i, j) % 8 == 0;
            if (end == LEDGER_ASKED || (end == LEDGER_OK && is_sampled)) {
                judge_again(judge, store, found, i, j);
            }
        }
    }
}

/* ---- The whole ---- */

static void
judge_verify(const struct judge *judge, struct store *store, const char *when)
{
    char error[256] = "";
    int64_t verified = 0;
    enum status status = store_verify(store, &verified, error, sizeof error);
    if (status != STATUS_OK || verified != store_applied(store)) {
        ledger_blame(judge->ledger,
                     "%s the store does not verify after %lld of %lld: "
                     "%s: %s",
                     when, (long long)verified, (long long)store_applied(store),
                     status_name(status), error);
    }
}

static void
judge_store(const struct judge *judge, struct store *store)
{
    struct found found;
    struct store_reader *reader = NULL;
    judge_verify(judge, store, "after the run");
    if (store_reader_open(store, &reader) != STATUS_OK) {
        ledger_blame(judge->ledger, "a healthy store cannot be read");
        return;
    }
    judge_log(judge, reader, &found);
    judge_records(judge, &found);
    judge_softs(judge, reader);
    judge_all_again(judge, store, &found);
    judge_verify(judge, store, "after asking again");
    judge_log(judge, reader, &found);
    store_reader_close(reader);
}

/* Rows of this very process, whose brokers could not say that they left. */
static void
judge_forget_brokers(const struct judge *judge)
{
    struct mongod_documents rows;
    mongod_read(judge->mongod, "kontor.brokers", false, &rows);
    for (size_t i = 0; i < rows.n; i++) {
        (void)mongod_uproot(judge->mongod, "kontor.brokers", rows.documents[i]);
    }
    mongod_documents_free(&rows);
}

static void
judge_rebuild(const struct judge *judge)
{
    char error[256] = "";
    const struct store_options options = site_options(judge->ledger->calm_uri);
    judge_forget_brokers(judge);
    enum status status = store_rebuild(&options, error, sizeof error);
    if (status != STATUS_OK) {
        ledger_blame(judge->ledger, "it cannot be rebuilt: %s", error);
    }
}

/* What a killed broker left unwritten is seen by who writes nothing. */
static void
judge_read_only(const struct judge *judge)
{
    struct ledger *ledger = judge->ledger;
    struct store *store =
        site_open(ledger, ledger->calm_uri, &no_faults, true, NULL, NULL);
    if (store != NULL) {
        judge_verify(judge, store, "before anybody writes");
    }
    store_close(store);
}

void
judge_run(const struct judge *judge)
{
    struct ledger *ledger = judge->ledger;
    judge_read_only(judge);
    struct store *store =
        site_open(ledger, ledger->calm_uri, &no_faults, false, NULL, NULL);
    if (store == NULL) {
        return;
    }
    judge_store(judge, store);
    store_close(store);
    /* A rebuild would mend what is to be found. */
    if (!atomic_load(&ledger->is_wrong)) {
        judge_rebuild(judge);
    }
    const char *refused = mongod_refused(judge->mongod);
    if (refused != NULL) {
        ledger_blame(ledger, "outside of the portable subset: %s", refused);
    }
}
