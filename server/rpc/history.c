#include "server/rpc/history.h"

#include <stdbool.h>

/*
 * A position may lie in the gap of more than one restore, when a later one began from
 * an earlier copy: what all of them have in common is the least. The first history
 * replaced nothing.
 */
int64_t
history_last_common(Kontor__V1__History *const *histories, size_t n_histories,
                    int64_t seq)
{
    int64_t common = -1;
    for (size_t i = 1; i < n_histories; i++) {
        const Kontor__V1__History *history = histories[i];
        bool is_lost = seq > history->last_common_seq && seq < history->first_seq;
        if (is_lost && (common < 0 || history->last_common_seq < common)) {
            common = history->last_common_seq;
        }
    }
    return common;
}

int64_t
history_before(Kontor__V1__History *const *histories, size_t n_histories, int64_t seq)
{
    int64_t common = history_last_common(histories, n_histories, seq - 1);
    return common >= 0 ? common : seq - 1;
}
