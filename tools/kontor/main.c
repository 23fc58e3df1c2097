/* kontor: the command line of a Kontor broker. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

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
        FILE *out = is_asked ? stdout : stderr;
        cli->noun == NULL ? help_overview(out) : help_noun(cli->noun, out);
        return is_asked ? EXIT_DONE : EXIT_USAGE;
    }
    if (cli_count(cli, "help") > 0) {
        help_command(cli->command, stdout);
        return EXIT_DONE;
    }
    return cli->command->run(cli);
}

/* What has no command of its own; -1: something else was asked for. */
static int
main_about(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--man") == 0) {
        /* The manual is made from the commands when Kontor is built. */
        help_man(stdout);
        return EXIT_DONE;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("kontor " KONTOR_VERSION);
        return EXIT_DONE;
    }
    return -1;
}

static int
main_command(int argc, char **argv)
{
    struct cli cli = {.arena = arena_new()};
    if (cli.arena == NULL) {
        return cli_fail(KONTOR_RESOURCE_EXHAUSTED, "out of memory");
    }
    int code = cli_run(&cli, argc, argv);
    kontor_error_done(&cli.error);
    kontor_free(cli.kontor);
    arena_free(cli.arena);
    return code;
}

/*
 * A descriptor 0, 1 or 2 that was closed goes to the next file or socket that is
 * opened, and what is printed with it. It is held by one that cannot be used, so that
 * using it is the error it should be.
 */
static bool
main_hold_streams(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int i = 0; i < 3; i++) {
        if (fcntl(i, F_GETFD) == -1 && open("/dev/null", modes[i]) != i) {
            return false;
        }
    }
    return true;
}

/* Whoever reads a list must not take a part of it for the whole. */
static int
main_end(int code)
{
    int why = fflush(stdout) == 0 ? 0 : errno;
    if (why == 0 && ferror(stdout)) {
        /* It was said when it happened; writing again says it again. */
        clearerr(stdout);
        why = putchar('\n') == EOF || fflush(stdout) == EOF ? errno : EIO;
    }
    if (why == 0 || code != EXIT_DONE) {
        return code;
    }
    return cli_fail(KONTOR_INTERNAL, "standard output: %s", strerror(why));
}

/*
 * gRPC's threads go on for a moment when a command is over, and one of them may be in
 * the middle of a handshake: what it works with must not be freed at exit. OpenSSL
 * takes that from its first caller only.
 */
static void
main_keep_openssl(void)
{
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

int
main(int argc, char **argv)
{
    if (!main_hold_streams()) {
        return EXIT_STATUS + KONTOR_INTERNAL;
    }
    main_keep_openssl();
    int code = main_about(argc, argv);
    return main_end(code == -1 ? main_command(argc, argv) : code);
}
