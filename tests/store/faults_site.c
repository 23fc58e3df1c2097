#include "tests/store/faults_site.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/store/faults_work.h"
#include "tests/store/fixture.h"

enum {
    FOLLOW_MS = 20000, /* For hearing of everything once nothing strikes. */
    RETRY_MS = 20,     /* Between two attempts at a store that is not away. */
    AWAY_MS = 200,     /* At most for hearing that it is back. */
    REST_MS = 120000,
    MAX_BURST = 3,
};

/* A broker at work. */
struct broker {
    const struct site *site;
    struct store *store;
    pthread_mutex_t lock; /* Guards what follows. */
    pthread_cond_t moved;
    bool is_closing;
    size_t n_running; /* Callers. */
};

/* One attempt at a work. */
struct attempt {
    struct job job;
    struct broker *broker;
    bool is_done;
    struct outcome outcome;
    int64_t seq;
    uint8_t hash[32];
};

/* ---- What the store tells ---- */

static void
broker_signal(struct broker *broker)
{
    pthread_mutex_lock(&broker->lock);
    pthread_cond_broadcast(&broker->moved);
    pthread_mutex_unlock(&broker->lock);
}

static void
broker_away(void *context, bool is_away)
{
    (void)is_away;
    broker_signal(context);
}

/* Each position once and in order. */
static void
broker_hear(void *context, const Kontor__V1__Commit *commit)
{
    struct broker *broker = context;
    struct heard *heard = &broker->site->ledger->heard[broker->site->number];
    size_t n = atomic_load(&heard->n);
    int64_t last = n == 0 ? commit->seq - 1 : heard->seqs[n - 1];
    if (commit->seq != last + 1 || n == LEDGER_HEARD) {
        ledger_blame(broker->site->ledger, "a listener heard of %lld after %lld",
                     (long long)commit->seq, (long long)last);
        return;
    }
    if (store_applied(broker->store) < commit->seq) {
        ledger_blame(broker->site->ledger,
                     "a listener heard of %lld before it was "
                     "applied",
                     (long long)commit->seq);
    }
    heard->seqs[n] = commit->seq;
    atomic_store(&heard->n, n + 1);
    broker_signal(broker);
}

static void
attempt_done(struct work *work, const struct outcome *outcome)
{
    struct attempt *attempt = (struct attempt *)work;
    struct broker *broker = attempt->broker;
    struct ledger *ledger = broker->site->ledger;
    pthread_mutex_lock(&broker->lock);
    attempt->outcome = *outcome;
    if (outcome->commit != NULL) {
        attempt->seq = outcome->commit->seq;
        memcpy(attempt->hash, outcome->commit->hash.data, sizeof attempt->hash);
    }
    attempt->outcome.commit = NULL;
    attempt->is_done = true;
    pthread_cond_broadcast(&broker->moved);
    pthread_mutex_unlock(&broker->lock);
    sem_post(&ledger->answers);
}

/* ---- Callers ---- */

/* A caller and where it is. */
struct caller {
    struct broker *broker;
    size_t number;
    struct store_reader *reader;
    pthread_t thread;
};

static struct record *
caller_record(const struct caller *caller, size_t work)
{
    return &caller->broker->site->ledger->records[caller->number][work];
}

static bool
is_final(const struct record *record)
{
    int end = atomic_load(&record->end);
    return end != LEDGER_NONE && end != LEDGER_ASKED;
}

/* Half of the works are decided by their callers, as the broker's workers do; not a
 * list, for nothing of a draft says what it did not find. */
static void
caller_decide(struct caller *caller, struct job *job)
{
    const struct site *site = caller->broker->site;
    bool is_early =
        ledger_random(site->seed, 300 + caller->number, job->number) % 2 == 0;
    if (site->is_stopped || !is_early || job->work.is_decided ||
        job->kind == WORK_LIST) {
        return;
    }
    if (caller->reader == NULL &&
        store_reader_open(caller->broker->store, &caller->reader) != STATUS_OK) {
        caller->reader = NULL;
        return;
    }
    job_decide_early(job, caller->reader);
}

/* False: nothing was queued. */
static bool
caller_submit(struct caller *caller, struct attempt *attempt)
{
    struct broker *broker = caller->broker;
    struct record *record = caller_record(caller, attempt->job.number);
    enum status status = STATUS_UNAVAILABLE;
    bool is_new = atomic_load(&record->end) == LEDGER_NONE;
    record->is_first_try = is_new;
    /* Until it is answered: a broker that is killed answers nothing. */
    record->is_doubtful = true;
    atomic_store(&record->end, LEDGER_ASKED);
    attempt->job.work.done = attempt_done;
    pthread_mutex_lock(&broker->lock);
    if (!broker->is_closing) {
        status = store_submit(broker->store, &attempt->job.work);
    }
    pthread_mutex_unlock(&broker->lock);
    return status == STATUS_OK;
}

/* Which of a record's ends an answer is; ASKED: none, it is asked for again. */
static enum ledger_end
caller_judge(struct caller *caller, const struct attempt *attempt, bool gives_up)
{
    char why[256] = "";
    struct broker *broker = caller->broker;
    switch (attempt->outcome.status) {
    case STATUS_OK:
        return LEDGER_OK;
    case STATUS_RESOURCE_EXHAUSTED:
        return LEDGER_REFUSED;
    case STATUS_UNAVAILABLE:
        return gives_up ? LEDGER_FAILED : LEDGER_ASKED;
    case STATUS_ABORTED:
        return gives_up && attempt->outcome.is_contended ? LEDGER_FAILED : LEDGER_ASKED;
    case STATUS_DEADLINE_EXCEEDED:
        return LEDGER_ASKED;
    default:
        if (!broker->site->is_stopped) {
            store_failure(broker->store, why, sizeof why);
        }
        ledger_blame(broker->site->ledger, "a caller was told %s: %s",
                     status_name(attempt->outcome.status), why);
        return LEDGER_FAILED;
    }
}

/* An attempt that surely wrote nothing leaves no doubt behind. */
static void
caller_note(struct caller *caller, const struct attempt *attempt, bool was_doubtful)
{
    const struct site *site = caller->broker->site;
    struct record *record = caller_record(caller, attempt->job.number);
    bool is_doubtful =
        was_doubtful || attempt->outcome.status == STATUS_DEADLINE_EXCEEDED;
    bool gives_up =
        !is_doubtful &&
        ledger_random(site->seed, 400 + caller->number, attempt->job.number) % 4 == 0;
    record->is_doubtful = is_doubtful;
    enum ledger_end end = caller_judge(caller, attempt, gives_up);
    if (end == LEDGER_OK) {
        record->seq = attempt->seq;
        memcpy(record->hash, attempt->hash, sizeof record->hash);
    }
    atomic_store(&record->end, end);
}

static void
broker_await(struct broker *broker, int64_t ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (until.tv_nsec / 1000000 + ms) / 1000;
    until.tv_nsec = (until.tv_nsec + ms % 1000 * 1000000) % 1000000000;
    (void)pthread_cond_timedwait(&broker->moved, &broker->lock, &until);
}

/* One attempt at each work of a burst that is not at its end. */
static void
caller_try(struct caller *caller, size_t first, size_t n)
{
    struct broker *broker = caller->broker;
    struct attempt attempts[MAX_BURST];
    bool is_asked[MAX_BURST] = {false};
    bool was_doubtful[MAX_BURST] = {false};
    for (size_t i = 0; i < n; i++) {
        struct record *record = caller_record(caller, first + i);
        if (is_final(record)) {
            continue;
        }
        attempts[i] = (struct attempt){.broker = broker};
        job_init(&attempts[i].job, broker->site->seed, caller->number, first + i);
        caller_decide(caller, &attempts[i].job);
        was_doubtful[i] = record->is_doubtful;
        record->burst = (uint32_t)first;
        is_asked[i] = caller_submit(caller, &attempts[i]);
        if (!is_asked[i]) {
            record->is_doubtful = was_doubtful[i];
            job_done(&attempts[i].job);
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_asked[i]) {
            continue;
        }
        pthread_mutex_lock(&broker->lock);
        while (!attempts[i].is_done) {
            pthread_cond_wait(&broker->moved, &broker->lock);
        }
        pthread_mutex_unlock(&broker->lock);
        caller_note(caller, &attempts[i], was_doubtful[i]);
        job_done(&attempts[i].job);
    }
}

static bool
caller_is_through(const struct caller *caller, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_final(caller_record(caller, first + i))) {
            return false;
        }
    }
    return true;
}

/* Until every work of a burst is at its end; false: the broker closes. */
static bool
caller_burst(struct caller *caller, size_t first, size_t n)
{
    struct broker *broker = caller->broker;
    while (!caller_is_through(caller, first, n)) {
        caller_try(caller, first, n);
        pthread_mutex_lock(&broker->lock);
        bool is_closing = broker->is_closing;
        if (!is_closing && !caller_is_through(caller, first, n)) {
            broker_await(broker, store_is_away(broker->store) ? AWAY_MS : RETRY_MS);
        }
        pthread_mutex_unlock(&broker->lock);
        if (is_closing) {
            return false;
        }
    }
    return true;
}

static void *
caller_run(void *argument)
{
    struct caller *caller = argument;
    struct broker *broker = caller->broker;
    uint64_t seed = broker->site->seed;
    size_t first = 0;
    bool goes_on = true;
    while (first < LEDGER_WORKS && goes_on) {
        size_t n = 1 + ledger_random(seed, 200 + caller->number, first) % MAX_BURST;
        n = first + n > LEDGER_WORKS ? LEDGER_WORKS - first : n;
        goes_on = caller_burst(caller, first, n);
        first += n;
    }
    store_reader_close(caller->reader);
    pthread_mutex_lock(&broker->lock);
    broker->n_running--;
    pthread_cond_broadcast(&broker->moved);
    pthread_mutex_unlock(&broker->lock);
    return NULL;
}

/* ---- A broker's life ---- */

static void
broker_start(struct broker *broker, struct caller *callers)
{
    const struct site *site = broker->site;
    broker->n_running = site->n_callers;
    for (size_t i = 0; i < site->n_callers; i++) {
        callers[i] =
            (struct caller){.broker = broker, .number = site->first_caller + i};
        if (pthread_create(&callers[i].thread, NULL, caller_run, &callers[i]) != 0) {
            abort();
        }
    }
}

/* Until the callers are through, or it is told to stop. */
static void
broker_await_callers(struct broker *broker)
{
    const struct site *site = broker->site;
    pthread_mutex_lock(&broker->lock);
    while (broker->n_running > 0 &&
           !atomic_load(&site->ledger->is_stopping[site->number])) {
        broker_await(broker, RETRY_MS);
    }
    broker->is_closing = broker->n_running > 0;
    pthread_cond_broadcast(&broker->moved);
    pthread_mutex_unlock(&broker->lock);
}

/* Everything is heard once nothing comes any more. */
static void
broker_await_rest(struct broker *broker)
{
    char why[256];
    const struct site *site = broker->site;
    struct ledger *ledger = site->ledger;
    sem_post(&ledger->ended[site->slot]);
    if (!ledger_wait(&ledger->rest[site->number], REST_MS)) {
        return;
    }
    int64_t until_ms = site_now_ms() + FOLLOW_MS;
    int64_t tail = atomic_load(&ledger->tail);
    struct heard *heard = &ledger->heard[site->number];
    pthread_mutex_lock(&broker->lock);
    size_t n_wanted = (size_t)(tail - heard->from);
    while (atomic_load(&heard->n) < n_wanted && site_now_ms() < until_ms) {
        broker_await(broker, RETRY_MS);
    }
    pthread_mutex_unlock(&broker->lock);
    if (n_wanted > 0 && heard->seqs[0] != heard->from + 1) {
        ledger_blame(ledger, "a listener of all after %lld heard of %lld first",
                     (long long)heard->from, (long long)heard->seqs[0]);
    }
    if (atomic_load(&heard->n) != n_wanted || store_applied(broker->store) != tail) {
        store_failure(broker->store, why, sizeof why);
        ledger_blame(ledger, "a broker at rest heard of %zu commits instead of %zu: %s",
                     atomic_load(&heard->n), n_wanted, why);
    }
}

static void
broker_close(struct broker *broker, struct caller *callers)
{
    const struct site *site = broker->site;
    int64_t began_ms = site_now_ms();
    if (!site->is_stopped) {
        /* Readers are closed before their store. */
        for (size_t i = 0; i < site->n_callers; i++) {
            pthread_join(callers[i].thread, NULL);
        }
    }
    store_close(broker->store);
    for (size_t i = 0; i < site->n_callers && site->is_stopped; i++) {
        pthread_join(callers[i].thread, NULL);
    }
    int64_t took_ms = site_now_ms() - began_ms;
    if (took_ms > site->close_ms) {
        ledger_blame(site->ledger, "closing a store took %lld ms", (long long)took_ms);
    }
}

static void
broker_init(struct broker *broker, const struct site *site)
{
    pthread_condattr_t attributes;
    *broker = (struct broker){.site = site};
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&broker->moved, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&broker->lock, NULL);
}

void
site_run(const struct site *site)
{
    struct broker broker;
    struct caller callers[LEDGER_CALLERS];
    struct ledger *ledger = site->ledger;
    if (!ledger_wait(&ledger->go[site->number], REST_MS)) {
        return;
    }
    broker_init(&broker, site);
    broker.store =
        site_open(ledger, ledger->uri, &site->faults, false, broker_away, &broker);
    sem_post(&ledger->opened[site->number]);
    if (broker.store != NULL) {
        ledger->heard[site->number].from =
            store_listen(broker.store, broker_hear, &broker);
        broker_start(&broker, callers);
        broker_await_callers(&broker);
        if (site->is_last) {
            broker_await_rest(&broker);
        }
        broker_close(&broker, callers);
    } else {
        sem_post(&ledger->ended[site->slot]);
    }
    pthread_cond_destroy(&broker.moved);
    pthread_mutex_destroy(&broker.lock);
}
