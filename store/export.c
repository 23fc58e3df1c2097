#include "store/export.h"

#include <errno.h>
#include <string.h>

enum {
    VARINT_MAX = 10,
    MAX_RECORD = 2 << 20, /* A commit has at most 1 MiB, a header some histories. */
    BUDGET_BASE = 64 << 10,
    BUDGET_FACTOR = 64,
};

enum status
export_open(struct export *export, const char *path)
{
    *export = (struct export){.file = fopen(path, "rb")};
    if (export->file != NULL) {
        return STATUS_OK;
    }
    (void)snprintf(export->wrong, sizeof export->wrong, "cannot open %s: %s", path,
                   strerror(errno));
    return STATUS_NOT_FOUND;
}

void
export_close(struct export *export)
{
    if (export->file != NULL) {
        (void)fclose(export->file);
        export->file = NULL;
    }
}

static enum status
export_fail(struct export *export, const char *what)
{
    (void)snprintf(export->wrong, sizeof export->wrong, "record %lld of the export %s",
                   (long long)export->n_records, what);
    return STATUS_DATA_LOSS;
}

/* The length before a record; NOT_FOUND: the file ends here, as it may. */
static enum status
export_size(struct export *export, size_t *size)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < VARINT_MAX; i++) {
        int byte = fgetc(export->file);
        if (byte == EOF && i == 0 && !ferror(export->file)) {
            return STATUS_NOT_FOUND;
        }
        if (byte == EOF) {
            return export_fail(export, "is cut off");
        }
        sum |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) {
            *size = (size_t)sum;
            return sum <= MAX_RECORD ? STATUS_OK : export_fail(export, "is too large");
        }
    }
    return export_fail(export, "has no length");
}

/* The file is a stranger's: sizes are judged before anything is taken for them. */
enum status
export_next(struct export *export, struct arena *arena,
            Kontor__V1__ExportRecord **record)
{
    size_t size = 0;
    enum status status = export_size(export, &size);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t *bytes = arena_alloc(arena, size);
    if (fread(bytes, 1, size, export->file) != size) {
        return export_fail(export, "is cut off");
    }
    ProtobufCAllocator *allocator =
        arena_allocator(arena, BUDGET_BASE + BUDGET_FACTOR * size);
    *record = kontor__v1__export_record__unpack(allocator, size, bytes);
    if (*record == NULL) {
        return export_fail(export, "is damaged");
    }
    export->n_records++;
    return STATUS_OK;
}
