/*
 * A random walk: a desk and the model of its orders side by side. Each step is one
 * call, or some time that passes, at both; then the two are compared.
 *
 * Memory: walk_begin to walk_end; each step's is given back with the next. Errors: a
 * disagreement fails the test, with the seed, the steps that led there and both views.
 * Threads: the test's own.
 */
#ifndef KONTOR_TESTS_SERVER_WALK_H
#define KONTOR_TESTS_SERVER_WALK_H

#include "tests/server/desk.h"
#include "tests/server/model_call.h"

enum {
    WALK_OFFERS = 9,
    WALK_LINES = 8000, /* Steps that are remembered. */
    WALK_LINE = 200,
    WALK_MAX_PEOPLE = 32,
    WALK_ORDER_STATES = 12, /* With UNSPECIFIED. */
};

extern const struct model_offer walk_offers[WALK_OFFERS];

/* What was stored when it was last looked at. */
struct walk_seen {
    Kontor__V1__ItemState state;
    bool begun;
};

struct walk_line {
    size_t order; /* SIZE_MAX = of all. */
    char text[WALK_LINE];
};

struct walk {
    struct desk *desk; /* NULL = none is open. */
    struct arena *own; /* Of the desk; the harness's is the step's meanwhile. */
    struct arena *step_arena;
    struct store_reader *reader;
    const struct principal *people[WALK_MAX_PEOPLE];
    struct model m;
    struct walk_seen seen[MODEL_ORDERS][MODEL_ITEMS];
    int64_t last_fence;
    uint64_t seed, random;
    uint64_t step, n_orders, n_desks, n_taken, n_refused, n_listed;
    uint64_t tried[MODEL_STATES][ACT_COUNT];
    uint64_t order_states[WALK_ORDER_STATES]; /* How often each was looked at. */
    uint64_t reasons[REASON_COUNT];           /* How often each was the answer. */
    struct walk_line *lines; /* A ring; the last is the one before n_lines. */
    uint64_t n_lines;
    Kontor__V1__PlaceOrderRequest *wanted; /* The order a step places. */
};

void walk_begin(struct walk *w, uint64_t seed);
void walk_end(struct walk *w);
/* Drops the desk, and opens another one with an empty model. */
void walk_renew_desk(struct walk *w);

/* ---- Chance ---- */

uint64_t walk_random(struct walk *w, uint64_t n);
bool walk_chance(struct walk *w, uint64_t percent);

/* ---- A step ---- */

/* Chooses, makes and compares one. */
void walk_step(struct walk *w);
/* What is tried next. */
struct model_call walk_choose(struct walk *w);
/* Makes a call at the broker; answers how it was refused. reply: what it answered. */
enum reason walk_call(struct walk *w, const struct model_call *call, void **reply);
/* Composes an order: the request in w->wanted, and what the model makes of it. */
enum reason walk_compose(struct walk *w, int who, struct model_order *order);

/* ---- Comparing ---- */

/* An order, or all of them, as stored and as the model has it. A back-off's jitter is
 * the broker's to choose: the model takes it over. */
void walk_check_order(struct walk *w, size_t order);
void walk_check_all(struct walk *w);
/* Those that are open, or that the step touched. */
void walk_check_open(struct walk *w);
void walk_check_actions(struct walk *w, const struct model_call *call);
/* Forgets what the last step touched. */
void walk_settle(struct walk *w);
void walk_fail(struct walk *w, size_t order, const char *format, ...)
    __attribute__((format(printf, 3, 4), noreturn));
void walk_note(struct walk *w, const struct model_call *call, enum reason reason);
/* Says which order the last step turned out to be of. */
void walk_note_order(struct walk *w, size_t order);
void *walk_record(struct walk *w, const struct kind *kind, const char *id);

#endif
