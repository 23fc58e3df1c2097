/*
 * A way to a server on the loopback on which answers take longer: what a broker in
 * another place sees.
 *
 * Memory: the process's; it lasts as long. Errors: a line on standard error and exit 1.
 * Threads: any; it has some of its own.
 */
#ifndef KONTOR_TESTS_BENCH_LAG_H
#define KONTOR_TESTS_BENCH_LAG_H

#include <stddef.h>

/* Listens, and writes the address of the lagged way. The server must not name other
 * addresses of itself, as a replica set does. 0 ms: no way, and the text is empty. */
void bench_lag_open(const char *server, long ms, char *out, size_t size);

#endif
