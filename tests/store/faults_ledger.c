#include "tests/store/faults_ledger.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

struct ledger *
ledger_new(void)
{
    struct ledger *ledger = mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (ledger == MAP_FAILED) {
        abort();
    }
    sem_init(&ledger->answers, 1, 0);
    for (size_t i = 0; i < LEDGER_SLOTS; i++) {
        sem_init(&ledger->ended[i], 1, 0);
    }
    for (size_t i = 0; i < LEDGER_SITES; i++) {
        sem_init(&ledger->go[i], 1, 0);
        sem_init(&ledger->opened[i], 1, 0);
        sem_init(&ledger->rest[i], 1, 0);
    }
    return ledger;
}

void
ledger_free(struct ledger *ledger)
{
    if (ledger != NULL) {
        (void)munmap(ledger, sizeof *ledger);
    }
}

void
ledger_blame(struct ledger *ledger, const char *format, ...)
{
    va_list list;
    if (atomic_exchange(&ledger->is_wrong, true)) {
        return;
    }
    va_start(list, format);
    (void)vsnprintf(ledger->wrong, sizeof ledger->wrong, format, list);
    va_end(list);
}

bool
ledger_wait(sem_t *semaphore, int64_t timeout_ms)
{
    struct timespec until;
    int code = 0;
    /* Of the clock that the thread sanitizer knows semaphores to wait by. */
    (void)clock_gettime(CLOCK_REALTIME, &until);
    int64_t nanos = until.tv_nsec + timeout_ms % 1000 * 1000000;
    until.tv_sec += timeout_ms / 1000 + nanos / 1000000000;
    until.tv_nsec = nanos % 1000000000;
    do {
        code = sem_timedwait(semaphore, &until);
    } while (code != 0 && errno == EINTR);
    return code == 0;
}

uint64_t
ledger_eid(size_t caller, size_t work)
{
    return 1 + caller * LEDGER_WORKS + work;
}

bool
ledger_of_eid(const uint8_t *eid, size_t *caller, size_t *work)
{
    uint64_t number = 0;
    memcpy(&number, eid, sizeof number);
    bool is_known = number >= 1 && number <= (uint64_t)LEDGER_CALLERS * LEDGER_WORKS;
    *caller = is_known ? (size_t)(number - 1) / LEDGER_WORKS : 0;
    *work = is_known ? (size_t)(number - 1) % LEDGER_WORKS : 0;
    return is_known;
}

uint64_t
ledger_random(uint64_t seed, uint64_t a, uint64_t b)
{
    uint64_t state = seed * 0x9e3779b97f4a7c15U + a * 0xbf58476d1ce4e5b9U +
                     b * 0x94d049bb133111ebU + 1;
    state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9U;
    state = (state ^ (state >> 27)) * 0x94d049bb133111ebU;
    return state ^ (state >> 31);
}
