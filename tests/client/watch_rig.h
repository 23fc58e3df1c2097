/*
 * A broker for tests of watches: a history of changes, and streams that end as told.
 *
 * Memory: static. Errors: cmocka's. Threads: the mutex guards what the broker knows.
 */
#ifndef KONTOR_TESTS_CLIENT_WATCH_RIG_H
#define KONTOR_TESTS_CLIENT_WATCH_RIG_H

#include <pthread.h>

#include "tests/client/fake.h"

extern const char *const watch_path;

/* The broker's history: change i belongs to position seqs[i]. */
enum { CHANGES_MAX = 600, ANY_TEST = -1 };

/* How the broker ends a stream. */
enum ending { END_HANG, END_OK, END_CUT, END_FAIL };

struct stream {
    size_t n_changes; /* So many changes go out before the ending. */
    enum ending ending;
    enum kontor_status status;
    const char *reason;
};

/* What the broker of one test knows and saw. */
struct history {
    int64_t seqs[CHANGES_MAX];
    size_t n_changes;
    int64_t head; /* Progress up to here closes each stream that hangs or is OK. */
    struct stream streams[64];
    int n_streams;
    int repeat; /* So many changes before the position are sent again. */
    int n_opened;
    int64_t after[64];
    char scope_tags[64][16];
};

struct watch_rig {
    struct fake *fake;
    struct kontor *kontor;
    pthread_mutex_t mutex; /* Guards all below. */
    pthread_cond_t changed;
    int test; /* Goes out as id_prefix, so that a call that comes late counts for
                 nothing. */
    struct history it;
};

extern struct watch_rig rig;

/* For cmocka, the whole group. */
int setup(void **state);
int teardown(void **state);

/* Begins a test: its history and the streams; the last stream is repeated. */
void broker(const int64_t *seqs, size_t n, const struct stream *streams, int n_streams);
/* Each stream begins with so many changes from before its position. */
void broker_repeats(int n);
/* Progress messages say this position. */
void broker_stops_at(int64_t head);
/* What the broker saw so far. */
struct history seen(void);

#endif
