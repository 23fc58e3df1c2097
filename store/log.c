#include "proto/wire.h"
#include "store/trimmed.h"

/* Of one read, so that a reader who asks for all takes bounded memory. */
enum { LOG_MAX_COMMITS = 16384 };

/* Fills at most max commits; OK at the end. */
static enum status
log_fill(struct store_reader *reader, int64_t after, size_t max_bytes,
         size_t max_commits, struct arena *arena, Kontor__V1__Commit **commits,
         size_t *n)
{
    struct store *store = reader->store;
    size_t size = 0;
    *n = 0;
    while (*n < max_commits) {
        struct log_entry entry;
        enum status status =
            store->backend->log_after(reader->reader, after, arena, &entry);
        if (status == STATUS_NOT_FOUND) {
            return STATUS_OK;
        }
        /* At least one commit, however small the room: a reader that got none would
         * take that for the end. */
        size += status == STATUS_OK ? entry.body.size : 0;
        if (status == STATUS_OK && *n > 0 && size > max_bytes) {
            return STATUS_OK;
        }
        if (status == STATUS_OK) {
            status = store_unpack(store, &entry, arena, &commits[*n]);
        }
        if (status != STATUS_OK) {
            return status;
        }
        after = entry.seq;
        (*n)++;
    }
    return STATUS_OK;
}

enum status
store_log_read(struct store_reader *reader, int64_t after, size_t max_commits,
               size_t max_bytes, struct arena *arena, Kontor__V1__Commit ***commits,
               size_t *n_commits)
{
    int64_t applied = 0;
    enum status status = reader->is_begun
                             ? STATUS_OK
                             : reader->store->backend->tail(reader->reader, &applied);
    applied = reader->is_begun ? reader->applied : applied;
    if (status == STATUS_OK) {
        status = store_position(reader->store, after, applied);
    }
    if (status != STATUS_OK) {
        return status;
    }
    /* Positions have gaps between histories, so this is only a bound. */
    size_t room = max_commits < LOG_MAX_COMMITS ? max_commits : LOG_MAX_COMMITS;
    uint64_t left = (uint64_t)(applied - after);
    room = left < room ? (size_t)left : room;
    Kontor__V1__Commit **found = arena_alloc(arena, room * sizeof(void *));
    size_t n = 0;
    status = log_fill(reader, after, max_bytes, room, arena, found, &n);
    if (status == STATUS_OK) {
        *commits = found;
        *n_commits = n;
    }
    return status;
}

int64_t
store_entry_time_ms(struct bytes body)
{
    struct wire_field field;
    int64_t time_ms = 0;
    if (wire_find(body, (const uint8_t[]){2, 1}, 2, &field)) {
        time_ms = (int64_t)field.value * 1000;
    }
    if (wire_find(body, (const uint8_t[]){2, 2}, 2, &field)) {
        time_ms += (int64_t)field.value / 1000000;
    }
    return time_ms;
}

/* Times never run back along the log, so that halving finds the place; gaps only cost a
 * few more steps. */
static enum status
log_seq_at(struct store_reader *reader, int64_t time_ms, int64_t tail,
           struct arena *arena, int64_t *seq)
{
    int64_t low = reader->store->oldest;
    int64_t high = tail;
    *seq = 0;
    while (low < high) {
        int64_t middle = low + (high - low + 1) / 2;
        struct log_entry entry = {.seq = 0};
        enum status status =
            reader->store->backend->log_until(reader->reader, middle, arena, &entry);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            return status;
        }
        bool is_before = entry.seq <= low || store_entry_time_ms(entry.body) <= time_ms;
        if (is_before) {
            *seq = entry.seq > *seq ? entry.seq : *seq;
            low = middle;
        } else {
            high = entry.seq - 1;
        }
        arena_reset(arena);
    }
    return STATUS_OK;
}

/* Before the first commit of a trimmed log there is its base, and before that nothing
 * anybody knows. */
static enum status
log_base_at(struct store_reader *reader, int64_t time_ms, struct arena *arena,
            int64_t *seq)
{
    Kontor__V1__Base *base;
    enum status status = trimmed_head(reader->store, reader->reader, arena, &base);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    if (status == STATUS_OK && store_time_ms(base->at) > time_ms) {
        return STATUS_OUT_OF_RANGE;
    }
    *seq = status == STATUS_OK ? base->seq : *seq;
    return status;
}

enum status
store_seq_at(struct store_reader *reader, int64_t time_ms, int64_t *seq)
{
    int64_t tail = 0;
    int64_t found = 0;
    /* An arena of its own: halving reads entries nobody wants to keep. */
    struct arena *arena = arena_new();
    enum status status = reader->store->backend->tail(reader->reader, &tail);
    if (status == STATUS_OK) {
        status = log_seq_at(reader, time_ms, tail, arena, &found);
    }
    if (status == STATUS_OK && found == 0) {
        status = log_base_at(reader, time_ms, arena, &found);
    }
    arena_free(arena);
    if (status == STATUS_OK) {
        *seq = found;
    }
    return status;
}

enum status
store_time_at(struct store_reader *reader, int64_t seq, int64_t *time_ms)
{
    struct arena *arena = arena_new();
    struct log_entry entry;
    Kontor__V1__Base *base;
    enum status status =
        reader->store->backend->log_until(reader->reader, seq, arena, &entry);
    if (status == STATUS_OK) {
        *time_ms = store_entry_time_ms(entry.body);
    } else if (status == STATUS_NOT_FOUND) {
        status = trimmed_head(reader->store, reader->reader, arena, &base);
        *time_ms = status == STATUS_OK ? store_time_ms(base->at) : *time_ms;
    }
    arena_free(arena);
    return status;
}

enum status
store_histories(struct store_reader *reader, struct arena *arena,
                Kontor__V1__History ***histories, size_t *n_histories)
{
    return reader->store->backend->histories(reader->reader, arena, histories,
                                             n_histories);
}

enum status
store_soft_get(struct store_reader *reader, const char *key, int64_t *value)
{
    return reader->store->backend->soft_get(reader->reader, key, value);
}

/* Two commits of one key cannot be, but the first would be the one that was answered.
 */
enum status
store_by_eid(struct store_reader *reader, const uint8_t eid[STORE_EID_SIZE],
             struct arena *arena, Kontor__V1__Commit **commit)
{
    struct log_entry entry;
    enum status status =
        reader->store->backend->log_by_eid(reader->reader, eid, arena, &entry);
    return status == STATUS_OK ? store_unpack(reader->store, &entry, arena, commit)
                               : status;
}
