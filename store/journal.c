#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proto/json_tree.h"

enum { TIME_SIZE = 32 };

/* Above it there is no room for another history. */
static const int64_t LAST_POSITION = INT64_C(1) << 62;

static const char time_form[] = "%Y-%m-%dT%H:%M:%SZ";

static enum status
journal_fail(const char *path, char *error, size_t error_size)
{
    (void)snprintf(error, error_size, "the journal of erasures %s: %s", path,
                   strerror(errno));
    return STATUS_UNAVAILABLE;
}

/* ---- Reading ---- */

static bool
line_number(const struct json_value *object, const char *name, int64_t *number)
{
    const struct json_value *value = json_tree_get(object, name);
    *number = value == NULL ? -1 : value->integer;
    return value != NULL && value->type == JSON_TYPE_INTEGER && *number >= 0 &&
           *number <= LAST_POSITION;
}

static bool
line_text(const struct json_value *object, const char *name, const char **text)
{
    const struct json_value *value = json_tree_get(object, name);
    *text = value == NULL ? "" : value->text;
    return value != NULL && value->type == JSON_TYPE_TEXT;
}

static bool
line_time(const struct json_value *object, int64_t *at_ms)
{
    const char *text;
    struct tm parts = {.tm_sec = 0};
    if (!line_text(object, "at", &text)) {
        return false;
    }
    const char *end = strptime(text, time_form, &parts);
    *at_ms = (int64_t)timegm(&parts) * 1000;
    return end != NULL && *end == '\0';
}

static bool
line_parse(struct bytes text, struct arena *arena, struct journal_line *line)
{
    struct faults faults = {.arena = arena};
    const struct json_value *object = json_tree_parse(text, "line", arena, &faults);
    return object != NULL && object->type == JSON_TYPE_OBJECT &&
           line_time(object, &line->at_ms) && line_text(object, "kind", &line->kind) &&
           line_text(object, "id", &line->id) &&
           line_number(object, "upTo", &line->up_to) &&
           line_number(object, "seq", &line->seq);
}

/* Room for one line more of n: the array doubles when it is full. */
static struct journal_line *
lines_grow(struct journal_line *lines, size_t n, struct arena *arena)
{
    bool is_full = (n & (n - 1)) == 0;
    if (!is_full) {
        return lines;
    }
    struct journal_line *larger =
        arena_alloc(arena, (n == 0 ? 1 : 2 * n) * sizeof *larger);
    if (n > 0) {
        memcpy(larger, lines, n * sizeof *larger);
    }
    return larger;
}

/* A line nobody can read may be the one that says what must not come back: nothing is
 * passed over. */
static bool
lines_read(FILE *file, struct arena *arena, struct journal_line **lines, size_t *n)
{
    char *text = NULL;
    size_t room = 0;
    bool is_good = true;
    *lines = NULL;
    *n = 0;
    ssize_t size = getline(&text, &room, file);
    while (is_good && size > 0 && text[size - 1] == '\n') {
        *lines = lines_grow(*lines, *n, arena);
        struct bytes bytes = {(const uint8_t *)text, (size_t)size};
        is_good = line_parse(bytes, arena, &(*lines)[*n]);
        *n += is_good ? 1 : 0;
        size = getline(&text, &room, file);
    }
    free(text);
    return is_good;
}

enum status
journal_read(const char *path, struct arena *arena, struct journal_line **lines,
             size_t *n_lines, char *error, size_t error_size)
{
    struct journal_line *found = NULL;
    size_t n = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL && errno != ENOENT) {
        return journal_fail(path, error, error_size);
    }
    bool is_good = file == NULL || lines_read(file, arena, &found, &n);
    bool is_read = file == NULL || ferror(file) == 0;
    enum status status = is_read ? STATUS_OK : journal_fail(path, error, error_size);
    if (file != NULL) {
        (void)fclose(file);
    }
    if (is_read && !is_good) {
        (void)snprintf(error, error_size,
                       "the journal of erasures %s: line %zu is damaged: mend it, for "
                       "what it names must not come back",
                       path, n + 1);
        status = STATUS_DATA_LOSS;
    }
    *lines = found;
    *n_lines = n;
    return status;
}

/* ---- Writing ---- */

/* Where the last line that has an end stops. */
static off_t
journal_end(int fd)
{
    char text[4096];
    off_t end = 0;
    off_t at = 0;
    ssize_t size = pread(fd, text, sizeof text, at);
    while (size > 0) {
        const char *last = memrchr(text, '\n', (size_t)size);
        end = last == NULL ? end : at + (last - text) + 1;
        at += size;
        size = pread(fd, text, sizeof text, at);
    }
    return size < 0 ? -1 : end;
}

static char *
line_print(const struct journal_line *line, struct arena *arena)
{
    char at[TIME_SIZE];
    time_t seconds = (time_t)(line->at_ms / 1000);
    struct tm parts;
    (void)strftime(at, sizeof at, time_form, gmtime_r(&seconds, &parts));
    const struct json_member members[] = {
        {"at", {.type = JSON_TYPE_TEXT, .text = at}},
        {"kind", {.type = JSON_TYPE_TEXT, .text = line->kind}},
        {"id", {.type = JSON_TYPE_TEXT, .text = line->id}},
        {"upTo", {.type = JSON_TYPE_INTEGER, .integer = line->up_to}},
        {"seq", {.type = JSON_TYPE_INTEGER, .integer = line->seq}},
    };
    const struct json_value object = {.type = JSON_TYPE_OBJECT,
                                      .members = members,
                                      .n = sizeof members / sizeof members[0]};
    return arena_print(arena, "%s\n", json_tree_print(&object, arena));
}

static bool
line_write(int fd, const char *text)
{
    ssize_t size = (ssize_t)strlen(text);
    off_t end = journal_end(fd);
    if (end < 0 || ftruncate(fd, end) != 0) {
        return false;
    }
    /* What is written in part is no error of the system's: it says why the next time.
     */
    errno = ENOSPC;
    return pwrite(fd, text, (size_t)size, end) == size && fsync(fd) == 0;
}

/* A new file's name is on the disk only once its folder is. */
static bool
folder_sync(const char *path, struct arena *arena)
{
    const char *slash = strrchr(path, '/');
    const char *folder =
        slash == NULL ? "." : arena_copy_n(arena, path, (size_t)(slash - path) + 1);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return is_synced;
}

enum status
journal_append(const char *path, const struct journal_line *line, char *error,
               size_t error_size)
{
    struct arena *arena = arena_new();
    if (arena == NULL) {
        abort();
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    bool is_written =
        fd >= 0 && line_write(fd, line_print(line, arena)) && folder_sync(path, arena);
    enum status status = is_written ? STATUS_OK : journal_fail(path, error, error_size);
    if (fd >= 0) {
        (void)close(fd);
    }
    arena_free(arena);
    return status;
}
