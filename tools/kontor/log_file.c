#include "tools/kontor/log_file.h"

#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"

enum { RECORD_MAX_SIZE = 8 << 20, VARINT_MAX = 10 };

/* A varint; false at the end of the file, also in the middle of one (then *size > 0).
 */
static bool
varint_read(FILE *stream, uint64_t *value, size_t *size)
{
    *value = 0;
    for (*size = 0; *size < VARINT_MAX;) {
        int byte = getc(stream);
        if (byte == EOF) {
            return false;
        }
        *value |= (uint64_t)(byte & 0x7f) << (7 * *size);
        ++*size;
        if ((byte & 0x80) == 0) {
            return true;
        }
    }
    *value = UINT64_MAX;
    return true;
}

/* Repacked into the arena of the file: the record's own is reused for the next. */
static const char *
header_take(struct log_file *file, const Kontor__V1__ExportHeader *header,
            struct arena *arena)
{
    if (file->header != NULL) {
        return "it has a second header";
    }
    if (strcmp(header->format, "kontor-export-1") != 0) {
        return "it is no backup of Kontor: its format is not kontor-export-1";
    }
    if (header->after > 0 && header->anchor.len != DIGEST_SIZE) {
        return "its header has no anchor";
    }
    struct bytes packed = wire_pack(&header->base, arena);
    struct faults faults = {.arena = arena};
    file->header = (const Kontor__V1__ExportHeader *)wire_unpack(
        &kontor__v1__export_header__descriptor, packed, &wire_stored_limits,
        file->arena, &faults);
    file->chain.seq = header->after;
    if (header->after > 0) {
        memcpy(file->chain.hash, header->anchor.data, DIGEST_SIZE);
    }
    return NULL;
}

static const char *
record_take(struct log_file *file, const Kontor__V1__ExportRecord *record,
            struct arena *arena)
{
    if (record->record_case == KONTOR__V1__EXPORT_RECORD__RECORD_HEADER) {
        return header_take(file, record->header, arena);
    }
    if (record->record_case != KONTOR__V1__EXPORT_RECORD__RECORD_COMMIT) {
        return "a record is neither header nor commit";
    }
    if (file->header == NULL) {
        return "it has no header";
    }
    const char *wrong =
        chain_check(&file->chain, record->commit, file->header->histories,
                    file->header->n_histories, arena);
    if (wrong != NULL) {
        return arena_print(file->arena, "commit %lld: %s",
                           (long long)record->commit->seq, wrong);
    }
    file->n_commits++;
    return NULL;
}

/* One record of this size; NULL also when the file ends inside it, which sets is_cut.
 */
static const char *
record_read(struct log_file *file, FILE *stream, size_t size, struct arena *arena)
{
    uint8_t *data = arena_alloc(arena, size + 1);
    if (fread(data, 1, size, stream) < size) {
        file->is_cut = true;
        return NULL;
    }
    struct faults faults = {.arena = arena};
    struct bytes bytes = {data, size};
    const Kontor__V1__ExportRecord *record =
        (const Kontor__V1__ExportRecord *)wire_unpack(
            &kontor__v1__export_record__descriptor, bytes, &wire_stored_limits, arena,
            &faults);
    if (record == NULL) {
        return "a record is damaged";
    }
    return record_take(file, record, arena);
}

/* The next record; *is_end at the end. */
static const char *
record_next(struct log_file *file, FILE *stream, struct arena *arena, bool *is_end)
{
    uint64_t size;
    size_t prefix;
    *is_end = !varint_read(stream, &size, &prefix);
    if (*is_end) {
        file->is_cut = prefix > 0;
        return NULL;
    }
    if (size > RECORD_MAX_SIZE) {
        return "a record is too large: this is no backup of Kontor, or it is damaged";
    }
    const char *wrong = record_read(file, stream, (size_t)size, arena);
    *is_end = file->is_cut;
    if (wrong == NULL && !file->is_cut) {
        file->whole += (off_t)(prefix + size);
    }
    return wrong;
}

/* Judges while it reads: a log may be larger than memory. */
const char *
log_file_read(struct log_file *file, FILE *stream)
{
    struct arena *arena = arena_new();
    if (arena == NULL) {
        return "out of memory";
    }
    const char *wrong = NULL;
    bool is_end = false;
    while (wrong == NULL && !is_end) {
        wrong = record_next(file, stream, arena, &is_end);
        arena_reset(arena);
    }
    if (wrong == NULL && ferror(stream)) {
        wrong = "it cannot be read";
    }
    if (wrong == NULL && file->header == NULL && !file->is_cut) {
        wrong = "it is empty";
    }
    arena_free(arena);
    return wrong;
}

bool
log_file_write(FILE *stream, const Kontor__V1__ExportRecord *record)
{
    size_t size = protobuf_c_message_get_packed_size(&record->base);
    uint8_t *packed = malloc(size + VARINT_MAX);
    if (packed == NULL) {
        return false;
    }
    size_t prefix = wire_varint(size, packed);
    protobuf_c_message_pack(&record->base, packed + prefix);
    bool is_written = fwrite(packed, 1, prefix + size, stream) == prefix + size;
    free(packed);
    return is_written;
}
