#include "tests/server/flood.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

void
flood_begin(struct flood *flood)
{
    *flood = (struct flood){.n_files = 0};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &flood->before), 0);
    struct rlimit few = {.rlim_cur = FLOOD_MAX, .rlim_max = flood->before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (int fd = dup(STDIN_FILENO); fd >= 0; fd = dup(STDIN_FILENO)) {
        flood->files[flood->n_files++] = fd;
    }
}

void
flood_end(struct flood *flood)
{
    for (size_t i = 0; i < flood->n_files; i++) {
        close(flood->files[i]);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &flood->before), 0);
}
