#include "server/gauges.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/rpc/accept.h"
#include "server/rpc/identity.h"

enum {
    WAITING_PAGE = 500,
    /* More waiting orders than this are said to be this many: the page must stay quick.
     */
    WAITING_MAX = 10000,
    WAITING_KEPT_MS = 15000,
};

struct gauges {
    struct broker *broker;
    struct server *server;
    struct clock *clock;
    struct store_reader *reader;
    int64_t waiting;
    int64_t waiting_at_ms; /* Monotonic time of the last count. */
};

struct gauges *
gauges_new(struct broker *broker, struct server *server, struct clock *clock)
{
    struct gauges *gauges = calloc(1, sizeof *gauges);
    if (gauges == NULL) {
        abort();
    }
    gauges->broker = broker;
    gauges->server = server;
    gauges->clock = clock;
    gauges->waiting_at_ms = INT64_MIN;
    if (store_reader_open(broker->store, &gauges->reader) != STATUS_OK) {
        gauges_free(gauges);
        return NULL;
    }
    return gauges;
}

void
gauges_free(struct gauges *gauges)
{
    if (gauges == NULL) {
        return;
    }
    store_reader_close(gauges->reader);
    free(gauges);
}

static int64_t
read_seq(void *context)
{
    const struct gauges *gauges = context;
    return store_applied(gauges->broker->store);
}

/* Negative once it is over, so that an alarm below a threshold goes on. */
static int64_t
read_expiry(void *context)
{
    const struct gauges *gauges = context;
    int64_t ends_ms = identity_certificate_ends_ms(gauges->broker->identity);
    return (ends_ms - clock_wall_ms(gauges->clock)) / 1000;
}

static int64_t
read_generation(void *context)
{
    const struct gauges *gauges = context;
    return (int64_t)identity_generation(gauges->broker->identity);
}

static int64_t
read_away(void *context)
{
    const struct gauges *gauges = context;
    return store_is_away(gauges->broker->store) ? 1 : 0;
}

static int64_t
read_uptime(void *context)
{
    const struct gauges *gauges = context;
    return (clock_wall_ms(gauges->clock) - gauges->broker->started_at_ms) / 1000;
}

/* From the system, not from malloc: what gRPC and SQLite hold counts, too. */
static int64_t
read_resident(void *context)
{
    char line[128];
    (void)context;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) {
        return -1;
    }
    bool has_line = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    const char *second = has_line ? strchr(line, ' ') : NULL;
    return second == NULL ? -1 : strtoll(second, NULL, 10) * sysconf(_SC_PAGESIZE);
}

/* Orders that wait for somebody have a time since when; those that do not have none. */
static int64_t
count_waiting(struct gauges *gauges)
{
    struct arena *arena = arena_new();
    struct find find = {.kind = KIND_ORDER,
                        .index = "waiting",
                        .has_range = true,
                        .low = INT64_MIN,
                        .high = INT64_MAX,
                        .limit = WAITING_PAGE,
                        .token = ""};
    int64_t n_waiting = arena == NULL ? -1 : 0;
    bool has_more = arena != NULL;
    while (has_more && n_waiting < WAITING_MAX) {
        struct page page = {.next_token = ""};
        if (store_find(gauges->reader, &find, arena, &page) != STATUS_OK) {
            n_waiting = -1;
            break;
        }
        n_waiting += (int64_t)page.n_documents;
        find.token = page.next_token;
        has_more = page.next_token[0] != '\0';
    }
    arena_free(arena);
    return n_waiting;
}

static int64_t
read_waiting(void *context)
{
    struct gauges *gauges = context;
    int64_t now_ms = clock_monotonic_ms(gauges->clock);
    /* Prometheus may scrape every second; counting reads up to ten thousand documents.
     */
    bool is_fresh = gauges->waiting_at_ms != INT64_MIN &&
                    now_ms - gauges->waiting_at_ms < WAITING_KEPT_MS;
    if (!is_fresh) {
        gauges->waiting = count_waiting(gauges);
        gauges->waiting_at_ms = now_ms;
    }
    return gauges->waiting;
}

static int64_t
read_in_flight(void *context)
{
    return server_calls_in_flight(((struct gauges *)context)->server);
}

static int64_t
read_parked(void *context)
{
    return server_calls_parked(((struct gauges *)context)->server);
}

static int64_t
read_streams(void *context)
{
    return server_streams_open(((struct gauges *)context)->server);
}

static int64_t
read_trips(void *context)
{
    return server_breaker_trips(((struct gauges *)context)->server);
}

static int64_t
read_missed(void *context)
{
    return server_probes_missed(((struct gauges *)context)->server);
}

static int64_t
read_refused(void *context)
{
    (void)context;
    return accept_refused();
}

const struct metrics_gauge gauges_table[] = {
    {"kontor_seq", "Last position of the log.", read_seq},
    {"kontor_store_away", "1 while the store does not answer, else 0.", read_away},
    {"kontor_orders_waiting", "Orders that wait for somebody, up to 10000.",
     read_waiting},
    {"kontor_certificate_expiry_seconds", "Until the server's certificate expires.",
     read_expiry},
    {"kontor_trust_generation", "Changes of trust since the start.", read_generation},
    {"kontor_calls_in_flight", "Calls that have not ended.", read_in_flight},
    {"kontor_calls_parked", "Calls that wait for something to happen.", read_parked},
    {"kontor_streams_open", "Watches and logs being sent.", read_streams},
    {"kontor_breaker_trips",
     "Callers cut off for cancelling calls too fast, since the start.", read_trips},
    {"kontor_listener_probes_missed",
     "Connections to itself the broker did not accept, since the start.", read_missed},
    {"kontor_connections_refused",
     "Connections turned away for want of descriptors or over the cap of an address.",
     read_refused},
    {"kontor_uptime_seconds", "Since the broker started.", read_uptime},
    {"kontor_process_resident_bytes", "Memory of the process.", read_resident},
    {NULL, NULL, NULL},
};
