#include "server/order/target.h"

#include <stdbool.h>

enum { ALL_PPM = 1000000, WEEKDAYS = 7 };

static bool
is_silent(const Kontor__V1__OfferTargets *targets)
{
    return targets == NULL ||
           (targets->availability_ppm == 0 && targets->response_minutes == 0 &&
            targets->notice_days == 0 && targets->support_to_minute == 0);
}

/* How a figure of all comes from that of each. */
enum joining { JOIN_SMALLEST, JOIN_LARGEST };

/* 0 = not said, and then it is not told of all. */
static int32_t
join(int32_t all, int32_t one, enum joining joining)
{
    if (all == 0 || one == 0) {
        return 0;
    }
    bool is_taken = joining == JOIN_SMALLEST ? one < all : one > all;
    return is_taken ? one : all;
}

static void
join_availability(Kontor__V1__OrderTargets *all, int32_t one_ppm)
{
    bool is_told = all->availability_at_most_ppm != 0 && one_ppm != 0;
    int32_t least_ppm = all->availability_at_least_ppm - (ALL_PPM - one_ppm);
    all->availability_at_most_ppm =
        join(all->availability_at_most_ppm, one_ppm, JOIN_SMALLEST);
    all->availability_at_least_ppm = is_told && least_ppm > 0 ? least_ppm : 0;
}

static bool
has_weekday(const int32_t *days, size_t n_days, int32_t day)
{
    for (size_t i = 0; i < n_days; i++) {
        if (days[i] == day) {
            return true;
        }
    }
    return false;
}

/* Support of all is when each has some. */
static void
join_support(Kontor__V1__OrderTargets *all, const Kontor__V1__OfferTargets *one)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < all->n_support_weekdays; i++) {
        int32_t day = all->support_weekdays[i];
        if (has_weekday(one->support_weekdays, one->n_support_weekdays, day)) {
            all->support_weekdays[n_kept++] = day;
        }
    }
    all->n_support_weekdays = n_kept;
    if (one->support_from_minute > all->support_from_minute) {
        all->support_from_minute = one->support_from_minute;
    }
    all->support_to_minute =
        join(all->support_to_minute, one->support_to_minute, JOIN_SMALLEST);
    bool is_never = all->support_to_minute <= all->support_from_minute || n_kept == 0;
    if (is_never) {
        all->n_support_weekdays = 0;
        all->support_from_minute = 0;
        all->support_to_minute = 0;
    }
}

/* What the first item says: joined with nothing. */
static void
begin(Kontor__V1__OrderTargets *all, const Kontor__V1__OfferTargets *first,
      struct arena *arena)
{
    all->availability_at_least_ppm = first->availability_ppm;
    all->availability_at_most_ppm = first->availability_ppm;
    all->response_minutes = first->response_minutes;
    all->notice_days = first->notice_days;
    all->support_from_minute = first->support_from_minute;
    all->support_to_minute = first->support_to_minute;
    all->support_weekdays =
        arena_alloc(arena, WEEKDAYS * sizeof *all->support_weekdays);
    for (int32_t day = 1; day <= WEEKDAYS; day++) {
        all->support_weekdays[all->n_support_weekdays++] = day;
    }
    join_support(all, first);
}

static void
join_one(Kontor__V1__OrderTargets *all, const Kontor__V1__OfferTargets *one)
{
    join_availability(all, one->availability_ppm);
    all->response_minutes =
        join(all->response_minutes, one->response_minutes, JOIN_LARGEST);
    all->notice_days = join(all->notice_days, one->notice_days, JOIN_SMALLEST);
    join_support(all, one);
}

Kontor__V1__OrderTargets *
target_aggregate(Kontor__V1__ItemPlan *const *items, size_t n_items,
                 struct arena *arena)
{
    Kontor__V1__OrderTargets *all = arena_alloc(arena, sizeof *all);
    bool is_begun = false;
    kontor__v1__order_targets__init(all);
    all->silent_items = arena_alloc(arena, (n_items + 1) * sizeof *all->silent_items);
    for (size_t i = 0; i < n_items; i++) {
        const Kontor__V1__OfferTargets *one = items[i]->targets;
        if (is_silent(one)) {
            all->silent_items[all->n_silent_items++] = items[i]->item;
        } else if (is_begun) {
            join_one(all, one);
        } else {
            begin(all, one, arena);
            is_begun = true;
        }
    }
    return is_begun ? all : NULL;
}
