#include "tests/client/watch_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const watch_path = "/kontor.v1.CatalogueService/Watch";
struct watch_rig rig;

static void
send_position(struct fake_call *call, int64_t seq)
{
    Kontor__V1__Position position = KONTOR__V1__POSITION__INIT;
    position.seq = seq;
    position.scope_tag = (char *)(uintptr_t) "tag-1";
    Kontor__V1__WatchResponse response = KONTOR__V1__WATCH_RESPONSE__INIT;
    response.position = &position;
    fake_send(call, &response.base);
}

static void
send_change(struct fake_call *call, const struct history *it, size_t i)
{
    char id[32];
    snprintf(id, sizeof id, "alpine/%zu", i);
    Kontor__V1__RecordChange change = KONTOR__V1__RECORD_CHANGE__INIT;
    change.seq = it->seqs[i];
    change.id = id;
    change.kind = (char *)(uintptr_t) "service";
    change.op = KONTOR__V1__RECORD_CHANGE__OP__PUT;
    change.more = i + 1 < it->n_changes && it->seqs[i + 1] == it->seqs[i];
    Kontor__V1__RecordChange *changes[] = {&change};
    Kontor__V1__WatchResponse response = KONTOR__V1__WATCH_RESPONSE__INIT;
    response.changes = changes;
    response.n_changes = 1;
    fake_send(call, &response.base);
}

static size_t
first_after(const struct history *it, int64_t seq)
{
    size_t i = 0;
    while (i < it->n_changes && it->seqs[i] <= seq) {
        i++;
    }
    return i >= (size_t)it->repeat ? i - (size_t)it->repeat : 0;
}

static void
end_stream(struct fake_call *call, const struct stream *stream)
{
    switch (stream->ending) {
    case END_HANG:
        fake_wait_gone(call);
        break;
    case END_OK:
        fake_end(call);
        break;
    case END_CUT:
        fake_cut(call->fake);
        break;
    case END_FAIL:
        fake_fail(call, stream->status, stream->reason, "over");
        break;
    }
}

/* Notes that a stream was opened; false: it belongs to a test that is over. */
static bool
open_stream(int test, int64_t after, const char *scope_tag, struct history *copy,
            struct stream *stream)
{
    pthread_mutex_lock(&rig.mutex);
    bool is_of_now = test == rig.test || test == ANY_TEST;
    if (is_of_now) {
        int n = rig.it.n_opened++;
        if (n < 64) {
            rig.it.after[n] = after;
            snprintf(rig.it.scope_tags[n], sizeof rig.it.scope_tags[n], "%s",
                     scope_tag);
        }
        *copy = rig.it;
        *stream = copy->streams[n < copy->n_streams ? n : copy->n_streams - 1];
        pthread_cond_broadcast(&rig.changed);
    }
    pthread_mutex_unlock(&rig.mutex);
    return is_of_now;
}

static void
handle_watch(struct fake_call *call)
{
    const Kontor__V1__WatchRequest *request =
        (const Kontor__V1__WatchRequest *)call->request;
    struct history it;
    struct stream stream;
    int64_t after = request->after == NULL ? -1 : request->after->seq;
    const char *scope_tag = request->after == NULL ? "" : request->after->scope_tag;
    if (!open_stream(atoi(request->id_prefix), after, scope_tag, &it, &stream)) {
        return;
    }
    send_position(call, after < 0 ? 0 : after);
    size_t from = first_after(&it, after);
    for (size_t i = from; i < it.n_changes && i < from + stream.n_changes; i++) {
        send_change(call, &it, i);
    }
    if (stream.ending == END_HANG || stream.ending == END_OK) {
        send_position(call, it.head);
    }
    end_stream(call, &stream);
}

static void
handle_log(struct fake_call *call)
{
    const Kontor__V1__ReadLogRequest *request =
        (const Kontor__V1__ReadLogRequest *)call->request;
    struct history it;
    struct stream stream;
    if (!open_stream(ANY_TEST, request->after, "", &it, &stream)) {
        return;
    }
    Kontor__V1__History history = KONTOR__V1__HISTORY__INIT;
    history.first_seq = 1;
    Kontor__V1__History *histories[] = {&history};
    Kontor__V1__ReadLogResponse start = KONTOR__V1__READ_LOG_RESPONSE__INIT;
    start.histories = histories;
    start.n_histories = 1;
    fake_send(call, &start.base);
    for (size_t i = 0; i < stream.n_changes; i++) {
        Kontor__V1__Commit commit = KONTOR__V1__COMMIT__INIT;
        commit.seq = request->after + 1 + (int64_t)i;
        Kontor__V1__Commit *commits[] = {&commit};
        Kontor__V1__ReadLogResponse response = KONTOR__V1__READ_LOG_RESPONSE__INIT;
        response.commits = commits;
        response.n_commits = 1;
        fake_send(call, &response.base);
    }
    end_stream(call, &stream);
}

static void
handle(struct fake_call *call, void *context)
{
    (void)context;
    if (strcmp(call->path, watch_path) == 0) {
        handle_watch(call);
    } else {
        handle_log(call);
    }
}

int
setup(void **state)
{
    (void)state;
    pthread_mutex_init(&rig.mutex, NULL);
    pthread_cond_init(&rig.changed, NULL);
    rig.fake = fake_start(handle, NULL);
    rig.kontor = fake_connect(rig.fake);
    return 0;
}

int
teardown(void **state)
{
    (void)state;
    kontor_free(rig.kontor);
    fake_stop(rig.fake);
    return 0;
}

/* Begins a test: its history and the streams; the last stream is repeated. */
void
broker(const int64_t *seqs, size_t n, const struct stream *streams, int n_streams)
{
    pthread_mutex_lock(&rig.mutex);
    rig.test++;
    memset(&rig.it, 0, sizeof rig.it);
    memcpy(rig.it.seqs, seqs, n * sizeof *seqs);
    rig.it.n_changes = n;
    rig.it.head = n == 0 ? 0 : seqs[n - 1];
    memcpy(rig.it.streams, streams, (size_t)n_streams * sizeof *streams);
    rig.it.n_streams = n_streams;
    pthread_mutex_unlock(&rig.mutex);
}

void
broker_repeats(int n)
{
    pthread_mutex_lock(&rig.mutex);
    rig.it.repeat = n;
    pthread_mutex_unlock(&rig.mutex);
}

void
broker_stops_at(int64_t head)
{
    pthread_mutex_lock(&rig.mutex);
    rig.it.head = head;
    pthread_mutex_unlock(&rig.mutex);
}

/* What the broker saw so far. */
struct history
seen(void)
{
    pthread_mutex_lock(&rig.mutex);
    struct history copy = rig.it;
    pthread_mutex_unlock(&rig.mutex);
    return copy;
}
