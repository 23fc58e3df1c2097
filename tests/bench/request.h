/*
 * The requests that the load generator makes, by the name of the call.
 *
 * Memory: a slice is the caller's; the rest lives as long as the process. Errors: a
 * line on standard error and exit 1. Threads: main only.
 */
#ifndef KONTOR_TESTS_BENCH_REQUEST_H
#define KONTOR_TESTS_BENCH_REQUEST_H

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>

enum { BENCH_TOKEN_SIZE = 512 };

struct bench_requests {
    const char *path; /* Of the method. */
    const struct bench_request_row *row;
    char **lines; /* What is asked for, each in its turn: ids, or words. */
    long n_lines;
    const char *project, *offer, *prefix;
    long n_projects; /* 0 = the project as it is named; else its name and a number. */
    long page_size;
    long next;
};

/* Out of --call and --id, --lines FILE, --project, --projects N, --offer, --prefix and
 * --page-size. */
void bench_requests_open(struct bench_requests *requests, int argc, char **argv);
/* The next one. token: of the list its caller is in, at most BENCH_TOKEN_SIZE long. */
grpc_slice bench_request_next(struct bench_requests *requests, const char *token);
/* Where a reply of a list goes on: its token, or "" after the last page and of others.
 */
void bench_request_read(const struct bench_requests *requests, grpc_byte_buffer *reply,
                        char *token);

#endif
