/*
 * The gRPC plumbing that the bench programs share: certificates from files, arguments
 * by name.
 *
 * Memory: the process's; these programs end soon. Errors: a line on standard error and
 * exit 1. Threads: main only.
 */
#ifndef KONTOR_TESTS_BENCH_TRANSPORT_H
#define KONTOR_TESTS_BENCH_TRANSPORT_H

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

/* Says what is wrong and ends the process. */
_Noreturn void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The value after --name, or fallback; NULL fallback makes it required. */
const char *bench_option(int argc, char **argv, const char *name, const char *fallback);
/* A number as bench_option. */
long bench_number(int argc, char **argv, const char *name, long fallback);
/* A whole file as NUL-terminated text. */
char *bench_file(const char *path);
/* The lines of a file, at least one. */
char **bench_lines(const char *path, long *n);
/* A channel with mutual TLS out of --server, --ca, --cert and --key; number tells
 * connections apart. */
grpc_channel *bench_channel(int argc, char **argv, int number);
/* The same with another certificate: its path without .pem and .key. */
grpc_channel *bench_channel_as(int argc, char **argv, int number, const char *pair);
/* Monotonic time in nanoseconds. */
int64_t bench_now_ns(void);

#endif
