#include "tests/bench/transport.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FILE_STEP = 1 << 16, PATH_SIZE = 1024, LINES_STEP = 1024 };

void
bench_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

const char *
bench_option(int argc, char **argv, const char *name, const char *fallback)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return argv[i + 1];
        }
    }
    if (fallback == NULL) {
        bench_die("%s is needed", name);
    }
    return fallback;
}

long
bench_number(int argc, char **argv, const char *name, long fallback)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%ld", fallback);
    return strtol(bench_option(argc, argv, name, text), NULL, 10);
}

char *
bench_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        bench_die("cannot read %s", path);
    }
    size_t size = 0;
    char *text = NULL;
    for (size_t n = 1; n > 0; size += n) {
        text = realloc(text, size + FILE_STEP + 1);
        n = text == NULL ? 0 : fread(text + size, 1, FILE_STEP, file);
    }
    if (text == NULL) {
        bench_die("no memory for %s", path);
    }
    text[size] = '\0';
    (void)fclose(file);
    return text;
}

static grpc_channel *
channel_new(int argc, char **argv, int number, const char *cert_file,
            const char *key_file)
{
    char *ca = bench_file(bench_option(argc, argv, "--ca", NULL));
    char *key = bench_file(key_file);
    char *cert = bench_file(cert_file);
    grpc_ssl_pem_key_cert_pair pair = {key, cert};
    grpc_channel_credentials *credentials =
        grpc_ssl_credentials_create_ex(ca, &pair, NULL, NULL);
    /* A distinct argument keeps the core from sharing one connection. */
    grpc_arg args[] = {
        {.type = GRPC_ARG_INTEGER, .key = "bench.number", .value.integer = number},
        {.type = GRPC_ARG_INTEGER,
         .key = GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL,
         .value.integer = 1},
    };
    grpc_channel_args list = {2, args};
    grpc_channel *channel = grpc_channel_create(
        bench_option(argc, argv, "--server", NULL), credentials, &list);
    grpc_channel_credentials_release(credentials);
    free(ca);
    free(key);
    free(cert);
    return channel;
}

grpc_channel *
bench_channel(int argc, char **argv, int number)
{
    return channel_new(argc, argv, number, bench_option(argc, argv, "--cert", NULL),
                       bench_option(argc, argv, "--key", NULL));
}

grpc_channel *
bench_channel_as(int argc, char **argv, int number, const char *pair)
{
    char cert[PATH_SIZE];
    char key[PATH_SIZE];
    (void)snprintf(cert, sizeof cert, "%s.pem", pair);
    (void)snprintf(key, sizeof key, "%s.key", pair);
    return channel_new(argc, argv, number, cert, key);
}

int64_t
bench_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

char **
bench_lines(const char *path, long *n)
{
    char **lines = NULL;
    char *line = bench_file(path);
    *n = 0;
    for (char *end = strchr(line, '\n'); end != NULL; end = strchr(line, '\n')) {
        if (*n % LINES_STEP == 0) {
            lines = realloc(lines, ((size_t)*n + LINES_STEP) * sizeof *lines);
        }
        if (lines == NULL) {
            bench_die("no memory for %s", path);
        }
        *end = '\0';
        lines[(*n)++] = line;
        line = end + 1;
    }
    if (*n == 0) {
        bench_die("%s has no line", path);
    }
    return lines;
}
