/* Where to connect and as whom, and how a call's end is said. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/json.h"
#include "tools/kontor/cli.h"
#include "tools/kontor/show.h"

/* ---- Saying what went wrong ---- */

/* One message; further lines of it stand below its text. */
static void
print_message(const char *text)
{
    const char *before = "kontor: ";
    for (;;) {
        size_t size = strcspn(text, "\n");
        show_line(stderr, "%s%.*s", before, (int)size, text);
        if (text[size] == '\0') {
            return;
        }
        text += size + 1;
        before = "        ";
    }
}

int
cli_fail(enum kontor_status status, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    print_message(text);
    return EXIT_STATUS + (int)status;
}

static void
print_violations(const struct cli *cli)
{
    const struct command *command = cli->command;
    const char *subject = command->subject == NULL ? command->noun : command->subject;
    for (size_t i = 0; i < cli->error.n_violations; i++) {
        show_line(stderr, "kontor: %s refused: %s: %s", subject,
                  cli->error.violations[i].field, cli->error.violations[i].description);
    }
}

/*
 * A change nobody knows the outcome of is the one case where the user needs the
 * request id.
 */
int
cli_failed(struct cli *cli)
{
    const struct kontor_error *error = &cli->error;
    if (error->n_violations > 0) {
        print_violations(cli);
    } else {
        print_message(error->message);
    }
    if (error->is_outcome_unknown && error->request_id[0] != '\0') {
        fprintf(stderr,
                "        it may have been done: repeat it with --request-id %s\n",
                error->request_id);
    }
    return EXIT_STATUS + (int)error->status;
}

/* ---- Settings ---- */

/* One thing needed to connect: its option, its variable, its file in the profile. */
struct setting {
    const char *option;
    const char *variable;
    const char *file;
    bool is_text; /* The file's first line is the value, not the file itself. */
};

static const struct setting settings[] = {
    {"server", "KONTOR_SERVER", "server", true},
    {"ca", "KONTOR_CA", "ca.pem", false},
    {"cert", "KONTOR_CERT", "cert.pem", false},
    {"key", "KONTOR_KEY", "key.pem", false},
};
enum { SETTING_COUNT = sizeof settings / sizeof settings[0] };

/* Source: XDG Base Directory Specification. */
static const char *
profile_directory(struct cli *cli)
{
    const char *name = cli_option(cli, "profile");
    if (name == NULL) {
        name = getenv("KONTOR_PROFILE");
    }
    const char *base = getenv("XDG_CONFIG_HOME");
    if (base == NULL || base[0] == '\0') {
        const char *home = getenv("HOME");
        base = arena_print(cli->arena, "%s/.config", home == NULL ? "" : home);
    }
    return arena_print(cli->arena, "%s/kontor/%s", base,
                       name == NULL ? "default" : name);
}

static const char *
first_line(struct cli *cli, const char *path)
{
    char line[512];
    FILE *stream = fopen(path, "re");
    if (stream == NULL) {
        return NULL;
    }
    bool has_line = fgets(line, sizeof line, stream) != NULL;
    fclose(stream);
    line[has_line ? strcspn(line, "\r\n") : 0] = '\0';
    return line[0] == '\0' ? NULL : arena_copy(cli->arena, line);
}

/* An empty variable counts as unset, as in a shell. */
static const char *
setting_find(struct cli *cli, const struct setting *row)
{
    const char *value = cli_option(cli, row->option);
    if (value == NULL) {
        value = getenv(row->variable);
    }
    if (value != NULL && value[0] != '\0') {
        return value;
    }
    const char *path =
        arena_print(cli->arena, "%s/%s", profile_directory(cli), row->file);
    if (row->is_text) {
        return first_line(cli, path);
    }
    struct stat found;
    return stat(path, &found) == 0 ? path : NULL;
}

/*
 * Names all places a setting may come from, since a person who lacks one does not know
 * them.
 */
static const char *
setting_need(struct cli *cli, const struct setting *row)
{
    const char *value = setting_find(cli, row);
    if (value == NULL) {
        cli_usage(cli, "do not know the %s: give --%s, set %s, or put it into %s/%s",
                  row->option, row->option, row->variable, profile_directory(cli),
                  row->file);
    }
    return value;
}

const char *
cli_setting(struct cli *cli, const char *option)
{
    size_t i = 0;
    while (i < SETTING_COUNT - 1 && strcmp(settings[i].option, option) != 0) {
        i++;
    }
    return setting_need(cli, &settings[i]);
}

int
cli_connect(struct cli *cli)
{
    if (cli->kontor != NULL) {
        return EXIT_DONE;
    }
    const char *values[SETTING_COUNT];
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        values[i] = setting_need(cli, &settings[i]);
        if (values[i] == NULL) {
            return EXIT_USAGE;
        }
    }
    int64_t timeout_s = 20;
    if (!cli_number(cli, "timeout", 1, 86400, &timeout_s)) {
        return EXIT_USAGE;
    }
    struct kontor_options options = {
        .server = values[0],
        .ca_file = values[1],
        .cert_file = values[2],
        .key_file = values[3],
        .deadline_ms = timeout_s * 1000,
    };
    if (kontor_connect(&options, &cli->kontor, &cli->error) != KONTOR_OK) {
        return cli_failed(cli);
    }
    return EXIT_DONE;
}

enum kontor_status
cli_call(struct cli *cli, const char *method, const ProtobufCMessage *request,
         void *reply)
{
    const char *path = arena_print(cli->arena, "/kontor.v1.%s", method);
    ProtobufCMessage *message = NULL;
    enum kontor_status status = kontor_call(cli->kontor, kontor_method(path), request,
                                            NULL, &message, &cli->error);
    if (status == KONTOR_OK) {
        memcpy(reply, &message, sizeof message);
    }
    return status;
}

int
cli_who(struct cli *cli, Kontor__V1__WhoAmIResponse **reply)
{
    int failed = cli_connect(cli);
    if (failed != EXIT_DONE) {
        return failed;
    }
    Kontor__V1__WhoAmIRequest request = KONTOR__V1__WHO_AM_IREQUEST__INIT;
    return cli_call(cli, "RegistryService/WhoAmI", &request.base, reply) == KONTOR_OK
               ? EXIT_DONE
               : cli_failed(cli);
}

int
cli_greet(struct cli *cli)
{
    Kontor__V1__WhoAmIResponse *reply = NULL;
    int code = cli_who(cli, &reply);
    kontor_reply_free(reply);
    return code;
}

/*
 * Ids begin with the registry of the caller, which only the broker knows for certain.
 */
const char *
cli_registry(struct cli *cli, int *exit_code)
{
    const char *given = cli_option(cli, "registry");
    Kontor__V1__WhoAmIResponse *reply = NULL;
    if (given != NULL) {
        return given;
    }
    *exit_code = cli_who(cli, &reply);
    if (*exit_code != EXIT_DONE) {
        return NULL;
    }
    const char *registry = arena_copy(cli->arena, reply->registry);
    bool is_registered = reply->is_registered;
    if (!is_registered) {
        *exit_code = cli_fail(KONTOR_PERMISSION_DENIED, "%s", reply->advice);
    }
    kontor_reply_free(reply);
    return is_registered ? registry : NULL;
}

/* ---- Files ---- */

enum { FILE_MAX_SIZE = 64 << 20 };

/* What a person calls it. */
static const char *
file_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* Standard input has no size to ask for. */
static char *
stream_read(struct cli *cli, FILE *stream, size_t *size)
{
    size_t room = 1 << 16;
    char *text = arena_alloc(cli->arena, room + 1);
    *size = 0;
    for (;;) {
        *size += fread(text + *size, 1, room - *size, stream);
        if (*size < room || room > FILE_MAX_SIZE) {
            break;
        }
        char *larger = arena_alloc(cli->arena, room * 2 + 1);
        memcpy(larger, text, room);
        text = larger;
        room *= 2;
    }
    text[*size] = '\0';
    if (*size > FILE_MAX_SIZE) {
        errno = EFBIG;
    }
    return ferror(stream) || *size > FILE_MAX_SIZE ? NULL : text;
}

char *
cli_read_file(struct cli *cli, const char *path, size_t *size)
{
    bool is_input = strcmp(path, "-") == 0;
    FILE *stream = is_input ? stdin : fopen(path, "re");
    if (stream == NULL) {
        cli_usage(cli, "%s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = stream_read(cli, stream, size);
    const char *why = text != NULL     ? NULL
                      : errno == EFBIG ? "larger than 64 MiB"
                                       : strerror(errno);
    if (!is_input) {
        fclose(stream);
    }
    if (why != NULL) {
        cli_usage(cli, "%s: %s", file_name(path), why);
    }
    return text;
}

ProtobufCMessage *
cli_read_message(struct cli *cli, const char *path,
                 const ProtobufCMessageDescriptor *descriptor)
{
    size_t size;
    char *text = cli_read_file(cli, path, &size);
    if (text == NULL) {
        return NULL;
    }
    struct faults faults = {.arena = cli->arena};
    ProtobufCMessage *message = json_parse(descriptor, text, size, cli->arena, &faults);
    for (size_t i = 0; i < faults.n_rows; i++) {
        show_line(stderr, "kontor: %s: %s%s%s", file_name(path), faults.rows[i].path,
                  faults.rows[i].path[0] == '\0' ? "" : ": ",
                  faults.rows[i].description);
    }
    return message;
}
