/* kontor: the command line of a Kontor broker. */
#include <stdio.h>
#include <string.h>

#include "tools/kontor/cli.h"
#include "tools/kontor/help.h"

static int
cli_run(struct cli *cli, int argc, char **argv)
{
    int failed = cli_parse(cli, argc, argv);
    if (failed != EXIT_DONE) {
        return failed;
    }
    if (cli->command == NULL) {
        bool is_asked = cli_count(cli, "help") > 0;
        help_overview(is_asked ? stdout : stderr);
        return is_asked ? EXIT_DONE : EXIT_USAGE;
    }
    if (cli_count(cli, "help") > 0) {
        help_command(cli->command, stdout);
        return EXIT_DONE;
    }
    return cli->command->run(cli);
}

int
main(int argc, char **argv)
{
    /* The manual is made from the commands when Kontor is built; not a command of its
     * own. */
    if (argc == 2 && strcmp(argv[1], "--man") == 0) {
        help_man(stdout);
        return EXIT_DONE;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("kontor " KONTOR_VERSION);
        return EXIT_DONE;
    }
    struct cli cli = {.arena = arena_new()};
    if (cli.arena == NULL) {
        return EXIT_STATUS + KONTOR_RESOURCE_EXHAUSTED;
    }
    int code = cli_run(&cli, argc, argv);
    kontor_error_done(&cli.error);
    kontor_free(cli.kontor);
    arena_free(cli.arena);
    return fflush(stdout) == 0 ? code : EXIT_STATUS + KONTOR_INTERNAL;
}
