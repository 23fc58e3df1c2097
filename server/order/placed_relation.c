#include "server/order/placed_relation.h"

#include <string.h>

static size_t
find_item(const struct placed *items, size_t n_items, const char *id)
{
    for (size_t i = 0; i < n_items; i++) {
        if (strcmp(items[i].wanted->id, id) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* One of the lists of names an item relates to others by. */
struct relation {
    const char *name; /* The field. */
    char *const *items;
    size_t n_items;
};

/* Turns names into bits. */
static uint64_t
read_names(struct placed *items, size_t n_items, size_t at,
           const struct relation *relation, struct faults *faults)
{
    uint64_t bits = 0;
    struct placed *placed = &items[at];
    for (size_t i = 0; i < relation->n_items; i++) {
        const char *name = relation->items[i];
        const char *path =
            arena_print(faults->arena, "%s.%s[%zu]", placed->path, relation->name, i);
        size_t found = find_item(items, n_items, name);
        if (found == SIZE_MAX) {
            faults_add(faults, path, "this order has no item %s", name);
            placed->verdict = PLACED_INVALID;
        } else if (found == at) {
            faults_add(faults, path, "an item cannot name itself");
            placed->verdict = PLACED_INVALID;
        } else {
            bits |= UINT64_C(1) << found;
        }
    }
    return bits;
}

/* The names of an item's bits, once each. */
static void
name_required(struct placed *items, size_t n_items, size_t at, struct arena *arena)
{
    struct placed *placed = &items[at];
    placed->required = arena_alloc(arena, (n_items + 1) * sizeof *placed->required);
    for (size_t i = 0; i < n_items; i++) {
        if ((placed->requires >> i & 1) != 0) {
            placed->required[placed->n_required++] = items[i].wanted->id;
        }
    }
}

/* A part of two bundles would have two fates. */
static void
judge_parts(struct placed *items, size_t at, uint64_t parts, uint64_t *taken,
            struct faults *faults)
{
    if ((parts & *taken) != 0) {
        faults_add(faults, arena_print(faults->arena, "%s.bundles", items[at].path),
                   "names an item that is part of another bundle");
        items[at].verdict = PLACED_INVALID;
    }
    *taken |= parts;
}

static void
read_relations(struct placed *items, size_t n_items, struct faults *faults)
{
    uint64_t taken = 0;
    for (size_t i = 0; i < n_items; i++) {
        const Kontor__V1__NewItem *wanted = items[i].wanted;
        const struct relation requires = {"requires", wanted->requires,
                                          wanted->n_requires};
        const struct relation bundles = {"bundles", wanted->bundles, wanted->n_bundles};
        const struct relation excludes = {"excludes", wanted->excludes,
                                          wanted->n_excludes};
        uint64_t parts = read_names(items, n_items, i, &bundles, faults);
        items[i].requires = parts | read_names(items, n_items, i, &requires, faults);
        items[i].excludes = read_names(items, n_items, i, &excludes, faults);
        judge_parts(items, i, parts, &taken, faults);
        name_required(items, n_items, i, faults->arena);
    }
}

/* The items that stand in a cycle or need one that does: those left when items with
 * nothing open are taken away. */
static uint64_t
left_over(const struct placed *items, size_t n_items)
{
    /*
     * Taking away what needs nothing open, again and again, ends after at most 64
     * rounds and leaves exactly the cycles and what rests on them. A shift by 64 is
     * undefined, hence the other way to all ones.
     */
    uint64_t left =
        n_items >= ORDER_MAX_ITEMS ? UINT64_MAX : (UINT64_C(1) << n_items) - 1;
    uint64_t before = 0;
    while (before != left) {
        before = left;
        for (size_t i = 0; i < n_items; i++) {
            if ((items[i].requires & left) == 0) {
                left &= ~(UINT64_C(1) << i);
            }
        }
    }
    return left;
}

/* Everything an item requires, directly or through others. */
static uint64_t
reach(const struct placed *items, size_t n_items, size_t from)
{
    uint64_t reached = items[from].requires;
    uint64_t before = 0;
    while (before != reached) {
        before = reached;
        for (size_t i = 0; i < n_items; i++) {
            reached |= (reached >> i & 1) != 0 ? items[i].requires : 0;
        }
    }
    return reached;
}

static void
refuse_cycles(struct placed *items, size_t n_items, struct faults *faults)
{
    uint64_t left = left_over(items, n_items);
    for (size_t i = 0; i < n_items; i++) {
        /*
         * What merely rests on a cycle has no fault of its own: naming it would send
         * the customer to the wrong line.
         */
        bool is_left = (left >> i & 1) != 0;
        if (is_left && (reach(items, n_items, i) >> i & 1) != 0) {
            faults_add(faults, arena_print(faults->arena, "%s.requires", items[i].path),
                       "%s requires itself through other items", items[i].wanted->id);
            items[i].verdict = PLACED_INVALID;
        }
    }
}

/* What needs an alternative of its own, or two alternatives, could never be done. */
static void
refuse_contradictions(struct placed *items, size_t n_items, struct faults *faults)
{
    for (size_t i = 0; i < n_items; i++) {
        uint64_t needed = reach(items, n_items, i) | UINT64_C(1) << i;
        for (size_t k = 0; k < n_items; k++) {
            if ((needed >> k & 1) == 0 || (items[k].excludes & needed) == 0) {
                continue;
            }
            faults_add(faults, arena_print(faults->arena, "%s.requires", items[i].path),
                       "%s requires items that exclude each other",
                       items[i].wanted->id);
            items[i].verdict = PLACED_INVALID;
            break;
        }
    }
}

/* Whether an item requires one that is not sound. */
static bool
rests_on_unsound(const struct placed *items, size_t n_items, size_t at)
{
    for (size_t i = 0; i < n_items; i++) {
        bool is_required = (items[at].requires >> i & 1) != 0;
        if (is_required && items[i].verdict != PLACED_VALIDATED) {
            return true;
        }
    }
    return false;
}

static void
spread_unassessed(struct placed *items, size_t n_items)
{
    bool has_changed = true;
    while (has_changed) {
        has_changed = false;
        for (size_t i = 0; i < n_items; i++) {
            if (items[i].verdict == PLACED_VALIDATED &&
                rests_on_unsound(items, n_items, i)) {
                items[i].verdict = PLACED_UNASSESSED;
                has_changed = true;
            }
        }
    }
}

void
placed_relate(struct placed *items, size_t n_items, struct faults *faults)
{
    /* In this order: names become bits, bits make cycles and contradictions, and what
     * is unsound by then spreads. */
    read_relations(items, n_items, faults);
    refuse_cycles(items, n_items, faults);
    refuse_contradictions(items, n_items, faults);
    spread_unassessed(items, n_items);
}
