/*
 * Runs every target over its seed and many seeded mutations of it: what a fuzzer does,
 * repeatably and in bounded time. usage: replay [SEED [RUNS]]. Built with
 * -DFUZZ_TARGET=N and clang's -fsanitize=fuzzer the same targets are looked at for
 * longer.
 */
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

enum { ROOM = 4096, DEFAULT_RUNS = 50000 };

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

static void
run(const struct target *target, long runs)
{
    size_t seed_size = strlen(target->seed);
    for (long i = 0; i < runs; i++) {
        uint8_t *data = malloc(ROOM);
        if (data == NULL) {
            abort();
        }
        memcpy(data, target->seed, seed_size);
        size_t size = seed_size;
        for (uint32_t n = next(12); n > 0; n--) {
            size = mutate(data, size);
        }
        /* A copy of its exact size, so that the sanitizer sees a read beyond it. */
        uint8_t *exact = realloc(data, size);
        target->run(exact == NULL ? data : exact, size);
        free(exact == NULL ? data : exact);
    }
}

int
main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : (uint64_t)time(NULL);
    long runs = argc > 2 ? strtol(argv[2], NULL, 10) : DEFAULT_RUNS;
    for (const struct target *target = targets; target->name != NULL; target++) {
        state = seed * 2 + 1;
        printf("%s: seed %llu, %ld runs\n", target->name, (unsigned long long)seed,
               runs);
        fflush(stdout);
        run(target, runs);
    }
    return 0;
}

#endif
