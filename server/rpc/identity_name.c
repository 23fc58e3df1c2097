#include "server/rpc/identity_name.h"

#include <string.h>

static const char scheme[] = "spiffe://";
static const char domain_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
static const char segment_bytes[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

bool
identity_name_is_domain(const char *text)
{
    size_t size = strlen(text);
    return size >= 1 && size <= IDENTITY_DOMAIN_MAX &&
           strspn(text, domain_bytes) == size;
}

/* After the scheme: the domain and its length; NULL when this is no name. */
static const char *
name_domain(const char *text, size_t *size)
{
    if (strlen(text) > IDENTITY_NAME_MAX ||
        strncmp(text, scheme, sizeof scheme - 1) != 0) {
        return NULL;
    }
    const char *domain = text + sizeof scheme - 1;
    *size = strspn(domain, domain_bytes);
    return *size >= 1 && *size <= IDENTITY_DOMAIN_MAX && domain[*size] == '/' ? domain
                                                                              : NULL;
}

static bool
segment_is_good(const char *segment, size_t size)
{
    bool is_dots = (size == 1 && segment[0] == '.') ||
                   (size == 2 && memcmp(segment, "..", 2) == 0);
    return size >= 1 && !is_dots && strspn(segment, segment_bytes) >= size;
}

/* Judges everything after the domain, from its first slash on. */
static bool
path_is_good(const char *path, bool may_end_in_wildcard)
{
    size_t n_segments = 0;
    while (*path == '/') {
        const char *segment = path + 1;
        size_t size = strcspn(segment, "/");
        bool is_wildcard = may_end_in_wildcard && strcmp(segment, "*") == 0;
        if (!is_wildcard && !segment_is_good(segment, size)) {
            return false;
        }
        n_segments++;
        path = segment + size;
    }
    return n_segments >= 1 && n_segments <= IDENTITY_SEGMENTS_MAX;
}

bool
identity_name_is_full(const char *text)
{
    size_t size = 0;
    const char *domain = name_domain(text, &size);
    return domain != NULL && path_is_good(domain + size, false);
}

bool
identity_name_is_pattern(const char *text)
{
    size_t size = 0;
    const char *domain = name_domain(text, &size);
    return domain != NULL && path_is_good(domain + size, true);
}

const char *
identity_name_domain(const char *name, struct arena *arena)
{
    size_t size = 0;
    const char *domain = name_domain(name, &size);
    return arena_copy_n(arena, domain, size);
}

size_t
identity_name_patterns(const char *name, struct arena *arena, const char **patterns)
{
    size_t n_patterns = 0;
    patterns[n_patterns++] = name;
    size_t first_slash = 0;
    const char *domain = name_domain(name, &first_slash);
    const char *path = domain + first_slash;
    for (const char *end = strrchr(path, '/'); end != NULL;) {
        patterns[n_patterns++] = arena_print(arena, "%.*s/*", (int)(end - name), name);
        end = end == path ? NULL : memrchr(path, '/', (size_t)(end - path));
    }
    return n_patterns;
}
