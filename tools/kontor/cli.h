/*
 * The command line: what every command needs, and the table of commands.
 *
 * Memory: everything lives in the arena of the run. Errors: a command answers the exit
 * code: 0 done, 2 usage, 64 + gRPC status otherwise; what went wrong is printed before.
 * Threads: one, but for the agent's.
 */
#ifndef KONTOR_TOOLS_KONTOR_CLI_H
#define KONTOR_TOOLS_KONTOR_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/kontor.h"
#include "proto/arena.h"

enum {
    EXIT_DONE = 0,
    EXIT_DIFFERENT = 1, /* Done; and something is not as it should be. */
    EXIT_USAGE = 2,
    EXIT_STATUS = 64, /* Plus the gRPC status. */
    CLI_MAX_GIVEN = 128,
};

struct cli;
struct command;

/* A word after the verb. */
struct argument {
    const char *name;  /* For people: "ID". NULL ends the list. */
    const char *field; /* Field of the request it goes to; NULL = the command reads it
                          itself. */
    bool is_optional;
    bool is_repeated; /* Takes all that are left; only the last may. */
};

/* An option of a command. */
struct option_row {
    const char *name;  /* Without dashes. NULL ends the list. */
    const char *value; /* What it takes, for people: "TEXT"; NULL = it is a flag. */
    const char *help;
    const char *field; /* Field of the request it goes to; NULL = the command reads it
                          itself. */
    const char *constant; /* What a flag puts into its field. */
    bool is_required;
    bool is_file; /* The value is a file whose content goes into the field. */
};

/* A column of a table. */
struct column {
    const char *title; /* NULL ends the list. */
    const char *field; /* Path into the row's message: "source.format", "items#" counts,
                          "@x" is computed by format. */
};

/* How a reply is shown to people. */
struct view {
    const char *rows; /* Repeated field of the reply that makes the rows; NULL = the
                         reply is the one row. */
    const struct column *columns; /* NULL = one line a field. */
};

typedef int (*command_run)(struct cli *cli);

struct command {
    const char *noun;
    const char *verb;   /* NULL = the noun alone. */
    const char *help;   /* One line, no full stop. */
    const char *method; /* Path without "/kontor.v1."; NULL = run knows. */
    const struct argument *arguments;
    const struct option_row *options;
    const struct view *view;
    command_run run;
    const char
        *subject; /* What an error calls it: "order refused: ..."; NULL = the noun. */
};

/* The command behind another one; NULL begins, and ends. */
const struct command *command_next(const struct command *row);
/* Options every command takes. */
extern const struct option_row common_options[];

/* One option as given. */
struct given {
    const struct option_row *option;
    const char *value; /* "" for flags. */
};

struct cli {
    struct arena *arena;
    const struct command *command;
    const char *arguments[CLI_MAX_GIVEN];
    size_t n_arguments;
    struct given given[CLI_MAX_GIVEN];
    size_t n_given;
    const char *noun; /* Nothing but a noun was given: its commands are wanted. */
    bool is_json;
    struct kontor *kontor; /* Once connected. */
    struct kontor_error error;
};

/* ---- What was given ---- */

/* Parses what stands on the command line. EXIT_DONE: cli is filled, command NULL =
 * print the overview, or that of the noun. */
int cli_parse(struct cli *cli, int argc, char **argv);
/* The last value of an option, or NULL. */
const char *cli_option(const struct cli *cli, const char *name);
/* How often an option was given, and its n-th value. */
size_t cli_count(const struct cli *cli, const char *name);
const char *cli_value(const struct cli *cli, const char *name, size_t n);
/* A number out of an option; false: it is none, or out of range, which is printed. */
bool cli_number(const struct cli *cli, const char *name, int64_t least, int64_t most,
                int64_t *out);

/* ---- Ending ---- */

/* Prints "kontor: ..." and answers EXIT_USAGE. */
int cli_usage(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Prints cli->error and answers its exit code. */
int cli_failed(struct cli *cli);
/* Prints "kontor: ..." and answers 64 + status. */
int cli_fail(enum kontor_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- Connecting ---- */

/* Connects as the options, the environment or the profile say; EXIT_DONE or what went
 * wrong. Again: nothing. */
int cli_connect(struct cli *cli);
/* One of server, ca, cert, key as the options, the environment or the profile have it;
 * NULL: there is none, which is printed. */
const char *cli_setting(struct cli *cli, const char *option);
/* Connects and asks who one is; EXIT_DONE, with a reply for kontor_reply_free, or what
 * went wrong. */
int cli_who(struct cli *cli, Kontor__V1__WhoAmIResponse **reply);
/* The same without the answer, so that a broker that was never there is told from one
 * that is waited for; EXIT_DONE or what went wrong. */
int cli_greet(struct cli *cli);
/* The caller's own registry; NULL: printed, and *exit_code is set. */
const char *cli_registry(struct cli *cli, int *exit_code);
/* A call by its path without "/kontor.v1."; OK, or cli->error is set. The reply is
 * freed with kontor_reply_free. */
enum kontor_status cli_call(struct cli *cli, const char *method,
                            const ProtobufCMessage *request, void *reply);

/* ---- Files ---- */

/* A file whole ("-" = standard input), NUL behind it; NULL: printed. */
char *cli_read_file(struct cli *cli, const char *path, size_t *size);
/* A message out of a JSON file; NULL: printed. */
ProtobufCMessage *cli_read_message(struct cli *cli, const char *path,
                                   const ProtobufCMessageDescriptor *descriptor);

#endif
