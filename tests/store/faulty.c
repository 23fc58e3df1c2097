#include "tests/store/faulty.h"

#include <time.h>

enum { SOCKET_MS = 150, BACK_MS = 10000, LOOK_MS = 50 };

struct mongod *faulty_mongod;

void
faulty_address(const char *folder, const char *name, int socket_ms, char *out,
               size_t size)
{
    const struct mongod_options options = {.is_replica_set = true};
    if (faulty_mongod == NULL) {
        faulty_mongod = mongod_start(&options);
        assert_non_null(faulty_mongod);
    }
    (void)snprintf(out, size,
                   "mongodb://127.0.0.1:%u/%s-%s?replicaSet=rs0&socketTimeoutMS=%d&"
                   "serverSelectionTimeoutMS=1000",
                   (unsigned)mongod_port(faulty_mongod), strrchr(folder, '/') + 1, name,
                   socket_ms);
}

void
faulty_collection(const struct fixture *fixture, const char *collection, char *out,
                  size_t size)
{
    (void)snprintf(out, size, "%s-store.%s", strrchr(fixture->folder, '/') + 1,
                   collection);
}

void
faulty_post_when_back(void *context, bool is_away)
{
    if (!is_away) {
        sem_post(context);
    }
}

enum status
faulty_commit_when_back(struct fixture *fixture, sem_t *back, struct draft draft)
{
    enum status status = STATUS_UNAVAILABLE;
    for (int i = 0; i < BACK_MS / LOOK_MS && status == STATUS_UNAVAILABLE; i++) {
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LOOK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        (void)sem_timedwait(back, &until);
        status = fixture_commit(fixture, draft, NULL);
    }
    return status;
}

static void
own_address(const char *folder, const char *name, char *out, size_t size)
{
    faulty_address(folder, name, SOCKET_MS, out, size);
    /* What a case that failed left behind. */
    mongod_script(faulty_mongod, NULL, 0);
    mongod_settle(faulty_mongod);
}

static void
clear(const char *folder)
{
    (void)folder;
    const char *refused = mongod_refused(faulty_mongod);
    if (refused != NULL) {
        fail_msg("the server refused %s", refused);
    }
    mongod_script(faulty_mongod, NULL, 0);
    mongod_settle(faulty_mongod);
    mongod_wipe(faulty_mongod);
}

static const struct fixture_backend faulty = {.name = "mongodb with faults",
                                              .backend = "mongodb",
                                              .address = own_address,
                                              .clear = clear};

int
faulty_run(const char *group, const struct fixture_case *cases, size_t n_cases)
{
    int n_failed = fixture_run_on(&faulty, group, cases, n_cases);
    mongod_stop(faulty_mongod);
    return n_failed;
}
