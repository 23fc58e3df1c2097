/* The store's file before SQLite has it: what it may be, and whose it is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite.h"

enum { MARK_SIZE = 48 };

/* ---- Its name ---- */

/* The folder's one name, and the file's name in it; NULL without such a folder. */
static char *
path_in_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    char *folder =
        slash == NULL ? NULL : sqlite3_mprintf("%.*s", (int)(name - path), path);
    char *real = realpath(folder == NULL ? "." : folder, NULL);
    char *out = real == NULL ? NULL : sqlite3_mprintf("%s/%s", real, name);
    free(real);
    sqlite3_free(folder);
    return out;
}

/*
 * The lock lies beside the file under the file's name. Two brokers that come by two
 * links must meet at the same lock, and SQLite itself follows links before it names its
 * WAL: so the name is the one at the end of them.
 */
char *
sqlite_file_path(const char *path)
{
    char *real = realpath(path, NULL);
    char *out = real != NULL ? sqlite3_mprintf("%s", real) : path_in_folder(path);
    free(real);
    /* Where there is no folder either, opening says so, with the name as it was given.
     */
    out = out == NULL ? sqlite3_mprintf("%s", path) : out;
    if (out == NULL) {
        abort();
    }
    return out;
}

/* ---- What is beside it ---- */

static bool
file_has(const struct sqlite *db, const char *suffix)
{
    char *path = sqlite3_mprintf("%s%s", db->path, suffix);
    bool is_there = access(path, F_OK) == 0;
    sqlite3_free(path);
    return is_there;
}

/*
 * The side file holds the number of the process that has the store, and how far that
 * came: once it says open a WAL lies there, and once it says closing that may be gone
 * again.
 */
static const char mark_open[] = "open";
static const char mark_closing[] = "closing";

static void
mark_write(const struct sqlite *db, const char *mark)
{
    char text[MARK_SIZE];
    int size = snprintf(text, sizeof text, "%ld %s", (long)getpid(), mark);
    if (ftruncate(db->lock_fd, 0) != 0 ||
        pwrite(db->lock_fd, text, (size_t)size, 0) != size) {
        /* The lock holds without: at worst a lost WAL is not noticed. */
        errno = 0;
    }
}

static bool
mark_is_open(const struct sqlite *db)
{
    char text[MARK_SIZE] = "";
    char *path = sqlite3_mprintf("%s-lock", db->path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0) {
        close(fd);
    }
    sqlite3_free(path);
    const char *mark = size > 0 ? strchr(text, ' ') : NULL;
    return mark != NULL && strcmp(mark + 1, mark_open) == 0;
}

/*
 * What was committed since the last checkpoint is in the WAL only. A file without it is
 * a good one of some time ago: SQLite opens it, the chain verifies, and acknowledged
 * commits are gone without a word. A broker that was killed or lost its power leaves a
 * WAL, so a mark that says open and no WAL mean that it was lost since, most often by
 * copying the one file. Asked for twice, because a broker may be starting meanwhile.
 */
static bool
file_lost_its_wal(const struct sqlite *db)
{
    return !file_has(db, "-wal") && mark_is_open(db) && !file_has(db, "-wal");
}

/* ---- What it may be ---- */

static enum status
file_refuse(struct sqlite *db, const char *why)
{
    failure_set(db->open.failure, "%s %s", db->path, why);
    return STATUS_FAILED_PRECONDITION;
}

/*
 * Somebody's text must not get a lock beside it. It is SQLite that looks, since a
 * descriptor of our own would, when closed, drop the locks a store of this process may
 * have on the file (sqlite.org/howtocorrupt.html, 2.2); immutable, so that looking
 * makes no file. A beginning that was lost is no reason to refuse while a journal or a
 * WAL lies there, out of which SQLite may bring it back.
 */
static bool
file_is_foreign(struct sqlite *db)
{
    struct sqlite_conn conn;
    if (file_has(db, "-wal") || file_has(db, "-journal")) {
        return false;
    }
    db->is_immutable = true;
    bool is_open = sqlite_conn_open(db, false, &conn) == STATUS_OK;
    db->is_immutable = false;
    int code = SQLITE_OK;
    if (is_open) {
        code = sqlite3_exec(conn.handle, "PRAGMA schema_version", NULL, NULL, NULL);
        sqlite_conn_close(&conn);
    }
    return code == SQLITE_NOTADB;
}

enum status
sqlite_file_judge(struct sqlite *db)
{
    struct stat info;
    if (lstat(db->path, &info) == 0 && stat(db->path, &info) != 0) {
        return file_refuse(db, "is a link to nothing: give the path of a file");
    }
    if (stat(db->path, &info) != 0) {
        return STATUS_OK;
    }
    if (S_ISDIR(info.st_mode)) {
        return file_refuse(db, "is a folder: give the path of a file in it");
    }
    if (!S_ISREG(info.st_mode)) {
        return file_refuse(db, "is no file, but a pipe or a device: give another path");
    }
    if (info.st_size > 0 && file_lost_its_wal(db)) {
        failure_set(db->open.failure,
                    "%s: its -wal file is missing, and the newest commits with it: put "
                    "it back, or restore a backup; remove %s-lock only if the file is "
                    "known to be whole without",
                    db->path, db->path);
        return STATUS_DATA_LOSS;
    }
    return file_is_foreign(db)
               ? file_refuse(db, "is no store: give the path of one, or of a new file")
               : STATUS_OK;
}

/* ---- Whose it is ---- */

static int
lock_open(struct sqlite *db, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        failure_set(db->open.failure,
                    "cannot open %s: %s; the store's folder must be there and writable",
                    path, strerror(errno));
    }
    return fd;
}

static void
lock_refuse(struct sqlite *db, int fd, const char *path)
{
    char owner[MARK_SIZE] = "";
    ssize_t size = pread(fd, owner, sizeof owner - 1, 0);
    owner[size > 0 ? size : 0] = '\0';
    owner[strcspn(owner, " ")] = '\0';
    failure_set(db->open.failure,
                "%s is in use by another broker (process %s holds %s): stop that one "
                "first, or give this one a "
                "store of its own",
                db->path, owner[0] == '\0' ? "unknown" : owner, path);
}

/*
 * A lock of the open file, not of the process: it goes with the process however that
 * ends, it also keeps a second store of this process out, and closing another
 * descriptor does not drop it. It lies on a side file, because closing a descriptor of
 * our own on the database would drop SQLite's locks on it.
 */
static bool
lock_take(struct sqlite *db, const char *path)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = lock_open(db, path);
    if (fd < 0) {
        return false;
    }
    if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
        lock_refuse(db, fd, path);
        close(fd);
        return false;
    }
    db->lock_fd = fd;
    mark_write(db, "opening");
    return true;
}

enum status
sqlite_file_lock(struct sqlite *db)
{
    char *path = sqlite3_mprintf("%s-lock", db->path);
    bool is_locked = lock_take(db, path);
    sqlite3_free(path);
    return is_locked ? STATUS_OK : STATUS_UNAVAILABLE;
}

void
sqlite_file_opened(const struct sqlite *db)
{
    mark_write(db, mark_open);
}

/* On the disk before SQLite removes the WAL, or a power cut in between would look like
 * a loss. */
void
sqlite_file_closing(const struct sqlite *db)
{
    mark_write(db, mark_closing);
    (void)fsync(db->lock_fd);
}

/* The side file stays: removing it would let two brokers lock two files of one name. */
void
sqlite_file_unlock(struct sqlite *db)
{
    if (db->lock_fd >= 0) {
        close(db->lock_fd);
        db->lock_fd = -1;
    }
}
