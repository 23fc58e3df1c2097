/*
 * The lease of an agent's session: its clock, and the thread that renews it.
 *
 * The clock goes on while the machine sleeps (CLOCK_BOOTTIME), so an agent that slept
 * through its lease knows it. A term is counted from the moment its renewal was asked
 * for, never from the answer.
 *
 * Memory: none. Errors: none: a failed renewal is tried again until the lease is over.
 * Threads: the agent's mutex.
 */
#ifndef KONTOR_CLIENT_LEASE_H
#define KONTOR_CLIENT_LEASE_H

#include "client/agent.h"

/* The lease clock in milliseconds. */
int64_t lease_now_ms(void);
/* Begins or goes on with a lease asked for at a time of the clock; the mutex is held.
 * seconds 0 = as it was. */
void lease_begin(struct kontor_agent *agent, int64_t asked_at_ms, int32_t seconds);
/* Waits on the agent's condition until a time of the lease clock, or less long; the
 * mutex is held. */
void lease_wait(struct kontor_agent *agent, int64_t until_ms);
/* The thread: renews at a third of each term until the agent is over. */
void *lease_keep(void *agent);

#endif
