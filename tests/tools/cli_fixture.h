/*
 * Runs the kontor program against a scripted broker.
 *
 * Memory: the results live until the next run. Errors: abort. Threads: one.
 */
#ifndef KONTOR_TESTS_TOOLS_CLI_FIXTURE_H
#define KONTOR_TESTS_TOOLS_CLI_FIXTURE_H

#include "tests/client/fake.h"

struct cli_result {
    int code;
    const char *out;
    const char *err;
};

/* Starts the broker and a directory of its own; ends both. */
void cli_begin(fake_handler handler);
void cli_end(void);
/* cli_end for cmocka. */
int cli_teardown(void **state);
struct fake *cli_fake(void);
/* A path in the directory. */
const char *cli_path(const char *name);
/* Writes a file into it; executable when it begins with "#!". */
const char *cli_write(const char *name, const char *text);
/* The runs that follow are started by this program, as the shell reads it; "" = none.
 */
void cli_through(const char *program);
/* Runs "kontor <words>" with a shell's quoting; the connection comes from the
 * environment. */
struct cli_result cli_run(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
/* The same with standard output on a terminal. */
struct cli_result cli_run_on_terminal(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif
