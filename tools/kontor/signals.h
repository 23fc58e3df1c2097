/*
 * Signals that end a command in order: one thread waits for them, none is interrupted.
 *
 * Memory: none. Errors: none. Threads: signals_block before any other thread is made,
 * signals_wait on one of its own, which pthread_kill with SIGUSR1 ends.
 */
#ifndef KONTOR_TOOLS_KONTOR_SIGNALS_H
#define KONTOR_TOOLS_KONTOR_SIGNALS_H

#include <signal.h>

/* Blocks SIGINT and SIGTERM, unless they are ignored, and SIGUSR1; *set is what
 * signals_wait waits for. */
void signals_block(sigset_t *set);
/* The next of them. */
int signals_wait(const sigset_t *set);

#endif
