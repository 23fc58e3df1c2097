#include "proto/export.h"

#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"

enum {
    VARINT_MAX = 10,
    /* A commit has at most 1 MiB, a header some histories; a stranger's file must not
     * decide how much memory is taken. */
    RECORD_MAX_SIZE = 2 << 20,
};

/* A file of a trimmed log begins with its base, a continuation of it never. */
static const char *
take_base(struct export_file *file, const Kontor__V1__Base *base)
{
    if (base == NULL) {
        return NULL;
    }
    if (file->header->after != 0) {
        return "its header has a base and a position before it";
    }
    file->sum.arena = file->arena;
    const char *wrong = base_sum_begin(&file->sum, base);
    if (wrong != NULL) {
        return wrong;
    }
    file->is_in_base = true;
    file->chain.seq = base->seq;
    memcpy(file->chain.hash, base->hash.data, DIGEST_SIZE);
    return NULL;
}

/* The first record behind the documents says that there are no more. */
static const char *
leave_base(struct export_file *file)
{
    if (!file->is_in_base) {
        return NULL;
    }
    file->is_in_base = false;
    return base_sum_end(&file->sum, file->header->log_base);
}

/* Packed again into the arena of the file: the record's own is reused for the next. */
static const char *
take_header(struct export_file *file, const Kontor__V1__ExportHeader *header,
            struct arena *arena)
{
    if (file->header != NULL) {
        return "it has a second header";
    }
    if (strcmp(header->format, EXPORT_FORMAT) != 0) {
        return "it is no backup of Kontor: its format is not " EXPORT_FORMAT;
    }
    if (header->after < 0 || (header->after > 0 && header->anchor.len != DIGEST_SIZE)) {
        return "its header has no anchor";
    }
    struct bytes packed = wire_pack(&header->base, arena);
    struct faults faults = {.arena = arena};
    file->header = (const Kontor__V1__ExportHeader *)wire_unpack(
        &kontor__v1__export_header__descriptor, packed, &wire_stored_limits,
        file->arena, &faults);
    if (file->header == NULL) {
        return "its header is damaged";
    }
    file->chain.seq = header->after;
    if (header->after > 0) {
        memcpy(file->chain.hash, header->anchor.data, DIGEST_SIZE);
    }
    return take_base(file, file->header->log_base);
}

static const char *
take_document(struct export_file *file, const Kontor__V1__BaseDocument *document,
              struct arena *arena)
{
    if (!file->is_in_base) {
        return "a document of a base stands where there is none";
    }
    const char *wrong = base_sum_add(&file->sum, document, arena);
    if (wrong != NULL) {
        return wrong;
    }
    file->document = document;
    file->erasures.arena = file->arena;
    erasures_add_document(&file->erasures, document);
    return NULL;
}

static const char *
take_commit(struct export_file *file, const Kontor__V1__Commit *commit,
            struct arena *arena)
{
    const char *wrong = leave_base(file);
    if (wrong != NULL) {
        return wrong;
    }
    wrong = chain_check(&file->chain, commit, file->header->histories,
                        file->header->n_histories, arena);
    if (wrong != NULL) {
        return arena_copy(file->arena, wrong);
    }
    file->n_commits++;
    file->erasures.arena = file->arena;
    erasures_add(&file->erasures, commit);
    return NULL;
}

/* An end that fits nothing was written for another file, or commits before it were
 * taken out. */
static const char *
take_end(struct export_file *file, const Kontor__V1__ExportEnd *end)
{
    const char *wrong = leave_base(file);
    if (wrong != NULL) {
        return wrong;
    }
    bool is_same = end->commits == file->n_commits && end->seq == file->chain.seq &&
                   end->hash.len == DIGEST_SIZE &&
                   memcmp(end->hash.data, file->chain.hash, DIGEST_SIZE) == 0;
    if (is_same) {
        return NULL;
    }
    return arena_print(
        file->arena,
        "its end is that of %lld commits up to %lld, but %lld up to %lld "
        "are there: take another backup",
        (long long)end->commits, (long long)end->seq, (long long)file->n_commits,
        (long long)file->chain.seq);
}

static const char *
take_record(struct export_file *file, const Kontor__V1__ExportRecord *record,
            struct arena *arena)
{
    bool is_header = record->record_case == KONTOR__V1__EXPORT_RECORD__RECORD_HEADER;
    if (file->header == NULL && !is_header) {
        return "it is no backup of Kontor: it has no header of format " EXPORT_FORMAT;
    }
    if (is_header) {
        return take_header(file, record->header, arena);
    }
    if (record->record_case == KONTOR__V1__EXPORT_RECORD__RECORD_COMMIT) {
        return take_commit(file, record->commit, arena);
    }
    if (record->record_case == KONTOR__V1__EXPORT_RECORD__RECORD_END) {
        return take_end(file, record->end);
    }
    if (record->record_case == KONTOR__V1__EXPORT_RECORD__RECORD_DOCUMENT) {
        return take_document(file, record->document, arena);
    }
    return "a record is damaged, or of a later version of Kontor";
}

/* The length before a record. false: the file is over, or ends inside the length, which
 * sets is_cut. */
static bool
read_size(struct export_file *file, uint64_t *size, size_t *n_read)
{
    *size = 0;
    for (*n_read = 0; *n_read < VARINT_MAX;) {
        int byte = getc(file->stream);
        if (byte == EOF) {
            file->is_cut = *n_read > 0;
            return false;
        }
        *size |= (uint64_t)(byte & 0x7f) << (7 * *n_read);
        ++*n_read;
        if ((byte & 0x80) == 0) {
            return true;
        }
    }
    *size = UINT64_MAX;
    return true;
}

/* The bytes of a record; NULL where the file ends inside it, which sets is_cut. */
static uint8_t *
read_bytes(struct export_file *file, size_t size, struct arena *arena)
{
    uint8_t *data = arena_alloc(arena, size + 1);
    if (fread(data, 1, size, file->stream) < size) {
        file->is_cut = true;
        return NULL;
    }
    return data;
}

/* The next whole record, or NULL: then *wrong says why, unless the file is over. */
static const Kontor__V1__ExportRecord *
read_record(struct export_file *file, struct arena *arena, const char **wrong)
{
    uint64_t size;
    size_t n_prefix;
    if (!read_size(file, &size, &n_prefix)) {
        return NULL;
    }
    if (size > RECORD_MAX_SIZE) {
        *wrong = "a record is too large: this is no backup of Kontor, or it is damaged";
        return NULL;
    }
    struct bytes bytes = {read_bytes(file, (size_t)size, arena), (size_t)size};
    if (bytes.data == NULL) {
        return NULL;
    }
    struct faults faults = {.arena = arena};
    const Kontor__V1__ExportRecord *record =
        (const Kontor__V1__ExportRecord *)wire_unpack(
            &kontor__v1__export_record__descriptor, bytes, &wire_stored_limits, arena,
            &faults);
    *wrong = record == NULL ? "a record is damaged" : take_record(file, record, arena);
    if (*wrong != NULL) {
        return NULL;
    }
    file->whole += (off_t)(n_prefix + size);
    if (record->record_case == KONTOR__V1__EXPORT_RECORD__RECORD_END) {
        file->sealed = file->whole;
    }
    return record;
}

enum export_step
export_next(struct export_file *file, struct arena *arena,
            const Kontor__V1__Commit **commit, const char **wrong)
{
    const Kontor__V1__ExportRecord *record;
    *wrong = NULL;
    do {
        record = read_record(file, arena, wrong);
    } while (record != NULL &&
             record->record_case != KONTOR__V1__EXPORT_RECORD__RECORD_COMMIT &&
             record->record_case != KONTOR__V1__EXPORT_RECORD__RECORD_DOCUMENT);
    if (record == NULL && *wrong == NULL && ferror(file->stream)) {
        *wrong = "it cannot be read";
    }
    if (record != NULL &&
        record->record_case == KONTOR__V1__EXPORT_RECORD__RECORD_DOCUMENT) {
        return EXPORT_DOCUMENT;
    }
    if (record != NULL) {
        *commit = record->commit;
        return EXPORT_COMMIT;
    }
    return *wrong != NULL ? EXPORT_WRONG : EXPORT_OVER;
}

/*
 * What comes after an end is a continuation that was broken off. It is not dropped
 * without a word: whoever restores must know that later commits were on their way.
 */
const char *
export_judge_end(const struct export_file *file)
{
    if (file->whole == 0 && !file->is_cut) {
        return "it is empty";
    }
    if (file->sealed == file->whole && !file->is_cut) {
        return erasures_judge(&file->erasures);
    }
    if (file->is_in_base) {
        return "it is cut off inside its base: take another backup";
    }
    if (file->sealed == 0) {
        return arena_print(file->arena,
                           "it is cut off after commit %lld: run kontor backup on it "
                           "again, or take another backup",
                           (long long)file->chain.seq);
    }
    return arena_print(file->arena,
                       "it is cut off after commit %lld, while it was continued: run "
                       "kontor backup on it again, or go back to what was whole with "
                       "truncate -s %lld",
                       (long long)file->chain.seq, (long long)file->sealed);
}

/* Judges while it reads: a log may be larger than memory. */
const char *
export_read(struct export_file *file)
{
    struct arena *arena = arena_new();
    if (arena == NULL) {
        return "out of memory";
    }
    const Kontor__V1__Commit *commit;
    const char *wrong = NULL;
    enum export_step step = EXPORT_COMMIT;
    while (step == EXPORT_COMMIT || step == EXPORT_DOCUMENT) {
        arena_reset(arena);
        step = export_next(file, arena, &commit, &wrong);
    }
    arena_free(arena);
    return wrong;
}

bool
export_write(FILE *stream, const Kontor__V1__ExportRecord *record)
{
    size_t size = protobuf_c_message_get_packed_size(&record->base);
    uint8_t *packed = malloc(size + VARINT_MAX);
    if (packed == NULL) {
        return false;
    }
    size_t n_prefix = wire_varint(size, packed);
    protobuf_c_message_pack(&record->base, packed + n_prefix);
    bool is_written = fwrite(packed, 1, n_prefix + size, stream) == n_prefix + size;
    free(packed);
    return is_written;
}

bool
export_write_end(FILE *stream, const struct chain *chain, int64_t n_commits)
{
    uint8_t hash[DIGEST_SIZE];
    Kontor__V1__ExportEnd end = KONTOR__V1__EXPORT_END__INIT;
    Kontor__V1__ExportRecord record = KONTOR__V1__EXPORT_RECORD__INIT;
    memcpy(hash, chain->hash, sizeof hash);
    end.commits = n_commits;
    end.seq = chain->seq;
    end.hash = (ProtobufCBinaryData){sizeof hash, hash};
    record.record_case = KONTOR__V1__EXPORT_RECORD__RECORD_END;
    record.end = &end;
    return export_write(stream, &record);
}
