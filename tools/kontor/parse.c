/* What stands on the command line, by the tables. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/kontor/cli.h"
#include "tools/kontor/help.h"

/* The usage line below saves a person the second call with --help. */
int
cli_usage(const struct cli *cli, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("kontor: ", stderr);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs("\n", stderr);
    if (cli->command != NULL) {
        fputs("usage:  ", stderr);
        help_usage(cli->command, stderr);
    }
    return EXIT_USAGE;
}

/* By length, since what is given may go on with "=value". */
static const struct option_row *
option_find(const struct option_row *rows, const char *name, size_t size)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        if (strlen(rows->name) == size && strncmp(rows->name, name, size) == 0) {
            return rows;
        }
    }
    return NULL;
}

static int
option_add(struct cli *cli, const struct option_row *row, const char *value)
{
    if (cli->n_given == CLI_MAX_GIVEN) {
        return cli_usage(cli, "too many options");
    }
    cli->given[cli->n_given].option = row;
    cli->given[cli->n_given++].value = value;
    return EXIT_DONE;
}

/* One "--name", "--name=value" or "--name value"; *i moves over the value. */
static int
option_take(struct cli *cli, int argc, char **argv, int *i)
{
    const char *name = argv[*i] + 2;
    const char *equals = strchr(name, '=');
    size_t size = equals == NULL ? strlen(name) : (size_t)(equals - name);
    const struct option_row *row = option_find(common_options, name, size);
    if (row == NULL && cli->command != NULL) {
        row = option_find(cli->command->options, name, size);
    }
    if (row == NULL) {
        return cli_usage(
            cli, "there is no option --%.*s here: see kontor %s%s%s --help", (int)size,
            name, cli->command == NULL ? "" : cli->command->noun,
            cli->command == NULL || cli->command->verb == NULL ? "" : " ",
            cli->command == NULL || cli->command->verb == NULL ? ""
                                                               : cli->command->verb);
    }
    if (row->value == NULL) {
        return equals == NULL ? option_add(cli, row, "")
                              : cli_usage(cli, "--%s takes no value", row->name);
    }
    if (equals != NULL) {
        return option_add(cli, row, equals + 1);
    }
    if (*i + 1 == argc) {
        return cli_usage(cli, "--%s needs a value: --%s %s", row->name, row->name,
                         row->value);
    }
    return option_add(cli, row, argv[++*i]);
}

static bool
noun_exists(const char *noun)
{
    for (const struct command *row = command_next(NULL); row != NULL;
         row = command_next(row)) {
        if (strcmp(row->noun, noun) == 0) {
            return true;
        }
    }
    return false;
}

/* How many words of the command line the row's name takes; 0: it is another command. */
static int
command_matches(const struct command *row, int n, char **words)
{
    if (strcmp(row->noun, words[0]) != 0) {
        return 0;
    }
    if (row->verb == NULL) {
        return 1;
    }
    const char *space = strchr(row->verb, ' ');
    if (space == NULL) {
        return n > 1 && strcmp(row->verb, words[1]) == 0 ? 2 : 0;
    }
    size_t size = (size_t)(space - row->verb);
    bool is_same = n > 2 && strlen(words[1]) == size &&
                   strncmp(row->verb, words[1], size) == 0 &&
                   strcmp(space + 1, words[2]) == 0;
    return is_same ? 3 : 0;
}

/*
 * The command of one to three words; *i moves behind them. A noun alone, or with
 * options, asks what there is to it.
 */
static int
command_take(struct cli *cli, int argc, char **argv, int *i)
{
    const char *noun = argv[*i];
    const char *verb = *i + 1 < argc ? argv[*i + 1] : "";
    for (const struct command *row = command_next(NULL); row != NULL;
         row = command_next(row)) {
        int n = command_matches(row, argc - *i, argv + *i);
        if (n > 0) {
            cli->command = row;
            *i += n;
            return EXIT_DONE;
        }
    }
    if (!noun_exists(noun)) {
        return cli_usage(cli, "there is no command %s: see kontor --help", noun);
    }
    if (cli->noun == NULL && (verb[0] == '\0' || verb[0] == '-')) {
        cli->noun = noun;
        ++*i;
        return EXIT_DONE;
    }
    return cli_usage(cli, "there is no command %s %s: see kontor %s --help", noun, verb,
                     noun);
}

/* What is missing is named as help names it. */
static int
arguments_check(const struct cli *cli)
{
    size_t n = 0;
    bool is_repeated = false;
    for (const struct argument *row = cli->command->arguments;
         row != NULL && row->name != NULL; row++, n++) {
        if (n >= cli->n_arguments && !row->is_optional) {
            return cli_usage(cli, "%s is missing", row->name);
        }
        is_repeated = row->is_repeated;
    }
    if (cli->n_arguments > n && !is_repeated) {
        return cli_usage(cli, "\"%s\" is one word too many", cli->arguments[n]);
    }
    return EXIT_DONE;
}

/*
 * The help of what is missing stands beside it: the one line a person would look up.
 */
static int
options_check(const struct cli *cli)
{
    for (const struct option_row *row = cli->command->options;
         row != NULL && row->name != NULL; row++) {
        if (row->is_required && cli_count(cli, row->name) == 0) {
            return cli_usage(cli, "--%s is missing: --%s %s   %s", row->name, row->name,
                             row->value, row->help);
        }
    }
    return EXIT_DONE;
}

/*
 * A table is for people, and people sit at a terminal; what goes into a file or a pipe
 * is read by a program. Said outright, either goes anywhere.
 */
static int
output_check(struct cli *cli)
{
    const char *output = cli_option(cli, "output");
    if (output != NULL && strcmp(output, "json") != 0 && strcmp(output, "table") != 0) {
        return cli_usage(cli, "--output is \"%s\": choose json or table", output);
    }
    cli->is_json =
        output == NULL ? !isatty(STDOUT_FILENO) : strcmp(output, "json") == 0;
    return EXIT_DONE;
}

/* All words; a lone "-" is an argument, behind "--" everything is. */
static int
words_take(struct cli *cli, int argc, char **argv)
{
    bool is_options_over = false;
    for (int i = 1; i < argc; i++) {
        int failed = EXIT_DONE;
        if (!is_options_over && strcmp(argv[i], "--") == 0) {
            is_options_over = true;
        } else if (!is_options_over && strncmp(argv[i], "--", 2) == 0) {
            failed = option_take(cli, argc, argv, &i);
        } else if (cli->command == NULL) {
            failed = command_take(cli, argc, argv, &i);
            i--;
        } else if (!is_options_over && argv[i][0] == '-' && argv[i][1] != '\0') {
            failed = cli_usage(cli, "options have two dashes: --%s", argv[i] + 1);
        } else if (cli->n_arguments == CLI_MAX_GIVEN) {
            failed = cli_usage(cli, "too many words");
        } else {
            cli->arguments[cli->n_arguments++] = argv[i];
        }
        if (failed != EXIT_DONE) {
            return failed;
        }
    }
    return EXIT_DONE;
}

int
cli_parse(struct cli *cli, int argc, char **argv)
{
    int failed = words_take(cli, argc, argv);
    if (failed != EXIT_DONE || cli->command == NULL || cli_count(cli, "help") > 0) {
        return failed;
    }
    failed = output_check(cli);
    if (failed == EXIT_DONE) {
        failed = arguments_check(cli);
    }
    return failed == EXIT_DONE ? options_check(cli) : failed;
}

/* ---- Reading what was given ---- */

size_t
cli_count(const struct cli *cli, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < cli->n_given; i++) {
        n += strcmp(cli->given[i].option->name, name) == 0;
    }
    return n;
}

const char *
cli_value(const struct cli *cli, const char *name, size_t n)
{
    for (size_t i = 0; i < cli->n_given; i++) {
        if (strcmp(cli->given[i].option->name, name) == 0 && n-- == 0) {
            return cli->given[i].value;
        }
    }
    return NULL;
}

const char *
cli_option(const struct cli *cli, const char *name)
{
    size_t n = cli_count(cli, name);
    return n == 0 ? NULL : cli_value(cli, name, n - 1);
}

bool
cli_number(const struct cli *cli, const char *name, int64_t least, int64_t most,
           int64_t *out)
{
    const char *text = cli_option(cli, name);
    if (text == NULL) {
        return true;
    }
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < least || number > most) {
        cli_usage(cli, "--%s is \"%s\": give a whole number from %lld to %lld", name,
                  text, (long long)least, (long long)most);
        return false;
    }
    *out = number;
    return true;
}
