/* A provider's agent: makes a directory for every volume that was ordered.
 * cc agent.c $(pkg-config --cflags --libs kontor) -o agent */
#include <errno.h>
#include <kontor/kontor.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Every attempt has the same intent, so two can never make two volumes. */
static char *
path_of(const struct kontor_job *job, const char *root, char path[512])
{
    snprintf(path, 512, "%s/%s", root, kontor_job_claimed(job)->intent);
    return path;
}

static enum kontor_result
lookup(struct kontor_job *job, void *root)
{
    char path[512];
    struct stat found;
    if (stat(path_of(job, root, path), &found) != 0) {
        return errno == ENOENT ? KONTOR_ABSENT : KONTOR_NOBODY_KNOWS;
    }
    return kontor_job_backend_id(job, path) ? KONTOR_DONE : KONTOR_RETRY;
}

static enum kontor_result
provision(struct kontor_job *job, void *root)
{
    char path[512];
    bool is_made = mkdir(path_of(job, root, path), 0700) == 0 || errno == EEXIST;
    return is_made && kontor_job_backend_id(job, path) ? KONTOR_DONE : KONTOR_RETRY;
}

int
main(int argc, char **argv)
{
    struct kontor_options where = {.server = getenv("KONTOR_SERVER")};
    where.ca_file = getenv("KONTOR_CA");
    where.cert_file = getenv("KONTOR_CERT");
    where.key_file = getenv("KONTOR_KEY");
    struct kontor_agent_options what = {.provision = provision, .lookup = lookup};
    what.offers = (const char *const *)&argv[1];
    what.n_offers =
        argc == 3 ? 1 : 0; /* None: kontor_agent_new says what is missing. */
    what.context = argv[argc - 1];
    struct kontor *kontor = NULL;
    struct kontor_agent *agent = NULL;
    struct kontor_error error = {0};
    if (kontor_connect(&where, &kontor, &error) == KONTOR_OK &&
        kontor_agent_new(kontor, &what, &agent, &error) == KONTOR_OK) {
        kontor_agent_run(agent, &error);
    }
    fprintf(stderr, "agent: %s\n", error.message);
    kontor_agent_free(agent);
    kontor_free(kontor);
    return (int)error.status;
}
