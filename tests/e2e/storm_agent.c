/*
 * A provider's agent for tests that kill it: libkontor's loop over a backend in a
 * folder, where one file is one name and one line is one thing that happened to it
 * (ledger.py). The line is the creation itself, by one write at the file's end, so that
 * a kill leaves either both or nothing, and so that nothing keeps an agent from
 * creating twice: it is counted.
 *
 * usage: storm_agent --backend FOLDER --name NAME --seed N [--trouble PERCENT]
 *                    [--slow MS] [--plant FAULT]... OFFER...
 * FAULT: blind (does not look before it creates), messy (removes nothing),
 * stuck (never comes back from a creation).
 * Ends with its standard input, so that it never outlives a test that was killed.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/kontor.h"

enum { PATH_SIZE = 4096, LINE_SIZE = 128, LEASE_S = 5, HANDS = 4, MAX_OFFERS = 8 };

struct storm {
    const char *backend;
    const char *name;
    uint64_t seed;
    int trouble;
    int slow_ms;
    bool is_blind, is_messy, is_stuck;
    atomic_uint_fast64_t n_drawn;
    const char *offers[MAX_OFFERS];
    size_t n_offers;
};

/* ---- Chance ---- */

/* SplitMix64 (Steele, Lea, Flood 2014): the nth number of a seed, so that threads share
 * nothing but a counter. */
static int
draw(struct storm *storm, int below)
{
    uint64_t n = atomic_fetch_add(&storm->n_drawn, 1) + 1;
    uint64_t z = storm->seed + n * 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (int)((z ^ (z >> 31)) % (uint64_t)below);
}

/* Work takes its time, and ends when the job is lost; answers whether it still holds.
 */
static bool
work(struct storm *storm, struct kontor_job *job)
{
    struct pollfd lost = {.fd = kontor_job_lost_fd(job), .events = POLLIN};
    (void)poll(&lost, 1, draw(storm, storm->slow_ms + 1));
    return kontor_job_remaining_ms(job) > 0;
}

/* Now and then a backend is in trouble; DONE: it is not. */
static enum kontor_result
trouble(struct storm *storm, struct kontor_job *job, bool may_end)
{
    static const enum kontor_result kinds[] = {KONTOR_RETRY, KONTOR_NOBODY_KNOWS,
                                               KONTOR_NEVER};
    if (draw(storm, 100) >= storm->trouble) {
        return KONTOR_DONE;
    }
    kontor_job_reason(job, "the backend is in trouble");
    return kinds[draw(storm, may_end ? 3 : 2)];
}

/* ---- The backend ---- */

static void
path_of(const struct storm *storm, struct kontor_job *job, char path[PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "%s/%s", storm->backend,
                   kontor_job_claimed(job)->intent);
}

/* One line, by one write: what happens to the object is this line. */
static void
tell(const struct storm *storm, struct kontor_job *job, const char *what)
{
    char path[PATH_SIZE];
    char line[LINE_SIZE];
    path_of(storm, job, path);
    int size = snprintf(line, sizeof line, "%s %s %d\n", what, storm->name,
                        (int)kontor_job_claimed(job)->attempt);
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0 || write(file, line, (size_t)size) != size) {
        perror(path);
        _exit(1);
    }
    close(file);
}

static bool
exists(const struct storm *storm, struct kontor_job *job)
{
    char path[PATH_SIZE];
    char line[LINE_SIZE];
    bool found = false;
    path_of(storm, job, path);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        found = strncmp(line, "create ", 7) == 0 ||
                (found && strncmp(line, "remove ", 7) != 0);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return found;
}

/* ---- Callbacks ---- */

static enum kontor_result
lookup(struct kontor_job *job, void *context)
{
    struct storm *storm = context;
    if (storm->is_blind) {
        return KONTOR_ABSENT;
    }
    enum kontor_result result = trouble(storm, job, false);
    if (result != KONTOR_DONE) {
        return result;
    }
    bool found = exists(storm, job);
    tell(storm, job, found ? "found" : "absent");
    if (!found) {
        return KONTOR_ABSENT;
    }
    return kontor_job_backend_id(job, kontor_job_claimed(job)->intent) ? KONTOR_DONE
                                                                       : KONTOR_RETRY;
}

static enum kontor_result
provision(struct kontor_job *job, void *context)
{
    struct storm *storm = context;
    enum kontor_result result = trouble(storm, job, true);
    if (result != KONTOR_DONE) {
        return result;
    }
    if (!work(storm, job)) {
        return KONTOR_NOBODY_KNOWS;
    }
    tell(storm, job, "create");
    while (storm->is_stuck) {
        pause();
    }
    (void)work(storm, job);
    result = trouble(storm, job, true);
    if (result == KONTOR_DONE &&
        !kontor_job_backend_id(job, kontor_job_claimed(job)->intent)) {
        return KONTOR_RETRY;
    }
    return result;
}

static enum kontor_result
take_away(struct kontor_job *job, void *context)
{
    struct storm *storm = context;
    enum kontor_result result = trouble(storm, job, false);
    if (result != KONTOR_DONE || !work(storm, job)) {
        return result == KONTOR_DONE ? KONTOR_NOBODY_KNOWS : result;
    }
    if (!storm->is_messy) {
        tell(storm, job, exists(storm, job) ? "remove" : "gone");
    }
    return KONTOR_DONE;
}

/* ---- The run ---- */

static void *
end_with_input(void *unused)
{
    char byte;
    (void)unused;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    _exit(0);
}

static void
plant(struct storm *storm, const char *fault)
{
    storm->is_blind = storm->is_blind || strcmp(fault, "blind") == 0;
    storm->is_messy = storm->is_messy || strcmp(fault, "messy") == 0;
    storm->is_stuck = storm->is_stuck || strcmp(fault, "stuck") == 0;
}

static void
take_option(struct storm *storm, const char *name, const char *value)
{
    if (strcmp(name, "--backend") == 0) {
        storm->backend = value;
    } else if (strcmp(name, "--name") == 0) {
        storm->name = value;
    } else if (strcmp(name, "--seed") == 0) {
        storm->seed = strtoull(value, NULL, 10);
    } else if (strcmp(name, "--trouble") == 0) {
        storm->trouble = (int)strtol(value, NULL, 10);
    } else if (strcmp(name, "--slow") == 0) {
        storm->slow_ms = (int)strtol(value, NULL, 10);
    } else if (strcmp(name, "--plant") == 0) {
        plant(storm, value);
    } else {
        fprintf(stderr, "storm_agent: there is no %s\n", name);
        _exit(2);
    }
}

/* Options first, each with its value; the rest are offers. */
static void
take_words(struct storm *storm, int argc, char **argv)
{
    int i = 1;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        take_option(storm, argv[i], argv[i + 1]);
    }
    for (; i < argc && storm->n_offers < MAX_OFFERS; i++) {
        storm->offers[storm->n_offers++] = argv[i];
    }
}

int
main(int argc, char **argv)
{
    struct storm storm = {.backend = "", .name = ""};
    take_words(&storm, argc, argv);
    const struct kontor_options where = {.server = getenv("KONTOR_SERVER"),
                                         .ca_file = getenv("KONTOR_CA"),
                                         .cert_file = getenv("KONTOR_CERT"),
                                         .key_file = getenv("KONTOR_KEY")};
    const struct kontor_agent_options what = {.offers = storm.offers,
                                              .n_offers = storm.n_offers,
                                              .max_parallel = HANDS,
                                              .lease_seconds = LEASE_S,
                                              .provision = provision,
                                              .lookup = lookup,
                                              .remove = take_away,
                                              .context = &storm};
    struct kontor *kontor = NULL;
    struct kontor_agent *agent = NULL;
    struct kontor_error error = {0};
    pthread_t input;
    if (kontor_connect(&where, &kontor, &error) != KONTOR_OK ||
        pthread_create(&input, NULL, end_with_input, NULL) != 0 ||
        kontor_agent_new(kontor, &what, &agent, &error) != KONTOR_OK ||
        kontor_agent_run(agent, &error) != KONTOR_OK) {
        fprintf(stderr, "storm_agent: %s\n",
                error.message == NULL ? "no thread" : error.message);
    }
    /* Nobody stops it but by a kill. */
    return 1;
}
