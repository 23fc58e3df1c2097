/* Opening the stores of the fault suite. */
#include "tests/store/faults_site.h"

#include <time.h>

#include "tests/store/fixture.h"

enum {
    OPEN_MS = 40000, /* For opening, whatever strikes meanwhile. */
    RETRY_MS = 20,
};

int64_t
site_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t
wall_ms(void *context)
{
    (void)context;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Two brokers never draw the same salt: the moment is in it. */
static void
salt(void *context, void *buffer, size_t size)
{
    static _Atomic uint64_t n;
    struct timespec now;
    (void)context;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)buffer)[i] = (uint8_t)ledger_random(
            (uint64_t)now.tv_nsec, atomic_fetch_add(&n, 1), (uint64_t)now.tv_sec);
    }
}

struct store_options
site_options(const char *uri)
{
    return (struct store_options){
        .uri = uri, .kinds = fixture_kinds, .now_ms = wall_ms, .random = salt};
}

static void
rest(int64_t ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

/* A broker that cannot open its store ends and is started again: so does this. */
struct store *
site_open(struct ledger *ledger, const char *uri, const struct store_faults *faults,
          bool is_read_only, void (*away)(void *context, bool is_away), void *context)
{
    char error[256] = "";
    struct store *store = NULL;
    struct store_options options = site_options(uri);
    const struct store_mode mode = {.faults = *faults};
    int64_t until_ms = site_now_ms() + OPEN_MS;
    enum status status = STATUS_UNAVAILABLE;
    options.is_read_only = is_read_only;
    options.away = away;
    options.away_context = context;
    while (status == STATUS_UNAVAILABLE && site_now_ms() < until_ms) {
        status = store_inner_open(&options, &mode, &store, error, sizeof error);
        rest(status == STATUS_UNAVAILABLE ? RETRY_MS : 0);
    }
    if (status != STATUS_OK) {
        ledger_blame(ledger, "a store cannot be opened: %s: %s", status_name(status),
                     error);
        return NULL;
    }
    return store;
}
