#include "server/order/edits.h"

#include <assert.h>
#include <string.h>

/* Half of what a commit may take (STORE design, "Commit"): what is counted is what was
 * stored before, and what is written has grown by a step of its history. */
enum { ENOUGH_BYTES = STORE_MAX_COMMIT / 2 };

enum status
edits_open(struct call *call, struct edits *edits, const char *order_id,
           size_t item_size, struct edit **out)
{
    /* A short item grows by its step as much as a long one, so it counts twice. */
    edits->size += 2 * item_size;
    for (size_t i = 0; i < edits->n_rows; i++) {
        if (strcmp(edits->rows[i]->order->id, order_id) == 0) {
            *out = edits->rows[i];
            return STATUS_OK;
        }
    }
    assert(edits->n_rows < EDITS_MAX);
    enum status status = edit_open(call, order_id, out);
    if (status != STATUS_OK) {
        return status;
    }
    /* Names and relations are the customer's to choose: a header may be larger than
     * all that is claimed of its order. */
    edits->size += (*out)->document.w.size + (*out)->document.x.size;
    edits->rows[edits->n_rows++] = *out;
    return STATUS_OK;
}

bool
edits_is_full(const struct edits *edits)
{
    return edits->size > ENOUGH_BYTES;
}

enum status
edits_commit(const struct edits *edits, struct decision *decision)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < edits->n_rows && status == STATUS_OK; i++) {
        status = edit_commit(edits->rows[i], decision);
    }
    return status;
}
