#include "tests/tools/cli_fixture.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    struct fake *fake;
    char directory[64];
    char out[1 << 20];
    char err[1 << 16];
    const char *through;
} rig = {.through = ""};

static void
die_if(bool is_wrong, const char *what)
{
    if (is_wrong) {
        perror(what);
        abort();
    }
}

void
cli_begin(fake_handler handler)
{
    rig.fake = fake_start(handler, NULL);
    snprintf(rig.directory, sizeof rig.directory, "/tmp/kontor-cli-XXXXXX");
    die_if(mkdtemp(rig.directory) == NULL, "directory");
    /* The certificate names localhost, and the program has no option for another name.
     */
    struct kontor_options options = fake_options(rig.fake);
    char server[32];
    snprintf(server, sizeof server, "localhost%s", strchr(options.server, ':'));
    setenv("KONTOR_SERVER", server, 1);
    setenv("KONTOR_CA", options.ca_file, 1);
    setenv("KONTOR_CERT", options.cert_file, 1);
    setenv("KONTOR_KEY", options.key_file, 1);
    setenv("TZ", "UTC", 1);
    /* c-ares, behind gRPC's resolver, keeps a few bytes. */
    setenv("LSAN_OPTIONS", "suppressions='" CLI_SUPPRESSIONS "':print_suppressions=0",
           1);
}

void
cli_end(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", rig.directory);
    die_if(system(command) != 0, "rm");
    fake_stop(rig.fake);
}

void
cli_through(const char *program)
{
    rig.through = program;
}

int
cli_teardown(void **state)
{
    (void)state;
    cli_end();
    return 0;
}

struct fake *
cli_fake(void)
{
    return rig.fake;
}

const char *
cli_path(const char *name)
{
    static char paths[8][160];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", rig.directory, name);
    return path;
}

const char *
cli_write(const char *name, const char *text)
{
    const char *path = cli_path(name);
    FILE *stream = fopen(path, "w");
    die_if(stream == NULL, path);
    die_if(fputs(text, stream) < 0 || fclose(stream) != 0, path);
    die_if(chmod(path, strncmp(text, "#!", 2) == 0 ? 0700 : 0600) != 0, path);
    return path;
}

static void
slurp(const char *name, char *text, size_t size)
{
    FILE *stream = fopen(cli_path(name), "r");
    die_if(stream == NULL, name);
    size_t n = fread(text, 1, size - 1, stream);
    text[n] = '\0';
    fclose(stream);
}

static struct cli_result
run(const char *out, const char *format, va_list args)
{
    char words[4096];
    char command[6000];
    vsnprintf(words, sizeof words, format, args);
    snprintf(command, sizeof command, "timeout -k 5 60 %s '%s' %s >%s 2>%s </dev/null",
             rig.through, CLI_PROGRAM, words, out, cli_path("err"));
    fake_sync(rig.fake);
    int status = system(command);
    fake_sync(rig.fake);
    slurp("err", rig.err, sizeof rig.err);
    struct cli_result result = {WIFEXITED(status) ? WEXITSTATUS(status) : -1, rig.out,
                                rig.err};
    return result;
}

struct cli_result
cli_run(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct cli_result result = run(cli_path("out"), format, args);
    va_end(args);
    slurp("out", rig.out, sizeof rig.out);
    return result;
}

/* What was written stays in the terminal until it is read: a few lines fit. */
struct cli_result
cli_run_on_terminal(const char *format, ...)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    die_if(terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0, "pt");
    int other = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    die_if(other < 0 || fcntl(terminal, F_SETFL, O_NONBLOCK) != 0, "pts");
    va_list args;
    va_start(args, format);
    struct cli_result result = run(ptsname(terminal), format, args);
    va_end(args);
    ssize_t n = read(terminal, rig.out, sizeof rig.out - 1);
    rig.out[n > 0 ? n : 0] = '\0';
    close(other);
    close(terminal);
    return result;
}
