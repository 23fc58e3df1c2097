/*
 * Runs every target over its corpus, its seed, and many seeded mutations of both: what
 * a fuzzer does, repeatably and in bounded time. usage: replay [SEED [RUNS]]. Built
 * with -DFUZZ_TARGET=N and clang's -fsanitize=fuzzer the same targets are looked at for
 * longer.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/fuzz/targets.h"

#ifdef FUZZ_TARGET

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    targets[FUZZ_TARGET].run(data, size);
    return 0;
}

#else

enum { ROOM = 4096, MAX_FILE = 1 << 20, DEFAULT_RUNS = 50000 };

static uint64_t state;

/* xorshift64*: small, seeded, good enough to shuffle bytes. */
static uint32_t
next(uint32_t below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* One change: a byte set, a piece doubled, a piece cut out, or a magic number put in.
 */
static size_t
mutate(uint8_t *data, size_t size)
{
    static const uint8_t magic[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x22, 0x5c};
    size_t at = next((uint32_t)size);
    size_t length = 1 + next((uint32_t)(size - at));
    switch (next(4)) {
    case 0:
        data[at] = (uint8_t)next(256);
        return size;
    case 1:
        if (size + length > ROOM) {
            return size;
        }
        memmove(data + at + length, data + at, size - at);
        return size + length;
    case 2:
        memmove(data + at, data + at + length, size - at - length);
        return size > length ? size - length : 1;
    default:
        data[at] = magic[next(sizeof magic)];
        return size;
    }
}

/* ---- Corpora ---- */

struct corpus {
    struct dirent **names;
    int n; /* -1: the target has none. */
};

static int
is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static struct corpus
corpus_open(const struct target *target)
{
    struct corpus corpus;
    char path[ROOM];
    snprintf(path, sizeof path, "%s/%s", CORPORA, target->name);
    corpus.n = scandir(path, &corpus.names, is_file, alphasort);
    return corpus;
}

static void
corpus_close(struct corpus *corpus)
{
    for (int i = 0; i < corpus->n; i++) {
        free(corpus->names[i]);
    }
    if (corpus->n >= 0) {
        free(corpus->names);
    }
}

/* A file whole, to be freed. */
static uint8_t *
corpus_read(const struct target *target, const char *name, size_t *size)
{
    char path[ROOM];
    snprintf(path, sizeof path, "%s/%s/%s", CORPORA, target->name, name);
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(MAX_FILE);
    if (file == NULL || data == NULL) {
        fprintf(stderr, "%s cannot be read\n", path);
        abort();
    }
    *size = fread(data, 1, MAX_FILE, file);
    fclose(file);
    return data;
}

/* ---- Running ---- */

/* A copy of its exact size, so that the sanitizer sees a read beyond it. */
static void
run_exact(const struct target *target, const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    if (exact == NULL) {
        abort();
    }
    memcpy(exact, data, size);
    target->run(exact, size);
    free(exact);
}

/* Every file of the corpus as it stands. */
static void
run_corpus(const struct target *target, const struct corpus *corpus)
{
    for (int i = 0; i < corpus->n; i++) {
        size_t size;
        uint8_t *data = corpus_read(target, corpus->names[i]->d_name, &size);
        run_exact(target, data, size);
        free(data);
    }
}

/* The seed, or a file of the corpus as far as there is room for it. */
static size_t
choose(const struct target *target, const struct corpus *corpus, uint8_t *data)
{
    uint32_t n = corpus->n > 0 ? (uint32_t)corpus->n : 0;
    uint32_t chosen = n == 0 ? 0 : next(n + 1);
    size_t size = strlen(target->seed);
    if (chosen == n) {
        memcpy(data, target->seed, size);
        return size;
    }
    uint8_t *file = corpus_read(target, corpus->names[chosen]->d_name, &size);
    size = size > ROOM ? ROOM : size;
    memcpy(data, file, size);
    free(file);
    return size;
}

static void
run(const struct target *target, const struct corpus *corpus, long runs)
{
    static uint8_t data[ROOM];
    for (long i = 0; i < runs; i++) {
        size_t size = choose(target, corpus, data);
        for (uint32_t n = next(12); n > 0 && size > 0; n--) {
            size = mutate(data, size);
        }
        run_exact(target, data, size);
    }
}

int
main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : (uint64_t)time(NULL);
    long runs = argc > 2 ? strtol(argv[2], NULL, 10) : DEFAULT_RUNS;
    for (const struct target *target = targets; target->name != NULL; target++) {
        struct corpus corpus = corpus_open(target);
        state = seed * 2 + 1;
        printf("%s: seed %llu, %ld runs, %d files\n", target->name,
               (unsigned long long)seed, runs, corpus.n < 0 ? 0 : corpus.n);
        fflush(stdout);
        run_corpus(target, &corpus);
        run(target, &corpus, runs);
        corpus_close(&corpus);
    }
    return 0;
}

#endif
