#include "tests/server/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/wire.h"

struct station *reader_station;

int
reader_set_up(void **state)
{
    (void)state;
    reader_station = station_open(NULL);
    return 0;
}

int
reader_tear_down(void **state)
{
    (void)state;
    station_close(reader_station);
    return 0;
}

void
reader_station_with(const char *name, const char *value)
{
    const char *change[] = {name, value, NULL};
    station_close(reader_station);
    reader_station = station_open(change);
}

Kontor__V1__WatchRequest
reader_request(Kontor__V1__Position *position, int64_t seq)
{
    Kontor__V1__WatchRequest request = KONTOR__V1__WATCH_REQUEST__INIT;
    kontor__v1__position__init(position);
    position->seq = seq;
    request.after = position;
    request.follow = true;
    return request;
}

struct reader
reader_begin(struct wire_client *client, const Kontor__V1__WatchRequest *request)
{
    return (struct reader){
        .call = wire_start(client, WATCH,
                           wire_pack(&request->base, reader_station->h->arena), NULL)};
}

struct reader
reader_begin_at(struct wire_client *client, int64_t seq)
{
    Kontor__V1__Position position;
    Kontor__V1__WatchRequest request = reader_request(&position, seq);
    return reader_begin(client, &request);
}

bool
reader_next_response(struct reader *reader)
{
    struct bytes message;
    struct faults faults = {.arena = reader_station->h->arena};
    reader->next = 0;
    reader->response = NULL;
    if (!wire_next_message(reader->call, &message)) {
        return false;
    }
    /* The strict reader: the pieces the server joins must be a well-formed message. */
    reader->response = (Kontor__V1__WatchResponse *)wire_unpack(
        &kontor__v1__watch_response__descriptor, message, &wire_stored_limits,
        reader_station->h->arena, &faults);
    if (reader->response == NULL) {
        fail_msg("%s %s", faults.rows[0].path, faults.rows[0].description);
    }
    const Kontor__V1__Position *position = reader->response->position;
    if (position != NULL) {
        assert_true(position->seq >= reader->position);
        reader->position = position->seq;
        reader->n_positions++;
        (void)snprintf(reader->tag, sizeof reader->tag, "%s", position->scope_tag);
    }
    return true;
}

Kontor__V1__RecordChange *
reader_next(struct reader *reader)
{
    while (reader->response == NULL || reader->next == reader->response->n_changes) {
        if (!reader_next_response(reader)) {
            return NULL;
        }
    }
    return reader->response->changes[reader->next++];
}

struct wire_result
reader_stop(struct reader *reader)
{
    return wire_cancel(reader->call);
}

struct wire_result
reader_refused(struct wire_client *client, const Kontor__V1__WatchRequest *request)
{
    struct reader reader = reader_begin(client, request);
    assert_false(reader_next_response(&reader));
    return wire_end(reader.call);
}
