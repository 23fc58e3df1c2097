/* Files that are read twice: kept open, so that the name may go to another meanwhile.
 */
#include "tools/import/reread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SPOOL_BLOCK = 64 * 1024 };

/* ---- Files that can be read only once ---- */

/* A temporary file without a name, which goes with its descriptor; -1: errno. */
static int
nameless(const struct source *source)
{
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || folder[0] == '\0') {
        folder = "/tmp";
    }
    char *path = arena_print(source->arena, "%s/kontor-import-XXXXXX", folder);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        unlink(path);
    }
    return fd;
}

static bool
write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return false;
        }
        data += n;
        size -= (size_t)n;
    }
    return true;
}

static ssize_t
read_some(int fd, char *data, size_t size)
{
    ssize_t n;
    do {
        n = read(fd, data, size);
    } while (n < 0 && errno == EINTR);
    return n;
}

static bool
copy_all(const struct source *source, int from, int to)
{
    char *block = arena_alloc(source->arena, SPOOL_BLOCK);
    uint64_t size = 0;
    ssize_t n = read_some(from, block, SPOOL_BLOCK);
    while (n > 0 && size <= REREAD_MAX_BYTES) {
        if (!write_all(to, block, (size_t)n)) {
            source_fault(source, NULL, "cannot be kept in a temporary file: %s",
                         strerror(errno));
            return false;
        }
        size += (uint64_t)n;
        n = read_some(from, block, SPOOL_BLOCK);
    }
    if (n < 0) {
        source_fault(source, NULL, "cannot be read");
    }
    /* What is too large is refused by its size, as any file is. */
    return n >= 0;
}

/* The temporary file in place of the other, which is closed; -1: a fault. */
static int
spool(const struct source *source, int fd)
{
    int copy = nameless(source);
    if (copy < 0) {
        source_fault(source, NULL, "cannot be kept in a temporary file: %s",
                     strerror(errno));
    } else if (!copy_all(source, fd, copy)) {
        close(copy);
        copy = -1;
    }
    close(fd);
    return copy;
}

/* ---- The file ---- */

/* Its descriptor, and what it is; -1: a fault. */
static int
open_file(const struct source *source, struct stat *is)
{
    int fd = open(source->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, is) != 0) {
        source_fault(source, NULL, "cannot be opened: %s", strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    if (S_ISREG(is->st_mode)) {
        return fd;
    }
    int copy = spool(source, fd);
    if (copy >= 0 && fstat(copy, is) != 0) {
        source_fault(source, NULL, "cannot be read");
        close(copy);
        return -1;
    }
    return copy;
}

bool
reread_open(struct reread *file, const struct source *source)
{
    struct stat is;
    int fd = open_file(source, &is);
    if (fd < 0) {
        return false;
    }
    if ((uint64_t)is.st_size > REREAD_MAX_BYTES) {
        source_fault(source, NULL, "is larger than %llu bytes",
                     (unsigned long long)REREAD_MAX_BYTES);
        close(fd);
        return false;
    }
    *file = (struct reread){
        .fd = fd, .size = (uint64_t)is.st_size, .written_at = is.st_mtim};
    return true;
}

static bool
is_same(const struct reread *file)
{
    struct stat is;
    return fstat(file->fd, &is) == 0 && (uint64_t)is.st_size == file->size &&
           is.st_mtim.tv_sec == file->written_at.tv_sec &&
           is.st_mtim.tv_nsec == file->written_at.tv_nsec;
}

/* Looked at after the bytes were read, so that none of a changed file is used. */
bool
reread_at(const struct reread *file, const struct source *source, uint64_t offset,
          void *data, size_t size)
{
    size_t done = 0;
    ssize_t n = 1;
    while (done < size && n != 0) {
        n = pread(file->fd, (char *)data + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno != EINTR) {
            source_fault(source, NULL, "cannot be read");
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    if (done < size || !is_same(file)) {
        source_fault(source, NULL,
                     "was changed while it was read: nothing more of it is taken; "
                     "once nobody writes it, do the same again");
        return false;
    }
    return true;
}

void
reread_close(struct reread *file)
{
    close(file->fd);
    file->fd = -1;
}
