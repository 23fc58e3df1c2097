#include "server/trim.h"

#include <inttypes.h>

#include "server/log.h"

/* A trim judges the whole store first: it waits until it is worth that. */
enum { ERROR_SIZE = 1024, QUARTER = 4 };

/* Up to where to trim; 0 = there is nothing worth it. */
static int64_t
trim_up_to(const struct store_options *asked, int64_t n_kept)
{
    char error[ERROR_SIZE] = "";
    struct store *store = NULL;
    struct store_options options = *asked;
    options.is_read_only = true;
    /* Whatever keeps it from being read is told when it is opened to be served. */
    if (store_open(&options, &store, error, sizeof error) != STATUS_OK) {
        return 0;
    }
    int64_t up_to = store_applied(store) - n_kept;
    bool is_worth_it = up_to - store_oldest(store) > n_kept / QUARTER;
    store_close(store);
    return is_worth_it ? up_to : 0;
}

void
trim_at_start(struct base *base)
{
    char error[ERROR_SIZE] = "";
    int64_t n_kept = base->settings->trim_keep_commits;
    struct store_options options = base_store(base, false);
    struct store_trim trim = {.up_to = n_kept > 0 ? trim_up_to(&options, n_kept) : 0};
    if (trim.up_to <= 0) {
        return;
    }
    if (store_trim(&options, &trim, error, sizeof error) != STATUS_OK) {
        log_line(LOG_LEVEL_WARN, "the log is not trimmed: %s", error);
        return;
    }
    log_line(LOG_LEVEL_INFO, "trimmed %" PRId64 " commits up to %" PRId64,
             trim.n_commits, trim.seq);
}
