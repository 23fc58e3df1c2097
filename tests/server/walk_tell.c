/* What a walk tells when the two disagree: how to play it again, the steps that led
 * there, both views. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/server/walk.h"

enum { TOLD_LINES = 40 };

void
walk_note(struct walk *w, const struct model_call *call, enum reason reason)
{
    struct walk_line *line = &w->lines[w->n_lines++ % WALK_LINES];
    bool is_of_item = call->act < ACT_OF_ITEMS;
    bool is_placing = call->act == ACT_PLACE || call->act == ACT_PLACE_AGAIN;
    const struct model_item *item = &w->m.orders[call->order].items[call->item];
    line->order = is_of_item ? call->order : SIZE_MAX;
    (void)snprintf(
        line->text, sizeof line->text,
        "%" PRIu64 " %s: %s %s fence %" PRId64 " expected %" PRId64
        " items %x delivery %d at %" PRId64 " session %d -> %s",
        w->step, call->act >= ACT_LEASES ? "time" : model_people[call->who].id,
        model_act_name(call->act),
        is_of_item   ? item->id
        : is_placing ? w->wanted->id
                     : "",
        call->fence, call->expected, call->items, call->delivery, call->at_ms,
        call->session, reason == REASON_NONE ? "OK" : reason_row(reason)->name);
}

void
walk_note_order(struct walk *w, size_t order)
{
    w->lines[(w->n_lines - 1) % WALK_LINES].order = order;
}

static void
print_item(const struct model_item *mine, const Kontor__V1__OrderItem *theirs)
{
    static const char *const places[] = {"none", "offered", "held"};
    print_message("    %s (%s): model %s, job %d %s, fence %" PRId64 ", cleanup %d\n",
                  mine->id, mine->offer->id, model_state_name(mine->state),
                  (int)mine->job.kind, places[mine->job.place], mine->job.fence,
                  (int)mine->cleanup);
    print_message(
        "        broker %s, job %d by \"%s\", %s, fence %" PRId64 ", cleanup %d\n",
        model_state_name(theirs->state), (int)theirs->job->kind, theirs->job->session,
        theirs->job->ready_at == NULL ? "not offered" : "offered",
        theirs->job->is_fence_own ? theirs->revision : theirs->job->fence,
        (int)theirs->cleanup);
}

static void
print_order(struct walk *w, size_t order)
{
    const struct model_order *mo = &w->m.orders[order];
    const struct model_header mine = model_header(mo);
    const Kontor__V1__Order *theirs = walk_record(w, KIND_ORDER, mo->id);
    print_message("  %s: model state %d attention %d, broker state %d attention %d\n",
                  mo->id, (int)mine.state, (int)mine.attention, (int)theirs->state,
                  (int)theirs->attention);
    for (size_t i = 0; i < mo->n_items; i++) {
        print_item(&mo->items[i], walk_record(w, KIND_ITEM, mo->items[i].id));
    }
}

static void
print_lines(const struct walk *w, size_t order)
{
    uint64_t oldest = w->n_lines > WALK_LINES ? w->n_lines - WALK_LINES : 0;
    uint64_t from = w->n_lines;
    for (size_t n_told = 0; from > oldest && n_told < TOLD_LINES;) {
        size_t of = w->lines[--from % WALK_LINES].order;
        n_told += order == SIZE_MAX || of == order || of == SIZE_MAX ? 1 : 0;
    }
    for (uint64_t i = from; i < w->n_lines; i++) {
        size_t of = w->lines[i % WALK_LINES].order;
        if (order == SIZE_MAX || of == order || of == SIZE_MAX) {
            print_message("  %s\n", w->lines[i % WALK_LINES].text);
        }
    }
}

void
walk_fail(struct walk *w, size_t order, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    print_message("DISAGREEMENT at step %" PRIu64 ": %s\n"
                  "  to play it again: --seed %" PRIu64 " --steps %" PRIu64 "\n",
                  w->step, text, w->seed, w->step);
    print_lines(w, order);
    if (order < w->m.n_orders) {
        print_order(w, order);
    }
    fail_msg("seed %" PRIu64 ", step %" PRIu64 ": %s", w->seed, w->step, text);
    abort();
}
