/*
 * What tests of streams share: a station, and a reader that takes a watch of its toy
 * service change by change.
 *
 * Memory: the station's. Errors: what cannot go wrong fails the test. Threads: the
 * test's.
 */
#ifndef KONTOR_TESTS_SERVER_READER_H
#define KONTOR_TESTS_SERVER_READER_H

#include "kontor/v1/watch.pb-c.h"
#include "tests/server/station.h"

#define WATCH "/kontor.test.Toy/Watch"
#define READ_LOG "/kontor.test.Toy/ReadLog"

extern struct station *reader_station;

struct reader {
    struct wire_call *call;
    Kontor__V1__WatchResponse *response;
    size_t next;
    int64_t position; /* Last told. */
    char tag[128];
    size_t n_positions;
};

/* For cmocka: open and close the station. */
int reader_set_up(void **state);
int reader_tear_down(void **state);
/* Opens the station anew, with another value of one setting. */
void reader_station_with(const char *name, const char *value);
/* A request that follows from a position, which is filled. */
Kontor__V1__WatchRequest reader_request(Kontor__V1__Position *position, int64_t seq);
struct reader reader_begin(struct wire_client *client,
                           const Kontor__V1__WatchRequest *request);
struct reader reader_begin_at(struct wire_client *client, int64_t seq);
/* The next message; false at the end of the stream. */
bool reader_next_response(struct reader *reader);
/* The next change; NULL at the end of the stream. */
Kontor__V1__RecordChange *reader_next(struct reader *reader);
/* Cancels. */
struct wire_result reader_stop(struct reader *reader);
/* Begins a watch that must end without a message. */
struct wire_result reader_refused(struct wire_client *client,
                                  const Kontor__V1__WatchRequest *request);

#endif
