#include "tools/kontor/signals.h"

#include <pthread.h>
#include <stdbool.h>

/*
 * What whoever started the command ignores stays ignored: nohup and a shell's
 * background mean it. Blocked, such a signal would be kept and taken all the same.
 */
static bool
is_ignored(int number)
{
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void
signals_block(sigset_t *set)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    sigemptyset(set);
    sigaddset(set, SIGUSR1);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (!is_ignored(numbers[i])) {
            sigaddset(set, numbers[i]);
        }
    }
    pthread_sigmask(SIG_BLOCK, set, NULL);
}

int
signals_wait(const sigset_t *set)
{
    int number = SIGUSR1;
    sigwait(set, &number);
    return number;
}
