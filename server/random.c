#include "server/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void
random_init(struct random *random)
{
    *random = (struct random){.is_seeded = false};
}

void
random_init_seeded(struct random *random, uint64_t seed)
{
    *random = (struct random){.is_seeded = true};
    atomic_store(&random->state, seed);
}

/* splitmix64: one atomic addition a step, so that threads share a source without a
 * lock. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators",
 * 2014. */
static uint64_t
next(struct random *random)
{
    const uint64_t gamma = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = atomic_fetch_add(&random->state, gamma) + gamma;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void
fill_seeded(struct random *random, unsigned char *out, size_t size)
{
    while (size > 0) {
        uint64_t word = next(random);
        size_t n = size < sizeof word ? size : sizeof word;
        memcpy(out, &word, n);
        out += n;
        size -= n;
    }
}

void
random_fill(void *random, void *buffer, size_t size)
{
    struct random *self = random;
    unsigned char *out = buffer;
    if (self->is_seeded) {
        fill_seeded(self, out, size);
        return;
    }
    while (size > 0) {
        ssize_t n = getrandom(out, size, 0);
        if (n < 0 && errno != EINTR) {
            abort();
        }
        if (n > 0) {
            out += n;
            size -= (size_t)n;
        }
    }
}
