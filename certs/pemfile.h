/*
 * PEM files: read whole, written so that a reader sees the old or the new one, never
 * half.
 *
 * Memory: what is read is the caller's to free. Errors: NULL or false, errno says why.
 * Threads: any.
 */
#ifndef KONTOR_CERTS_PEMFILE_H
#define KONTOR_CERTS_PEMFILE_H

#include <stdbool.h>

/* Who may read a file. */
enum pemfile_mode { PEMFILE_PUBLIC = 0644, PEMFILE_SECRET = 0600 };

/* Replaces a file. It never has a wider mode than asked for, not even while it is
 * written. */
bool pemfile_write(const char *path, const char *text, enum pemfile_mode mode);
/* The whole file, at most 1 MiB, NUL-terminated. */
char *pemfile_read(const char *path);

#endif
