#include "server/order/due_tick.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/moment.h"
#include "proto/wire.h"
#include "server/broker.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/order/calendar.h"
#include "server/order/due.h"
#include "server/order/instance.h"
#include "server/order/observation.h"
#include "server/order/opinion.h"
#include "server/order/stock_list.h"

/* The actor is "~broker/deadline". */
#define WORK "deadline"
#define ALIVE_KEY "broker/alive"

enum {
    PAGE = 100,
    MAX_DOCUMENT = 1 << 21,
    ACCEPT_SLACK_MS =
        10000, /* Between setting a clock and seeing it; less than a jump. */
};

struct due_tick {
    struct dispatch *dispatch;
    struct store_reader *reader;
    int64_t quiet_until_ms; /* Until then nobody is told that they are late. */
    int64_t apart_ms;       /* Wall less monotonic time, as it was trusted last. */
    int64_t settled_ms;     /* Monotonic: since when it has been so. */
    bool is_settling;
    int64_t set_ms;        /* What the new clock showed when it was set, less slack. */
    int64_t stale_ms;      /* What was accepted of the clock before, if yet to come. */
    int64_t alive_ms;      /* When it was written down last. */
    int64_t revised_ms;    /* When calendars were looked at last. */
    int64_t calendars_seq; /* The newest provider seen then. */
    struct arena *kept;    /* Of what is kept from one look to the next. */
    const char *observed;  /* The page of observed offers that comes next. */
};

static struct broker *
broker_of(const struct due_tick *tick)
{
    return dispatch_broker(tick->dispatch);
}

static int64_t
now_ms(const struct due_tick *tick)
{
    return clock_wall_ms(broker_of(tick)->clock);
}

/* ---- Whether the clock can be trusted ---- */

/* Whether an admin has said since the clock was set that it is right: the time that was
 * accepted is one of the new clock. What cannot be read was not said. */
static bool
is_accepted(struct due_tick *tick)
{
    int64_t at_ms = 0;
    return store_soft_get(tick->reader, BROKER_CLOCK_KEY, &at_ms) == STATUS_OK &&
           at_ms != tick->stale_ms && at_ms >= tick->set_ms &&
           at_ms <= now_ms(tick) + ACCEPT_SLACK_MS;
}

/* A clock that was set back comes to what was accepted of the one before. */
static void
note_stale(struct due_tick *tick)
{
    int64_t at_ms = 0;
    bool is_said = store_soft_get(tick->reader, BROKER_CLOCK_KEY, &at_ms) == STATUS_OK;
    tick->stale_ms = is_said && at_ms > now_ms(tick) + ACCEPT_SLACK_MS ? at_ms : 0;
}

/* A clock that was set is trusted again once it has gone evenly for a while: by then
 * somebody would have set it back. */
static bool
is_clock_good(struct due_tick *tick)
{
    struct clock *clock = broker_of(tick)->clock;
    int64_t monotonic_ms = clock_monotonic_ms(clock);
    int64_t apart_ms = clock_wall_ms(clock) - monotonic_ms;
    int64_t moved_ms = apart_ms - tick->apart_ms;
    tick->apart_ms = apart_ms;
    if (moved_ms > DUE_TICK_APART_MS || moved_ms < -DUE_TICK_APART_MS) {
        log_line(LOG_LEVEL_WARN,
                 "the wall clock was set by %" PRId64
                 " s: deadlines wait until it has gone evenly for %d minutes, or "
                 "somebody says that it is right: kontor clock accept",
                 moved_ms / 1000, DUE_TICK_SETTLE_MS / 60000);
        tick->set_ms = now_ms(tick) - ACCEPT_SLACK_MS;
        note_stale(tick);
        tick->settled_ms = monotonic_ms + DUE_TICK_SETTLE_MS;
        tick->is_settling = true;
    }
    bool is_right = tick->is_settling && is_accepted(tick);
    if (tick->is_settling && (is_right || monotonic_ms >= tick->settled_ms)) {
        tick->is_settling = false;
        log_line(LOG_LEVEL_INFO, "the wall clock %s: deadlines go on",
                 is_right ? "is right, an admin says" : "goes evenly");
    }
    return !tick->is_settling;
}

/* ---- Being there ---- */

/* Whether it was done; what cannot be done now is tried again. */
static bool
run(struct due_tick *tick, decide_fn decide, const char *id, bool *is_written)
{
    return dispatch_own_wait(tick->dispatch, WORK, decide, id, is_written) == STATUS_OK;
}

/* Whether it led to a commit. */
static bool
run_writes(struct due_tick *tick, decide_fn decide, const char *id)
{
    bool is_written = false;
    return run(tick, decide, id, &is_written) && is_written;
}

static enum status
note_alive(struct call *call, const void *request, struct decision *decision)
{
    (void)request;
    decision_soft(call, decision, ALIVE_KEY, call->now_ms);
    return STATUS_OK;
}

/* What was due while nobody could act is put off by as long as that was. */
static void
find_absence(struct due_tick *tick)
{
    int64_t alive_ms = 0;
    int64_t start_ms = now_ms(tick);
    if (store_soft_get(tick->reader, ALIVE_KEY, &alive_ms) != STATUS_OK ||
        start_ms - alive_ms <= DUE_TICK_AWAY_MS) {
        return;
    }
    int64_t away_ms = start_ms - alive_ms;
    int64_t day_ms = calendar_end_ms(NULL, start_ms, 1) - start_ms;
    tick->quiet_until_ms = start_ms + (away_ms < day_ms ? away_ms : day_ms);
    log_line(LOG_LEVEL_WARN,
             "the broker was away for %" PRId64
             " minutes: nobody is late for the next %" PRId64 " minutes",
             away_ms / 60000, (tick->quiet_until_ms - start_ms) / 60000);
}

static void
say_alive(struct due_tick *tick)
{
    int64_t at_ms = now_ms(tick);
    bool is_new = at_ms - tick->alive_ms >= DUE_TICK_ALIVE_MS || at_ms < tick->alive_ms;
    bool is_written = false;
    if (is_new && run(tick, note_alive, NULL, &is_written)) {
        tick->alive_ms = at_ms;
    }
}

/* ---- Items ---- */

static const Kontor__V1__OrderItem *
item_of(const struct document *document, struct arena *arena)
{
    return kontor__v1__order_item__unpack(arena_allocator(arena, MAX_DOCUMENT),
                                          document->w.size, document->w.data);
}

/* Whether it is left alone for now. */
static bool
is_spared(const struct due_tick *tick, const struct document *document,
          struct arena *arena)
{
    if (now_ms(tick) >= tick->quiet_until_ms) {
        return false;
    }
    const Kontor__V1__OrderItem *item = item_of(document, arena);
    return item != NULL && due_hits_people(item);
}

/* What has its next step before a time, in that order. */
static struct find
due_before(const struct kind *kind, int64_t until_ms)
{
    return (struct find){.kind = kind,
                         .index = "due",
                         .has_range = true,
                         .low = INT64_MIN + 1,
                         .high = until_ms,
                         .limit = PAGE};
}

/* A kind of what may be due. */
struct due_kind {
    const struct kind *kind;
    decide_fn fire;
    bool may_be_spared;
};

static size_t
fire_page(struct due_tick *tick, const struct due_kind *due, const struct page *page,
          size_t room, struct arena *arena)
{
    size_t n_fired = 0;
    for (size_t i = 0; i < page->n_documents && n_fired < room; i++) {
        const struct document *document = &page->documents[i];
        bool is_spared_now = due->may_be_spared && is_spared(tick, document, arena);
        bool is_done = !is_spared_now && run_writes(tick, due->fire, document->id);
        n_fired += is_done ? 1 : 0;
    }
    return n_fired;
}

static size_t
fire_kind(struct due_tick *tick, const struct due_kind *due, size_t room,
          struct arena *arena)
{
    struct find find = due_before(due->kind, now_ms(tick) + 1);
    struct page page = {.next_token = ""};
    size_t n_fired = 0;
    do {
        find.token = page.next_token;
        if (store_find(tick->reader, &find, arena, &page) != STATUS_OK) {
            return n_fired;
        }
        n_fired += fire_page(tick, due, &page, room - n_fired, arena);
    } while (page.next_token[0] != '\0' && n_fired < room);
    return n_fired;
}

static size_t
fire_due(struct due_tick *tick, struct arena *arena)
{
    const struct due_kind items = {KIND_ITEM, due_fire, true};
    /* The end of a term is agreed, and nobody has to act on it. */
    const struct due_kind instances = {KIND_INSTANCE, instance_fire, false};
    size_t n_fired = fire_kind(tick, &items, DUE_TICK_MAX, arena);
    return n_fired + fire_kind(tick, &instances, DUE_TICK_MAX - n_fired, arena);
}

/* ---- Waiting lists ---- */

/* Gives what is free to those that wait for it, one after the other, until the first in
 * line waits for more. */
static size_t
give_stock(struct due_tick *tick, struct arena *arena)
{
    struct find find = {.kind = KIND_STOCK,
                        .index = "waiting",
                        .has_range = true,
                        .low = 1,
                        .high = INT64_MAX,
                        .limit = PAGE};
    struct page page = {.next_token = ""};
    size_t n_given = 0;
    do {
        find.token = page.next_token;
        if (store_find(tick->reader, &find, arena, &page) != STATUS_OK) {
            return n_given;
        }
        for (size_t i = 0; i < page.n_documents; i++) {
            while (n_given < DUE_TICK_MAX &&
                   run_writes(tick, stock_list_give, page.documents[i].id)) {
                n_given++;
            }
        }
    } while (page.next_token[0] != '\0' && n_given < DUE_TICK_MAX);
    return n_given;
}

/* Tells who observes offers of which pieces are free again: a page of offers at each
 * look, so that many that stay out of stock hold up nobody. */
static size_t
tell_observers(struct due_tick *tick, struct arena *arena)
{
    struct find find = {.kind = KIND_STOCK,
                        .index = "observers",
                        .has_range = true,
                        .low = 1,
                        .high = INT64_MAX,
                        .limit = PAGE,
                        .token = tick->observed};
    struct page page = {.next_token = ""};
    size_t n_told = 0;
    enum status status = store_find(tick->reader, &find, arena, &page);
    for (size_t i = 0; status == STATUS_OK && i < page.n_documents; i++) {
        n_told += run_writes(tick, observation_tell, page.documents[i].id) ? 1 : 0;
    }
    arena_reset(tick->kept);
    tick->observed = arena_copy(tick->kept, status == STATUS_OK ? page.next_token : "");
    return n_told;
}

/* Puts what customers think into services, where enough have said so. */
static size_t
tell_ratings(struct due_tick *tick, struct arena *arena)
{
    struct find find = {.kind = KIND_TALLY,
                        .index = "untold",
                        .has_range = true,
                        .low = OPINION_STEP,
                        .high = INT64_MAX,
                        .limit = PAGE};
    struct page page;
    size_t n_told = 0;
    enum status status = store_find(tick->reader, &find, arena, &page);
    for (size_t i = 0; status == STATUS_OK && i < page.n_documents; i++) {
        n_told += run_writes(tick, opinion_tell, page.documents[i].id) ? 1 : 0;
    }
    return n_told;
}

/* ---- Calendars ---- */

/* The newest change of a provider. */
static enum status
newest_provider(struct due_tick *tick, struct arena *arena, int64_t *newest)
{
    struct find find = {.kind = KIND_PROVIDER, .limit = PAGE};
    struct page page = {.next_token = ""};
    *newest = 0;
    do {
        find.token = page.next_token;
        enum status status = store_find(tick->reader, &find, arena, &page);
        if (status != STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < page.n_documents; i++) {
            int64_t revision = page.documents[i].revision;
            *newest = revision > *newest ? revision : *newest;
        }
    } while (page.next_token[0] != '\0');
    return STATUS_OK;
}

/* A page of items, and the provider that was looked up last: most have the same. */
struct revision {
    struct due_tick *tick;
    struct arena *arena;
    const char *provider;
    const Kontor__V1__WorkCalendar *calendar;
};

/* The calendar of a provider as it is now; one that is gone works as anybody. */
static enum status
look_up(struct revision *revision, const char *provider)
{
    struct document document;
    struct arena *arena = revision->arena;
    if (revision->provider != NULL && strcmp(revision->provider, provider) == 0) {
        return STATUS_OK;
    }
    enum status status = store_get(revision->tick->reader, KIND_PROVIDER, provider,
                                   NULL, 0, arena, &document);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    const Kontor__V1__Provider *record = NULL;
    if (status == STATUS_OK) {
        struct bytes whole = document_whole(&document, arena);
        record = kontor__v1__provider__unpack(arena_allocator(arena, MAX_DOCUMENT),
                                              whole.size, whole.data);
        if (record == NULL) {
            return STATUS_DATA_LOSS;
        }
    }
    revision->provider = provider;
    revision->calendar = record == NULL ? NULL : record->calendar;
    return STATUS_OK;
}

/* All that is open is looked at, little of it is to be changed: that is seen here, and
 * the committer need not be asked. It judges again all that it is. */
static bool
may_differ(struct revision *revision, const struct document *document)
{
    const Kontor__V1__OrderItem *item = item_of(document, revision->arena);
    return item == NULL || look_up(revision, item->provider) != STATUS_OK ||
           !due_is_same_calendar(item->calendar, revision->calendar);
}

/* Whether all of a page was done. */
static bool
revise_page(struct revision *revision, const struct page *page, size_t *n_revised)
{
    for (size_t i = 0; i < page->n_documents; i++) {
        bool is_written = false;
        if (may_differ(revision, &page->documents[i]) &&
            !run(revision->tick, due_revise, page->documents[i].id, &is_written)) {
            return false;
        }
        *n_revised += is_written ? 1 : 0;
    }
    return true;
}

static size_t
revise_all(struct due_tick *tick, struct arena *arena, bool *is_complete)
{
    struct find find = due_before(KIND_ITEM, INT64_MAX);
    struct revision revision = {.tick = tick, .arena = arena_new()};
    if (revision.arena == NULL) {
        abort();
    }
    struct page page = {.next_token = ""};
    size_t n_revised = 0;
    bool is_done = true;
    do {
        find.token = arena_copy(arena, page.next_token);
        arena_reset(revision.arena);
        revision.provider = NULL;
        is_done = is_done &&
                  store_find(tick->reader, &find, revision.arena, &page) == STATUS_OK;
        is_done = is_done && revise_page(&revision, &page, &n_revised);
    } while (is_done && page.next_token[0] != '\0');
    arena_free(revision.arena);
    *is_complete = is_done;
    return n_revised;
}

/* Open deadlines follow a calendar that was revised. */
static size_t
revise(struct due_tick *tick, struct arena *arena)
{
    int64_t at_ms = now_ms(tick);
    int64_t newest = 0;
    if (at_ms - tick->revised_ms < DUE_TICK_REVISE_MS && at_ms >= tick->revised_ms) {
        return 0;
    }
    tick->revised_ms = at_ms;
    if (newest_provider(tick, arena, &newest) != STATUS_OK ||
        newest == tick->calendars_seq) {
        return 0;
    }
    bool is_complete = false;
    size_t n_revised = revise_all(tick, arena, &is_complete);
    if (is_complete) {
        tick->calendars_seq = newest;
    }
    return n_revised;
}

/* ---- Ticking ---- */

size_t
due_tick_run(struct due_tick *tick)
{
    say_alive(tick);
    if (!is_clock_good(tick)) {
        return 0;
    }
    struct arena *arena = arena_new();
    size_t n_changed = revise(tick, arena);
    n_changed += fire_due(tick, arena);
    n_changed += give_stock(tick, arena);
    n_changed += tell_observers(tick, arena);
    n_changed += tell_ratings(tick, arena);
    arena_free(arena);
    return n_changed;
}

struct due_tick *
due_tick_new(struct dispatch *dispatch)
{
    struct due_tick *tick = calloc(1, sizeof *tick);
    if (tick == NULL) {
        abort();
    }
    tick->dispatch = dispatch;
    if (store_reader_open(broker_of(tick)->store, &tick->reader) != STATUS_OK) {
        free(tick);
        return NULL;
    }
    tick->kept = arena_new();
    tick->observed = "";
    if (tick->kept == NULL) {
        abort();
    }
    struct clock *clock = broker_of(tick)->clock;
    tick->apart_ms = clock_wall_ms(clock) - clock_monotonic_ms(clock);
    find_absence(tick);
    return tick;
}

void
due_tick_free(struct due_tick *tick)
{
    if (tick == NULL) {
        return;
    }
    store_reader_close(tick->reader);
    arena_free(tick->kept);
    free(tick);
}
