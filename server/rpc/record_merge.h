/*
 * What a mask copies from one record to another. Only record.c and handlers with a mask
 * of their own need it.
 *
 * Memory: values are copied by pointer, so from must live as long as to. Errors:
 * faults. Threads: the call's.
 */
#ifndef KONTOR_SERVER_RPC_RECORD_MERGE_H
#define KONTOR_SERVER_RPC_RECORD_MERGE_H

#include <google/protobuf/field_mask.pb-c.h>

#include "server/rpc/record.h"

/* One merge. */
struct record_merging {
    void *to;
    const void *from; /* Of the same message type. */
    const Google__Protobuf__FieldMask
        *mask; /* NULL or empty: all set fields; "*": all. */
    const uint8_t
        *output_only; /* Besides fields 1 to 4, which no mask touches; NULL = none. */
    const char *mask_path; /* How faults call the mask. */
    /* Whether a path may name a field of the elements of a list, such as "offers.name":
     * an element that is there already, known by its iid, keeps what is not named. */
    bool has_parts;
};

/* Copies what the mask names; a path that is unknown, nested elsewhere or the broker's
 * own is a fault. */
void record_merge_masked(struct call *call, const struct record_merging *merging);

#endif
