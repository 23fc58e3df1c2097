#include "tests/mongod/bench.h"

#include <string.h>

void
bench_open(struct bench *bench, const struct mongod_options *options)
{
    bench->mongod = mongod_start(options);
    assert_non_null(bench->mongod);
    bench->fd = raw_connect(mongod_port(bench->mongod));
    assert_int_not_equal(bench->fd, -1);
}

void
bench_close(struct bench *bench)
{
    raw_close(bench->fd);
    mongod_stop(bench->mongod);
}

void
bench_expect_failure(struct bench *bench, const char *command, int64_t code,
                     const char *outside)
{
    bson_t reply;
    mongod_forgive(bench->mongod);
    if (!raw_command(bench->fd, command, &reply)) {
        fail_msg("no answer to %s", command);
    }
    if (raw_int(&reply, "ok") != 0 || raw_int(&reply, "code") != code) {
        char *json = bson_as_relaxed_extended_json(&reply, NULL);
        fail_msg("%s is answered with %s", command, json);
    }
    bson_destroy(&reply);
    const char *refused = mongod_refused(bench->mongod);
    if (outside == NULL) {
        assert_null(refused);
    } else if (refused == NULL || strstr(refused, outside) == NULL) {
        fail_msg("%s is remembered as %s", command,
                 refused == NULL ? "nothing" : refused);
    }
    mongod_forgive(bench->mongod);
}
