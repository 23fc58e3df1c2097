#include "store/sqlite_gather.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 40, GATHERED = 64 << 10 };

struct sqlite_gather {
    sqlite3_vfs vfs;
    sqlite3_vfs *below;
    char name[NAME_SIZE];
};

/* A log of pages; SQLite sees the first member, the file below lies behind the rest. */
struct gather_file {
    sqlite3_file file;
    sqlite3_file *below;
    /* Where a write may harm its neighbours SQLite writes behind the sync, too. */
    bool is_through;
    uint8_t *bytes; /* GATHERED of them. */
    int n_bytes;
    sqlite3_int64 at; /* Where they go. */
};

static struct gather_file *
of_file(sqlite3_file *file)
{
    return (struct gather_file *)file;
}

static int
write_out(struct gather_file *gather)
{
    int n_bytes = gather->n_bytes;
    gather->n_bytes = 0;
    if (n_bytes == 0) {
        return SQLITE_OK;
    }
    return gather->below->pMethods->xWrite(gather->below, gather->bytes, n_bytes,
                                           gather->at);
}

/* ---- A log's calls ---- */

static int
gather_write(sqlite3_file *file, const void *bytes, int n_bytes, sqlite3_int64 at)
{
    struct gather_file *gather = of_file(file);
    int code = SQLITE_OK;
    if (gather->is_through) {
        return gather->below->pMethods->xWrite(gather->below, bytes, n_bytes, at);
    }
    if (at != gather->at + gather->n_bytes || n_bytes > GATHERED - gather->n_bytes) {
        code = write_out(gather);
        gather->at = at;
    }
    if (code != SQLITE_OK) {
        return code;
    }
    if (n_bytes > GATHERED) {
        return gather->below->pMethods->xWrite(gather->below, bytes, n_bytes, at);
    }
    memcpy(gather->bytes + gather->n_bytes, bytes, (size_t)n_bytes);
    gather->n_bytes += n_bytes;
    return SQLITE_OK;
}

static int
gather_read(sqlite3_file *file, void *bytes, int n_bytes, sqlite3_int64 at)
{
    struct gather_file *gather = of_file(file);
    int code = write_out(gather);
    return code != SQLITE_OK
               ? code
               : gather->below->pMethods->xRead(gather->below, bytes, n_bytes, at);
}

static int
gather_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct gather_file *gather = of_file(file);
    int code = write_out(gather);
    return code != SQLITE_OK ? code
                             : gather->below->pMethods->xTruncate(gather->below, size);
}

static int
gather_sync(sqlite3_file *file, int flags)
{
    struct gather_file *gather = of_file(file);
    int code = write_out(gather);
    return code != SQLITE_OK ? code
                             : gather->below->pMethods->xSync(gather->below, flags);
}

static int
gather_size(sqlite3_file *file, sqlite3_int64 *size)
{
    struct gather_file *gather = of_file(file);
    int code = write_out(gather);
    return code != SQLITE_OK ? code
                             : gather->below->pMethods->xFileSize(gather->below, size);
}

static int
gather_close(sqlite3_file *file)
{
    struct gather_file *gather = of_file(file);
    int written = write_out(gather);
    int closed = gather->below->pMethods->xClose(gather->below);
    free(gather->bytes);
    return written != SQLITE_OK ? written : closed;
}

static int
gather_lock(sqlite3_file *file, int level)
{
    sqlite3_file *below = of_file(file)->below;
    return below->pMethods->xLock(below, level);
}

static int
gather_unlock(sqlite3_file *file, int level)
{
    sqlite3_file *below = of_file(file)->below;
    return below->pMethods->xUnlock(below, level);
}

static int
gather_is_reserved(sqlite3_file *file, int *is_reserved)
{
    sqlite3_file *below = of_file(file)->below;
    return below->pMethods->xCheckReservedLock(below, is_reserved);
}

static int
gather_control(sqlite3_file *file, int what, void *argument)
{
    sqlite3_file *below = of_file(file)->below;
    return below->pMethods->xFileControl(below, what, argument);
}

static int
gather_sector(sqlite3_file *file)
{
    sqlite3_file *below = of_file(file)->below;
    return below->pMethods->xSectorSize(below);
}

static int
gather_device(sqlite3_file *file)
{
    sqlite3_file *below = of_file(file)->below;
    return below->pMethods->xDeviceCharacteristics(below);
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = gather_close,
    .xRead = gather_read,
    .xWrite = gather_write,
    .xTruncate = gather_truncate,
    .xSync = gather_sync,
    .xFileSize = gather_size,
    .xLock = gather_lock,
    .xUnlock = gather_unlock,
    .xCheckReservedLock = gather_is_reserved,
    .xFileControl = gather_control,
    .xSectorSize = gather_sector,
    .xDeviceCharacteristics = gather_device,
};

/* ---- Opening ---- */

static int
open_log(sqlite3_vfs *below, const char *name, struct gather_file *gather, int flags,
         int *out_flags)
{
    *gather = (struct gather_file){.below = (sqlite3_file *)(gather + 1)};
    int code = below->xOpen(below, name, gather->below, flags, out_flags);
    if (code != SQLITE_OK) {
        /* SQLite would close what was opened in part, but does not know it. */
        if (gather->below->pMethods != NULL) {
            (void)gather->below->pMethods->xClose(gather->below);
        }
        return code;
    }
    gather->bytes = malloc(GATHERED);
    if (gather->bytes == NULL) {
        abort();
    }
    gather->file.pMethods = &methods;
    gather->is_through =
        (gather_device(&gather->file) & SQLITE_IOCAP_POWERSAFE_OVERWRITE) == 0;
    return SQLITE_OK;
}

/* All other files are those of the VFS below. */
static int
gather_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
            int *out_flags)
{
    sqlite3_vfs *below = ((struct sqlite_gather *)vfs)->below;
    if ((flags & SQLITE_OPEN_WAL) == 0) {
        return below->xOpen(below, name, file, flags, out_flags);
    }
    return open_log(below, name, of_file(file), flags, out_flags);
}

struct sqlite_gather *
sqlite_gather_new(void)
{
    struct sqlite_gather *gather = calloc(1, sizeof *gather);
    if (gather == NULL) {
        abort();
    }
    (void)snprintf(gather->name, sizeof gather->name, "gather-%p", (void *)gather);
    gather->below = sqlite3_vfs_find(NULL);
    gather->vfs = *gather->below;
    gather->vfs.pNext = NULL;
    gather->vfs.zName = gather->name;
    gather->vfs.szOsFile += (int)sizeof(struct gather_file);
    gather->vfs.xOpen = gather_open;
    if (sqlite3_vfs_register(&gather->vfs, 0) != SQLITE_OK) {
        abort();
    }
    return gather;
}

const char *
sqlite_gather_name(const struct sqlite_gather *gather)
{
    return gather == NULL ? NULL : gather->name;
}

void
sqlite_gather_free(struct sqlite_gather *gather)
{
    if (gather != NULL) {
        sqlite3_vfs_unregister(&gather->vfs);
        free(gather);
    }
}
