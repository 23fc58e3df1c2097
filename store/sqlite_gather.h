/*
 * Gathers what a commit writes.
 *
 * SQLite writes a log of pages in two pieces each, so that a commit of one order is a
 * hundred small writes one behind the other. They are put together and written when the
 * log is synced, read, or asked for its size, or when there are many. Nobody looks at a
 * page before its commit was synced, so nobody can tell. Files that lack
 * SQLITE_IOCAP_POWERSAFE_OVERWRITE are written as it comes.
 *
 * Memory: a file's pieces live as long as it is open. Errors: those of the write, told
 * by whichever call it had to come before. Threads: a file belongs to one at a time.
 */
#ifndef KONTOR_STORE_SQLITE_GATHER_H
#define KONTOR_STORE_SQLITE_GATHER_H

#include <sqlite3.h>

struct sqlite_gather;

/* A VFS of its own beside SQLite's default one, for connections that sync each commit.
 */
struct sqlite_gather *sqlite_gather_new(void);
/* Its name, to open a file with. */
const char *sqlite_gather_name(const struct sqlite_gather *gather);
/* After all its files are closed. */
void sqlite_gather_free(struct sqlite_gather *gather);

#endif
