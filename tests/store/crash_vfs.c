#include "tests/store/crash_vfs.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

enum { MAX_FILES = 4, SECTOR = 512, PATH_ROOM = 256, SYNC_NS = 200000 };

/* One write or, without data, one cut to a size. */
struct change {
    struct change *next;
    sqlite3_int64 offset;
    size_t size;
    bool is_cut;
    uint8_t data[];
};

/* A watched file: what is surely on the disk, and what may be. */
struct watched {
    char path[PATH_ROOM];
    uint8_t *durable;
    size_t size;
    size_t room;
    struct change *first;
    struct change *last;
    size_t n_pending;
};

/* A file of SQLite's over one of the ordinary VFS, which follows in memory. */
struct file {
    sqlite3_file base;
    struct watched *watched; /* NULL: not in the folder. */
    sqlite3_file *real;
};

static pthread_mutex_t disk_lock = PTHREAD_MUTEX_INITIALIZER; /* Guards what follows. */
static struct watched disk[MAX_FILES];
static size_t n_disk;
static size_t n_disk_syncs;
static bool is_disk_broken;
static size_t n_steps_left; /* Until before_step is called; 0 = it is not. */
static void (*before_step)(void *context);
static void *before_context;
static char disk_folder[PATH_ROOM];
static sqlite3_vfs *real_vfs;
static sqlite3_vfs disk_vfs;
static sqlite3_io_methods disk_methods;

uint64_t
crash_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void
durable_fit(struct watched *watched, size_t size)
{
    if (size > watched->room) {
        size_t room = size * 2;
        watched->durable = realloc(watched->durable, room);
        if (watched->durable == NULL) {
            abort();
        }
        memset(watched->durable + watched->room, 0, room - watched->room);
        watched->room = room;
    }
}

/* Makes the first size bytes of a change part of some content. */
static void
durable_apply(struct watched *watched, const struct change *change, size_t size)
{
    size_t offset = (size_t)change->offset;
    if (change->is_cut) {
        durable_fit(watched, offset);
        if (offset < watched->size) {
            memset(watched->durable + offset, 0, watched->size - offset);
        }
        watched->size = offset;
        return;
    }
    durable_fit(watched, offset + size);
    memcpy(watched->durable + offset, change->data, size);
    watched->size = offset + size > watched->size ? offset + size : watched->size;
}

static void
watched_forget(struct watched *watched)
{
    while (watched->first != NULL) {
        struct change *change = watched->first;
        watched->first = change->next;
        free(change);
    }
    watched->last = NULL;
    watched->n_pending = 0;
}

static void
watched_add(struct watched *watched, bool is_cut, sqlite3_int64 offset,
            const void *data, size_t size)
{
    struct change *change = malloc(sizeof *change + size);
    if (change == NULL) {
        abort();
    }
    *change = (struct change){.offset = offset, .size = size, .is_cut = is_cut};
    if (size > 0) {
        memcpy(change->data, data, size);
    }
    if (watched->first == NULL) {
        watched->first = change;
    } else {
        watched->last->next = change;
    }
    watched->last = change;
    watched->n_pending++;
}

static void
watched_sync(struct watched *watched)
{
    for (const struct change *change = watched->first; change != NULL;
         change = change->next) {
        durable_apply(watched, change, change->size);
    }
    watched_forget(watched);
}

/* What was there before anybody watched is on the disk. */
static void
watched_load(struct watched *watched)
{
    FILE *file = fopen(watched->path, "rb");
    for (int byte = file == NULL ? EOF : getc(file); byte != EOF; byte = getc(file)) {
        durable_fit(watched, watched->size + 1);
        watched->durable[watched->size++] = (uint8_t)byte;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

/* The file of this path in the watched folder, or NULL for any other. */
static struct watched *
watched_find(const char *path, int flags)
{
    if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0 || path == NULL ||
        disk_folder[0] == '\0' ||
        strncmp(path, disk_folder, strlen(disk_folder)) != 0) {
        return NULL;
    }
    for (size_t i = 0; i < n_disk; i++) {
        if (strcmp(disk[i].path, path) == 0) {
            return &disk[i];
        }
    }
    if (n_disk == MAX_FILES) {
        abort();
    }
    struct watched *watched = &disk[n_disk++];
    *watched = (struct watched){.size = 0};
    (void)snprintf(watched->path, sizeof watched->path, "%s", path);
    watched_load(watched);
    return watched;
}

static struct file *
file_of(sqlite3_file *file)
{
    return (struct file *)file;
}

static int
disk_close(sqlite3_file *file)
{
    return file_of(file)->real->pMethods->xClose(file_of(file)->real);
}

static int
disk_read(sqlite3_file *file, void *out, int size, sqlite3_int64 offset)
{
    return file_of(file)->real->pMethods->xRead(file_of(file)->real, out, size, offset);
}

/* Not under the lock: what is called may make an image. */
static void
disk_step(const struct watched *watched)
{
    bool is_now = false;
    if (watched == NULL) {
        return;
    }
    pthread_mutex_lock(&disk_lock);
    if (n_steps_left > 0) {
        is_now = --n_steps_left == 0;
    }
    pthread_mutex_unlock(&disk_lock);
    if (is_now) {
        before_step(before_context);
    }
}

static int
disk_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    struct file *self = file_of(file);
    disk_step(self->watched);
    pthread_mutex_lock(&disk_lock);
    int code = self->real->pMethods->xWrite(self->real, data, size, offset);
    if (code == SQLITE_OK && self->watched != NULL) {
        watched_add(self->watched, false, offset, data, (size_t)size);
    }
    pthread_mutex_unlock(&disk_lock);
    return code;
}

static int
disk_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct file *self = file_of(file);
    disk_step(self->watched);
    pthread_mutex_lock(&disk_lock);
    int code = self->real->pMethods->xTruncate(self->real, size);
    if (code == SQLITE_OK && self->watched != NULL) {
        watched_add(self->watched, true, size, NULL, 0);
    }
    pthread_mutex_unlock(&disk_lock);
    return code;
}

static int
disk_sync(sqlite3_file *file, int flags)
{
    struct file *self = file_of(file);
    if (self->watched == NULL) {
        return self->real->pMethods->xSync(self->real, flags);
    }
    disk_step(self->watched);
    /* A sync takes its time, in which the power may go. */
    const struct timespec while_syncing = {.tv_nsec = SYNC_NS};
    nanosleep(&while_syncing, NULL);
    pthread_mutex_lock(&disk_lock);
    int code = is_disk_broken ? SQLITE_IOERR_FSYNC : SQLITE_OK;
    if (code == SQLITE_OK) {
        watched_sync(self->watched);
        n_disk_syncs++;
    }
    pthread_mutex_unlock(&disk_lock);
    return code;
}

static int
disk_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return file_of(file)->real->pMethods->xFileSize(file_of(file)->real, size);
}

static int
disk_lock_file(sqlite3_file *file, int lock)
{
    return file_of(file)->real->pMethods->xLock(file_of(file)->real, lock);
}

static int
disk_unlock_file(sqlite3_file *file, int lock)
{
    return file_of(file)->real->pMethods->xUnlock(file_of(file)->real, lock);
}

static int
disk_check_lock(sqlite3_file *file, int *out)
{
    return file_of(file)->real->pMethods->xCheckReservedLock(file_of(file)->real, out);
}

static int
disk_control(sqlite3_file *file, int op, void *argument)
{
    return file_of(file)->real->pMethods->xFileControl(file_of(file)->real, op,
                                                       argument);
}

static int
disk_sector(sqlite3_file *file)
{
    return file_of(file)->real->pMethods->xSectorSize(file_of(file)->real);
}

static int
disk_traits(sqlite3_file *file)
{
    return file_of(file)->real->pMethods->xDeviceCharacteristics(file_of(file)->real);
}

static int
disk_shm_map(sqlite3_file *file, int page, int size, int is_extended,
             void volatile **out)
{
    return file_of(file)->real->pMethods->xShmMap(file_of(file)->real, page, size,
                                                  is_extended, out);
}

static int
disk_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return file_of(file)->real->pMethods->xShmLock(file_of(file)->real, offset, n,
                                                   flags);
}

static void
disk_shm_barrier(sqlite3_file *file)
{
    file_of(file)->real->pMethods->xShmBarrier(file_of(file)->real);
}

static int
disk_shm_unmap(sqlite3_file *file, int is_removed)
{
    return file_of(file)->real->pMethods->xShmUnmap(file_of(file)->real, is_removed);
}

static sqlite3_io_methods disk_methods = {
    .iVersion = 2,
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock_file,
    .xUnlock = disk_unlock_file,
    .xCheckReservedLock = disk_check_lock,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_traits,
    .xShmMap = disk_shm_map,
    .xShmLock = disk_shm_lock,
    .xShmBarrier = disk_shm_barrier,
    .xShmUnmap = disk_shm_unmap,
};

static int
disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
          int *out_flags)
{
    struct file *self = file_of(file);
    (void)vfs;
    *self = (struct file){.real = (sqlite3_file *)(self + 1)};
    int code = real_vfs->xOpen(real_vfs, name, self->real, flags, out_flags);
    if (self->real->pMethods == NULL) {
        return code;
    }
    self->base.pMethods = &disk_methods;
    pthread_mutex_lock(&disk_lock);
    self->watched = watched_find(name, flags);
    pthread_mutex_unlock(&disk_lock);
    return code;
}

/* A removed file is gone at once: removing is the last thing that happens to a WAL. */
static int
disk_delete(sqlite3_vfs *vfs, const char *name, int is_synced)
{
    (void)vfs;
    for (size_t i = 0; i < n_disk; i++) {
        disk_step(strcmp(disk[i].path, name) == 0 ? &disk[i] : NULL);
    }
    pthread_mutex_lock(&disk_lock);
    for (size_t i = 0; i < n_disk; i++) {
        if (strcmp(disk[i].path, name) == 0) {
            watched_forget(&disk[i]);
            disk[i].size = 0;
        }
    }
    pthread_mutex_unlock(&disk_lock);
    return real_vfs->xDelete(real_vfs, name, is_synced);
}

void
crash_vfs_install(void)
{
    real_vfs = sqlite3_vfs_find(NULL);
    disk_vfs = *real_vfs;
    disk_vfs.zName = "forgetful";
    disk_vfs.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
    disk_vfs.xOpen = disk_open;
    disk_vfs.xDelete = disk_delete;
    if (sqlite3_vfs_register(&disk_vfs, 1) != SQLITE_OK) {
        abort();
    }
}

void
crash_vfs_watch(const char *folder)
{
    pthread_mutex_lock(&disk_lock);
    for (size_t i = 0; i < n_disk; i++) {
        watched_forget(&disk[i]);
        free(disk[i].durable);
    }
    n_disk = 0;
    (void)snprintf(disk_folder, sizeof disk_folder, "%s/", folder);
    pthread_mutex_unlock(&disk_lock);
}

static void
image_write(const struct watched *content, const char *folder)
{
    char path[2 * PATH_ROOM];
    (void)snprintf(path, sizeof path, "%s/%s", folder, strrchr(content->path, '/') + 1);
    FILE *file = fopen(path, "wb");
    if (file == NULL ||
        fwrite(content->durable, 1, content->size, file) != content->size ||
        fclose(file) != 0) {
        abort();
    }
}

/*
 * What was synced, then a run of what was not, then a few of the writes after it (the
 * disk has its own order), the last one torn at a sector.
 */
static void
image_file(const struct watched *watched, const char *folder, uint64_t *random)
{
    struct watched content = *watched;
    content.durable = malloc(watched->room + 1);
    if (content.durable == NULL) {
        abort();
    }
    if (watched->room > 0) {
        memcpy(content.durable, watched->durable, watched->room);
    }
    size_t n_kept = crash_random(random) % (watched->n_pending + 1);
    size_t i = 0;
    for (const struct change *change = watched->first; change != NULL;
         change = change->next, i++) {
        bool is_last = i + 1 == n_kept;
        bool is_kept = i < n_kept || crash_random(random) % 8 == 0;
        size_t size = change->size;
        if (is_kept && (is_last || i >= n_kept) && size > SECTOR) {
            size = crash_random(random) % (size / SECTOR + 1) * SECTOR;
        }
        if (is_kept) {
            durable_apply(&content, change, size);
        }
    }
    image_write(&content, folder);
    free(content.durable);
}

void
crash_vfs_image(const char *folder, uint64_t *random)
{
    pthread_mutex_lock(&disk_lock);
    for (size_t i = 0; i < n_disk; i++) {
        image_file(&disk[i], folder, random);
    }
    pthread_mutex_unlock(&disk_lock);
}

void
crash_vfs_counts(size_t *n_pending, size_t *n_syncs)
{
    pthread_mutex_lock(&disk_lock);
    *n_pending = 0;
    for (size_t i = 0; i < n_disk; i++) {
        *n_pending += disk[i].n_pending;
    }
    *n_syncs = n_disk_syncs;
    pthread_mutex_unlock(&disk_lock);
}

void
crash_vfs_break_syncs(void)
{
    pthread_mutex_lock(&disk_lock);
    is_disk_broken = true;
    pthread_mutex_unlock(&disk_lock);
}

void
crash_vfs_before(size_t n, void (*call)(void *context), void *context)
{
    pthread_mutex_lock(&disk_lock);
    n_steps_left = n;
    before_step = call;
    before_context = context;
    pthread_mutex_unlock(&disk_lock);
}
