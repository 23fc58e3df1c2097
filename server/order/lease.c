#include "server/order/lease.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "server/clock.h"
#include "server/log.h"
#include "server/order/edit.h"
#include "server/order/job.h"
#include "server/order/loss.h"
#include "server/order/session.h"

/* The actor is "~broker/lease". */
#define WORK "lease"

enum {
    PAGE = 100,
    ROUNDS = SESSION_MAX_JOBS + 1, /* Commits it takes at most to end one session. */
};

struct lease {
    struct dispatch *dispatch;
    struct store_reader *reader; /* lease_tick's. */
    int64_t said_jump_ms;        /* lease_tick's: the last jump that was said. */
};

/* ---- Ending sessions ---- */

/* Whether the session's lease is over: judged again at the committer, behind every
 * renewal answered before. */
static bool
is_expired(struct lease *lease, struct store_reader *reader,
           const struct document *document, struct arena *arena)
{
    Kontor__V1__Session session = KONTOR__V1__SESSION__INIT;
    const Kontor__V1__Session *stored = kontor__v1__session__unpack(
        arena_allocator(arena, 1 << 20), document->w.size, document->w.data);
    if (stored == NULL) {
        return false;
    }
    session.id = (char *)document->id;
    session.lease_seconds = stored->lease_seconds;
    return session_is_expired(reader, dispatch_broker(lease->dispatch), &session,
                              arena);
}

/* One session may hold more than fits into one commit: it is over with the last of
 * them. */
static bool
end_session(struct lease *lease, const char *id)
{
    for (int round = 0; round < ROUNDS; round++) {
        bool is_written = false;
        enum status status =
            dispatch_own_wait(lease->dispatch, WORK, loss_decide, id, &is_written);
        if (status != STATUS_OK || !is_written) {
            return round > 0;
        }
    }
    return true;
}

/* Ends the expired sessions of one page of the live ones. */
static size_t
tick_page(struct lease *lease, struct store_reader *reader, const struct page *page,
          struct arena *arena)
{
    size_t n_ended = 0;
    for (size_t i = 0; i < page->n_documents; i++) {
        if (is_expired(lease, reader, &page->documents[i], arena)) {
            n_ended += end_session(lease, page->documents[i].id) ? 1 : 0;
        }
    }
    return n_ended;
}

static size_t
tick_all(struct lease *lease, struct store_reader *reader, struct arena *arena)
{
    struct find find = {
        .kind = KIND_SESSION, .index = "over", .n_equal = 1, .limit = PAGE};
    struct page page = {.next_token = ""};
    size_t n_ended = 0;
    /* A session that is not over does not say so: the field is absent. */
    find.equal[0].integer = INT64_MIN;
    do {
        find.token = page.next_token;
        if (store_find(reader, &find, arena, &page) != STATUS_OK) {
            return n_ended;
        }
        n_ended += tick_page(lease, reader, &page, arena);
    } while (page.next_token[0] != '\0');
    return n_ended;
}

/* An operator who sees every session live a term longer finds the cause here. */
static void
say_jump(struct lease *lease)
{
    struct clock *clock = dispatch_broker(lease->dispatch)->clock;
    /* A reading is what finds a jump, and with no session to judge nobody reads. */
    (void)clock_wall_ms(clock);
    int64_t jumped_ms = clock_jumped_ms(clock);
    if (jumped_ms != lease->said_jump_ms) {
        lease->said_jump_ms = jumped_ms;
        log_line(LOG_LEVEL_WARN,
                 "the wall clock was set: sessions get a full term, and "
                 "begun work settles anew before another may take it");
    }
}

size_t
lease_tick(struct lease *lease)
{
    say_jump(lease);
    struct arena *arena = arena_new();
    size_t n_ended = tick_all(lease, lease->reader, arena);
    arena_free(arena);
    return n_ended;
}

/* ---- Opening and closing ---- */

struct lease *
lease_new(struct dispatch *dispatch)
{
    struct lease *lease = calloc(1, sizeof *lease);
    if (lease == NULL) {
        abort();
    }
    /* Now, and not at each tick: a flood that takes every descriptor would keep the
     * sessions alive of agents that are gone. */
    if (store_reader_open(dispatch_broker(dispatch)->store, &lease->reader) !=
        STATUS_OK) {
        free(lease);
        return NULL;
    }
    lease->dispatch = dispatch;
    return lease;
}

void
lease_free(struct lease *lease)
{
    if (lease == NULL) {
        return;
    }
    store_reader_close(lease->reader);
    free(lease);
}

/* ---- After a restore ---- */

/* Every item in one state. Those that move leave the index behind the page's position,
 * those that stay keep theirs. */
static enum status
recover_state(struct dispatch *dispatch, struct store_reader *reader,
              Kontor__V1__ItemState state, struct arena *arena, size_t *n_recovered)
{
    struct find find = {
        .kind = KIND_ITEM, .index = "state", .n_equal = 1, .limit = PAGE};
    struct page page = {.next_token = ""};
    find.equal[0].integer = state;
    do {
        find.token = page.next_token;
        enum status status = store_find(reader, &find, arena, &page);
        for (size_t i = 0; status == STATUS_OK && i < page.n_documents; i++) {
            bool is_written = false;
            status = dispatch_own_wait(dispatch, WORK, loss_recover,
                                       page.documents[i].id, &is_written);
            *n_recovered += is_written ? 1 : 0;
        }
        if (status != STATUS_OK) {
            return status;
        }
    } while (page.next_token[0] != '\0');
    return STATUS_OK;
}

enum status
orders_recover(struct dispatch *dispatch, size_t *n_recovered)
{
    struct store_reader *reader;
    *n_recovered = 0;
    enum status status = store_reader_open(dispatch_broker(dispatch)->store, &reader);
    if (status != STATUS_OK) {
        return status;
    }
    struct arena *arena = arena_new();
    /* Downwards: what recovering moves, goes from ASSIGNED to IN_PROGRESS, and those
     * are done by then. */
    for (int state = ITEM_STATE_COUNT - 1; status == STATUS_OK && state > 0; state--) {
        if (!item_state_is_final((Kontor__V1__ItemState)state)) {
            status = recover_state(dispatch, reader, (Kontor__V1__ItemState)state,
                                   arena, n_recovered);
        }
    }
    arena_free(arena);
    store_reader_close(reader);
    return status;
}
