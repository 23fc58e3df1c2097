#include "certs/dev.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/authority.h"
#include "certs/pemfile.h"

enum {
    DAY_S = 24 * 3600,
    AUTHORITY_DAYS = 3650,
    CERTIFICATE_DAYS = 365,
    /* Clocks of two machines differ: a certificate counts a little before it was made.
     */
    SLACK_S = -300,
};

const struct dev_role dev_roles[] = {
    {"reader", "reader-1"},     {"portal", "web"},
    {"approver", "approver-1"}, {"shifter", "shifter-1"},
    {"operator", "ops-desk"},   {"agent", "agent-1"},
    {"site_admin", "site-1"},   {"certifier", "certifier-1"},
    {"monitor", "monitor-1"},   {"peer", "peer-1"},
    {"admin", "ops"},           {NULL, NULL},
};

const struct dev_registry dev_registries[] = {
    {"alpine", "alpine.example"},
    {"coast", "coast.example"},
    {NULL, NULL},
};

/* One file pair to be: where it goes and who is told about failures. */
struct place {
    const char *directory;
    char *error;
    size_t error_size;
};

static bool
place_fail(const struct place *place, const char *what)
{
    (void)snprintf(place->error, place->error_size, "cannot make %s in %s: %s", what,
                   place->directory, errno != 0 ? strerror(errno) : "OpenSSL refused");
    return false;
}

static bool
place_path(const struct place *place, const char *stem, const char *ending,
           char path[PATH_MAX])
{
    int size = snprintf(path, PATH_MAX, "%s/%s%s", place->directory, stem, ending);
    return size > 0 && size < PATH_MAX;
}

static bool
place_has(const struct place *place, const char *stem)
{
    char certificate[PATH_MAX];
    char key[PATH_MAX];
    return place_path(place, stem, ".pem", certificate) &&
           place_path(place, stem, ".key", key) && access(certificate, F_OK) == 0 &&
           access(key, F_OK) == 0;
}

static bool
place_write(const struct place *place, const char *stem, const struct issued *issued)
{
    char path[PATH_MAX];
    bool is_written = place_path(place, stem, ".key", path) &&
                      pemfile_write(path, issued->key, PEMFILE_SECRET) &&
                      place_path(place, stem, ".pem", path) &&
                      pemfile_write(path, issued->certificate, PEMFILE_PUBLIC);
    return is_written || place_fail(place, stem);
}

static bool
place_issue(const struct place *place, const struct authority *authority,
            const char *stem, const struct profile *profile)
{
    if (place_has(place, stem)) {
        return true;
    }
    struct issued issued = {0};
    errno = 0;
    if (!authority_issue(authority, profile, &issued)) {
        return place_fail(place, stem);
    }
    bool is_written = place_write(place, stem, &issued);
    issued_done(&issued);
    return is_written;
}

static struct authority *
authority_stored(const struct place *place)
{
    char path[PATH_MAX];
    char *certificate =
        place_path(place, "ca", ".pem", path) ? pemfile_read(path) : NULL;
    char *key = place_path(place, "ca", ".key", path) ? pemfile_read(path) : NULL;
    struct authority *authority = NULL;
    if (certificate != NULL && key != NULL) {
        authority = authority_read(certificate, key);
    }
    free(certificate);
    free(key);
    return authority;
}

static struct authority *
authority_made(const struct place *place, const struct dev_registry *registry)
{
    char name[128];
    (void)snprintf(name, sizeof name, "%s development CA", registry->id);
    struct issued issued = {0};
    struct authority *authority =
        authority_new(name, SLACK_S, (int64_t)AUTHORITY_DAYS * DAY_S);
    bool is_good = authority != NULL && authority_pem(authority, &issued) &&
                   place_write(place, "ca", &issued);
    issued_done(&issued);
    if (!is_good) {
        authority_free(authority);
        return NULL;
    }
    return authority;
}

static bool
role_issue(const struct place *place, const struct authority *authority,
           const struct dev_registry *registry, const struct dev_role *role)
{
    char uri[256];
    (void)snprintf(uri, sizeof uri, "spiffe://%s/%s/%s", registry->trust_domain,
                   role->label, role->name);
    struct profile profile = {.name = role->name,
                              .uris = (const char *const[]){uri},
                              .n_uris = 1,
                              .starts_s = SLACK_S,
                              .ends_s = (int64_t)CERTIFICATE_DAYS * DAY_S,
                              .is_client = true};
    return place_issue(place, authority, role->label, &profile);
}

static bool
server_issue(const struct place *place, const struct authority *authority,
             const struct dev_registry *registry)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1", "::1"};
    char uri[256];
    (void)snprintf(uri, sizeof uri, "spiffe://%s/broker/kontord",
                   registry->trust_domain);
    struct profile profile = {.name = "localhost",
                              .uris = (const char *const[]){uri},
                              .n_uris = 1,
                              .hosts = hosts,
                              .n_hosts = sizeof hosts / sizeof hosts[0],
                              .starts_s = SLACK_S,
                              .ends_s = (int64_t)CERTIFICATE_DAYS * DAY_S,
                              .is_server = true};
    return place_issue(place, authority, "server", &profile);
}

static bool
directory_make(const char *directory, char *error, size_t error_size)
{
    if (mkdir(directory, 0755) == 0 || errno == EEXIST) {
        return true;
    }
    (void)snprintf(error, error_size, "cannot make the directory %s: %s", directory,
                   strerror(errno));
    return false;
}

static bool
registry_fill(const struct place *place, const struct dev_registry *registry)
{
    errno = 0;
    struct authority *authority = place_has(place, "ca")
                                      ? authority_stored(place)
                                      : authority_made(place, registry);
    if (authority == NULL) {
        return place_fail(place, "ca");
    }
    bool is_good = true;
    for (const struct dev_role *role = dev_roles; is_good && role->label != NULL;
         role++) {
        is_good = role_issue(place, authority, registry, role);
    }
    bool is_first = registry == dev_registries;
    is_good = is_good && (!is_first || server_issue(place, authority, registry));
    authority_free(authority);
    return is_good;
}

bool
dev_ca(const char *directory, char *error, size_t error_size)
{
    if (!directory_make(directory, error, error_size)) {
        return false;
    }
    for (const struct dev_registry *registry = dev_registries; registry->id != NULL;
         registry++) {
        char inner[PATH_MAX];
        int size = snprintf(inner, sizeof inner, "%s/%s", directory, registry->id);
        if (size < 0 || size >= PATH_MAX) {
            (void)snprintf(error, error_size,
                           "the directory's path is too long; choose another");
            return false;
        }
        struct place place = {inner, error, error_size};
        if (!directory_make(inner, error, error_size) ||
            !registry_fill(&place, registry)) {
            return false;
        }
    }
    return true;
}
