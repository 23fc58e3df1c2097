#include "plan/host.h"

#include <string.h>
#include <strings.h>

#include "proto/text.h"

/* Ports that need not be said. */
static const struct {
    const char *scheme; /* NULL: where none is said, which is how people write. */
    const char *port;
} ports[] = {
    {NULL, "80"},   {NULL, "443"}, {"http", "80"}, {"https", "443"},   {"ftp", "21"},
    {"sftp", "22"}, {"ssh", "22"}, {"s3", "443"},  {"gsiftp", "2811"}, {"davs", "443"},
};

/* What a text is made of. */
struct parts {
    const char *scheme; /* NULL = it says none. */
    const char *authority;
    size_t n_authority;
    const char *path;
    size_t n_path;
};

static bool
is_all_of(const char *text, size_t n, const char *allowed)
{
    for (size_t i = 0; i < n; i++) {
        if (strchr(allowed, text[i]) == NULL) {
            return false;
        }
    }
    return n > 0;
}

/* scheme://authority/path; a text without "://" begins with its authority, unless a
 * colon in it is no port's: "mailto:", "doi:", "urn:". */
static bool
split(const char *text, struct arena *arena, struct parts *parts)
{
    const char *rest = strstr(text, "://");
    size_t n_scheme = strcspn(text, ":/?#");
    if (rest != NULL && rest == text + n_scheme) {
        parts->scheme = arena_copy_n(arena, text, n_scheme);
        rest += strlen("://");
    } else {
        rest = strncmp(text, "//", 2) == 0 ? text + 2 : text;
    }
    parts->authority = rest;
    parts->n_authority = strcspn(rest, "/?#");
    parts->path = rest + parts->n_authority;
    parts->n_path = strcspn(parts->path, "?#");
    const char *colon = memchr(rest, ':', parts->n_authority);
    size_t n_after =
        colon == NULL ? 0 : (size_t)(rest + parts->n_authority - colon) - 1;
    return parts->scheme != NULL || colon == NULL || rest[0] == '[' ||
           is_all_of(colon + 1, n_after, "0123456789");
}

static bool
is_default_port(const char *scheme, const char *port)
{
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        bool is_scheme = scheme == NULL ? ports[i].scheme == NULL
                                        : ports[i].scheme != NULL &&
                                              strcasecmp(ports[i].scheme, scheme) == 0;
        if (is_scheme && strcmp(ports[i].port, port) == 0) {
            return true;
        }
    }
    return false;
}

/* Without the user before it; what follows the last colon behind any bracket is the
 * port. */
static const char *
name_of(const struct parts *parts, struct arena *arena)
{
    char *text = arena_copy_n(arena, parts->authority, parts->n_authority);
    char *at = strrchr(text, '@');
    text = at == NULL ? text : at + 1;
    char *bracket = strrchr(text, ']');
    char *colon = strrchr(bracket == NULL ? text : bracket, ':');
    const char *port = "";
    if (colon != NULL) {
        *colon = '\0';
        port = colon + 1;
    }
    const char *name = text_host(text, arena);
    size_t n = strlen(name);
    if (n > 0 && name[n - 1] == '.') {
        name = arena_copy_n(arena, name, n - 1);
    }
    if (strncmp(name, "www.", 4) == 0 && strchr(name + 4, '.') != NULL) {
        name += 4;
    }
    return port[0] == '\0' || is_default_port(parts->scheme, port)
               ? name
               : arena_print(arena, "%s:%s", name, port);
}

bool
host_read(const char *text, struct arena *arena, struct host *out)
{
    struct parts parts = {.scheme = NULL};
    text += strspn(text, " \t\r\n");
    char *copy = arena_copy(arena, text);
    copy[strcspn(copy, " \t\r\n")] = '\0';
    if (!split(copy, arena, &parts)) {
        return false;
    }
    const char *name = name_of(&parts, arena);
    while (parts.n_path > 0 && parts.path[parts.n_path - 1] == '/') {
        parts.n_path--;
    }
    if (name[0] == '\0' || name[0] == ':') {
        return false;
    }
    out->name = name;
    out->path = arena_copy_n(arena, parts.path, parts.n_path);
    return true;
}

const char *
host_key(const struct host *host, struct arena *arena)
{
    return arena_print(arena, "%s%s", host->name, host->path);
}

bool
host_is_within(const struct host *place, const struct host *whole)
{
    size_t n = strlen(whole->path);
    return strcmp(place->name, whole->name) == 0 &&
           strncmp(place->path, whole->path, n) == 0 &&
           (place->path[n] == '\0' || place->path[n] == '/');
}
