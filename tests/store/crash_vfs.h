/*
 * A disk that forgets: an SQLite VFS over the ordinary one that knows what was synced,
 * and makes images of what a power cut would leave: everything synced, some of what was
 * not, the last write torn.
 *
 * Memory: its own. Errors: fails the test. Threads: any; one lock guards everything.
 */
#ifndef KONTOR_TESTS_STORE_CRASH_VFS_H
#define KONTOR_TESTS_STORE_CRASH_VFS_H

#include <stddef.h>
#include <stdint.h>

/* Makes it the default; only files in the watched folder are forgotten. Once a process.
 */
void crash_vfs_install(void);
/* Watches a folder from now on, and forgets the one before. */
void crash_vfs_watch(const char *folder);
/* What a power cut now would leave of the watched folder, written into another. random
 * is advanced. */
void crash_vfs_image(const char *folder, uint64_t *random);
/* How many of the writes so far no sync has covered yet, and how many syncs there were.
 */
void crash_vfs_counts(size_t *n_pending, size_t *n_syncs);

/* From now on every sync of a watched file fails. */
void crash_vfs_break_syncs(void);

/* Calls something before the n-th change or sync of a watched file from now on, 1 the
 * first; such as what ends the process. */
void crash_vfs_before(size_t n, void (*call)(void *context), void *context);

/* The next number of a sequence; never 0 state. */
uint64_t crash_random(uint64_t *state);

#endif
