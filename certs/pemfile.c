#include "certs/pemfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PEMFILE_MAX = 1 << 20 };

static bool
write_all(int file, const char *text, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t written = write(file, text + done, size - done);
        if (written < 0) {
            return false;
        }
        done += (size_t)written;
    }
    return fsync(file) == 0;
}

bool
pemfile_write(const char *path, const char *text, enum pemfile_mode mode)
{
    char draft[PATH_MAX];
    int size = snprintf(draft, sizeof draft, "%s.new", path);
    if (size < 0 || size >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    (void)unlink(draft);
    int file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (file < 0) {
        return false;
    }
    bool is_written = write_all(file, text, strlen(text));
    is_written = close(file) == 0 && is_written;
    return is_written && rename(draft, path) == 0;
}

char *
pemfile_read(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return NULL;
    }
    char *text = malloc(PEMFILE_MAX + 1);
    size_t size = text != NULL ? fread(text, 1, PEMFILE_MAX + 1, file) : 0;
    bool is_whole = text != NULL && ferror(file) == 0 && size <= PEMFILE_MAX;
    (void)fclose(file);
    if (!is_whole) {
        free(text);
        errno = EFBIG;
        return NULL;
    }
    text[size] = '\0';
    char *exact = realloc(text, size + 1);
    return exact != NULL ? exact : text;
}
