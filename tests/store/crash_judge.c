#include "tests/store/crash_judge.h"

#include <stdlib.h>
#include <time.h>

#include "tests/store/crash_vfs.h"

static int64_t
wall_ms(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
salt(void *context, void *buffer, size_t size)
{
    static _Thread_local uint64_t state = 88172645463325252U;
    (void)context;
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)buffer)[i] = (uint8_t)crash_random(&state);
    }
}

struct store *
crash_open(const char *uri, const struct store_faults *faults)
{
    struct store *store = NULL;
    char error[256] = "";
    const struct store_options options = {
        .uri = uri, .kinds = fixture_kinds, .now_ms = wall_ms, .random = salt};
    const struct store_mode mode = {.faults = *faults};
    if (store_inner_open(&options, &mode, &store, error, sizeof error) != STATUS_OK) {
        (void)fprintf(stderr, "cannot open %s: %s\n", uri, error);
        return NULL;
    }
    return store;
}

static bool
judge_answers(const struct ledger *ledger, struct store_reader *reader, int64_t until,
              const char **wrong)
{
    struct arena *arena = arena_new();
    bool is_kept = true;
    for (uint32_t i = 0; i < ledger->n_asked && is_kept; i++) {
        int64_t seq = ledger->seqs[i];
        struct draft draft = {.n_changes = 0};
        Kontor__V1__Commit *commit = NULL;
        if (seq == 0 || seq > until) {
            continue;
        }
        draft_set_eid(&draft, i + 1, 1);
        is_kept = store_by_eid(reader, draft.eid, arena, &commit) == STATUS_OK &&
                  commit->seq == seq;
        arena_reset(arena);
    }
    *wrong = is_kept ? *wrong : "an acknowledged commit is lost, or elsewhere";
    arena_free(arena);
    return is_kept;
}

/* No eid twice, none that nobody asked for, and as many commits as the count says. */
static bool
judge_log(const struct ledger *ledger, struct store_reader *reader, const char **wrong)
{
    struct arena *arena = arena_new();
    bool *is_seen = calloc(MAX_COMMITS, sizeof *is_seen);
    int64_t after = 0;
    size_t n = 1;
    while (*wrong == NULL && n > 0) {
        Kontor__V1__Commit **commits = NULL;
        if (store_log_read(reader, after, 256, 1 << 20, arena, &commits, &n) !=
            STATUS_OK) {
            *wrong = "the log cannot be read";
            break;
        }
        for (size_t i = 0; i < n; i++) {
            uint64_t number = 0;
            memcpy(&number, commits[i]->eid.data, sizeof number);
            bool is_known = number > 0 && number <= ledger->n_asked;
            *wrong = !is_known ? "a commit nobody asked for" : *wrong;
            *wrong =
                is_known && is_seen[number - 1] ? "a commit is there twice" : *wrong;
            is_seen[is_known ? number - 1 : 0] = true;
            after = commits[i]->seq;
        }
        arena_reset(arena);
    }
    free(is_seen);
    arena_free(arena);
    return *wrong == NULL;
}

static bool
judge_count(struct store *store, struct store_reader *reader, const char **wrong)
{
    struct arena *arena = arena_new();
    struct document count;
    long n = 0;
    if (store_get(reader, KIND_SEAL, "count", NULL, 0, arena, &count) == STATUS_OK) {
        n = strtol(arena_copy_n(arena, count.w.data, count.w.size), NULL, 10);
    }
    *wrong =
        n == store_applied(store) ? *wrong : "the count is not the number of commits";
    arena_free(arena);
    return *wrong == NULL;
}

static const char *
judge_open(const struct ledger *ledger, struct store *store, int64_t until)
{
    /* The text outlives the store: it is the process's last word on it. */
    static char error[256];
    const char *wrong = NULL;
    int64_t verified = 0;
    struct store_reader *reader = NULL;
    if (store_reader_open(store, &reader) != STATUS_OK) {
        return "it cannot be read";
    }
    if (store_verify(store, &verified, error, sizeof error) != STATUS_OK) {
        wrong = error;
    } else if (judge_log(ledger, reader, &wrong) &&
               judge_count(store, reader, &wrong)) {
        (void)judge_answers(ledger, reader, until, &wrong);
    }
    store_reader_close(reader);
    return wrong;
}

const char *
crash_judge(const struct ledger *ledger, const char *uri, int64_t until)
{
    const struct store_faults none = {.skips_sync = false};
    struct store *store = crash_open(uri, &none);
    if (store == NULL) {
        return "it cannot be opened";
    }
    const char *wrong = judge_open(ledger, store, until);
    store_close(store);
    return wrong;
}
