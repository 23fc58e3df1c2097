/*
 * A disk whose syncs fail as soon as the file named by KONTOR_BROKEN_DISK is there:
 * preloaded into a real broker, in place of what the C library has.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
sync_or_fail(long number, int fd)
{
    const char *mark = getenv("KONTOR_BROKEN_DISK");
    if (mark != NULL && access(mark, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(number, fd);
}

int
fsync(int fd)
{
    return sync_or_fail(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
    return sync_or_fail(SYS_fdatasync, fd);
}
