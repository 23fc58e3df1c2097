#include "server/catalogue/search_tally.h"

struct search_tally
search_tally_new(struct arena *arena, size_t n_numbers, size_t n_counted)
{
    size_t wanted = n_counted < n_numbers / 2 ? 2 * n_counted : n_numbers;
    struct search_tally tally = {.n_rows = 1};
    while (tally.n_rows < wanted) {
        tally.n_rows *= 2;
    }
    tally.rows = arena_alloc(arena, tally.n_rows * sizeof(*tally.rows));
    return tally;
}
