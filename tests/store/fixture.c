#include "tests/store/fixture.h"

#include <ftw.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/wire.h"

const struct kind fixture_kinds[] = {
    {
        .name = "paper",
        .internal = (const uint8_t[]){9, 0},
        .has_history = true,
        .declared = {{"name", DECLARED_TEXT, {5}},
                     {"rank", DECLARED_INTEGER, {6}},
                     {"due", DECLARED_TIME, {7}},
                     {"owner", DECLARED_TEXT, {8, 1}}},
        .indexes = {{"name", {"name"}},
                    {"rank", {"rank"}},
                    {"owner_rank", {"owner", "rank"}},
                    {"due", {"due"}}},
    },
    {
        .name = "drawer",
        .internal = (const uint8_t[]){9, 0},
        .declared = {{"rank", DECLARED_INTEGER, {6}}, {"due", DECLARED_TIME, {7}}},
        .indexes = {{"rank", {"rank"}},
                    {"own_due", {"due"}, INDEX_OWN},
                    {"callers_rank", {"rank", "due"}, INDEX_CALLERS}},
    },
    {.name = "seal"},
    {
        .name = "letter",
        .has_history = true,
        .is_final = true,
        .declared = {{"rank", DECLARED_INTEGER, {6}}},
        .indexes = {{"rank", {"rank"}}},
    },
    {.name = NULL},
};

static int64_t
fixture_now(void *context)
{
    struct fixture *fixture = context;
    return atomic_load(&fixture->now_ms);
}

static void
fixture_random(void *context, void *buffer, size_t size)
{
    struct fixture *fixture = context;
    uint8_t *out = buffer;
    for (size_t i = 0; i < size; i++) {
        uint64_t state = atomic_fetch_add(&fixture->random_state, 0x9e3779b97f4a7c15U);
        state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9U;
        out[i] = (uint8_t)(state >> 56);
    }
}

static void
fixture_start(struct fixture *fixture)
{
    char error[256] = "";
    enum status status = store_inner_open(&fixture->options, &fixture->mode,
                                          &fixture->store, error, sizeof error);
    if (status != STATUS_OK) {
        fail_msg("cannot open %s: %s", fixture->uri, error);
    }
    assert_int_equal(store_reader_open(fixture->store, &fixture->reader), STATUS_OK);
}

void
fixture_open(struct fixture *fixture, const struct fixture_backend *backend)
{
    *fixture = (struct fixture){.backend = backend};
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/kontor-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    backend->address(fixture->folder, "store", fixture->uri, sizeof fixture->uri);
    atomic_store(&fixture->now_ms, 1700000000000);
    fixture->options = (struct store_options){
        .uri = fixture->uri,
        .kinds = fixture_kinds,
        .now_ms = fixture_now,
        .now_context = fixture,
        .random = fixture_random,
        .random_context = fixture,
    };
    fixture->arena = arena_new();
    fixture_start(fixture);
}

static int
fixture_remove(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void
fixture_shut(struct fixture *fixture)
{
    store_reader_close(fixture->reader);
    store_close(fixture->store);
    fixture->reader = NULL;
    fixture->store = NULL;
}

void
fixture_close(struct fixture *fixture)
{
    fixture_shut(fixture);
    arena_free(fixture->arena);
    if (fixture->backend->clear != NULL) {
        fixture->backend->clear(fixture->folder);
    }
    (void)nftw(fixture->folder, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
}

void
fixture_reopen(struct fixture *fixture)
{
    fixture_shut(fixture);
    fixture_start(fixture);
}

const char *
fixture_address(struct fixture *fixture, const char *name)
{
    char *address = arena_alloc(fixture->arena, FIXTURE_URI);
    fixture->backend->address(fixture->folder, name, address, FIXTURE_URI);
    return address;
}

/* One case on one backend. */
struct fixture_pair {
    const struct fixture_backend *backend;
    const struct fixture_case *row;
};

static void
fixture_run_pair(void **state)
{
    const struct fixture_pair *pair = *state;
    const struct fixture_backend *backend = pair->backend;
    const char *missing = backend->missing == NULL ? NULL : backend->missing();
    if (missing != NULL) {
        print_message("%s is not tested: %s\n", backend->name, missing);
        skip();
    }
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture_open(fixture, backend);
    pair->row->run(fixture);
    fixture_close(fixture);
    free(fixture);
}

const struct fixture_backend *
fixture_backend(const char *name)
{
    const struct fixture_backend *backend = fixture_backends;
    while (backend->name != NULL && strcmp(backend->name, name) != 0) {
        backend++;
    }
    if (backend->name == NULL) {
        fail_msg("no row of fixture_backends is named %s", name);
    }
    return backend;
}

int
fixture_run_on(const struct fixture_backend *backend, const char *group,
               const struct fixture_case *cases, size_t n_cases)
{
    char name[64];
    struct CMUnitTest *tests = calloc(n_cases, sizeof *tests);
    struct fixture_pair *pairs = calloc(n_cases, sizeof *pairs);
    for (size_t i = 0; i < n_cases; i++) {
        pairs[i] = (struct fixture_pair){backend, &cases[i]};
        tests[i] = (struct CMUnitTest){.name = cases[i].name,
                                       .test_func = fixture_run_pair,
                                       .initial_state = &pairs[i]};
    }
    (void)snprintf(name, sizeof name, "%s on %s", group, backend->name);
    /* The macro wants an array; this is the function behind it. */
    int n_failed = _cmocka_run_group_tests(name, tests, n_cases, NULL, NULL);
    free(pairs);
    free(tests);
    return n_failed;
}

/* A row that was asked for and cannot be tested is told to whoever asked. */
static int
fixture_run_named(const struct fixture_backend *backend, const char *group,
                  const struct fixture_case *cases, size_t n_cases)
{
    const char *missing = backend->missing == NULL ? NULL : backend->missing();
    if (missing == NULL) {
        return fixture_run_on(backend, group, cases, n_cases);
    }
    (void)printf("%s is not tested: %s\n", backend->name, missing);
    return FIXTURE_SKIPPED;
}

int
fixture_run(const char *group, const struct fixture_case *cases, size_t n_cases)
{
    int n_failed = 0;
    const char *name = getenv("KONTOR_TEST_BACKEND");
    if (name != NULL) {
        return fixture_run_named(fixture_backend(name), group, cases, n_cases);
    }
    for (const struct fixture_backend *row = fixture_backends; row->name != NULL;
         row++) {
        n_failed += row->is_peer ? 0 : fixture_run_on(row, group, cases, n_cases);
    }
    return n_failed;
}

static void
ticket_end(struct work *work, const struct outcome *outcome)
{
    struct ticket *ticket = (struct ticket *)work;
    pthread_mutex_lock(&ticket->lock);
    ticket->status = outcome->status;
    ticket->is_replay = outcome->is_replay;
    ticket->has_commit = outcome->commit != NULL;
    if (outcome->commit != NULL) {
        ticket->seq = outcome->commit->seq;
        ticket->at_ms = store_time_ms(outcome->commit->at);
        memcpy(ticket->hash, outcome->commit->hash.data, sizeof ticket->hash);
    }
    ticket->is_done = true;
    pthread_cond_signal(&ticket->ended);
    pthread_mutex_unlock(&ticket->lock);
}

void
ticket_init(struct ticket *ticket)
{
    *ticket = (struct ticket){.work = {.done = ticket_end}};
    pthread_mutex_init(&ticket->lock, NULL);
    pthread_cond_init(&ticket->ended, NULL);
}

void
ticket_done(struct ticket *ticket)
{
    pthread_cond_destroy(&ticket->ended);
    pthread_mutex_destroy(&ticket->lock);
}

enum status
ticket_submit(struct fixture *fixture, struct ticket *ticket)
{
    return store_submit(fixture->store, &ticket->work);
}

void
ticket_wait(struct ticket *ticket)
{
    pthread_mutex_lock(&ticket->lock);
    while (!ticket->is_done) {
        pthread_cond_wait(&ticket->ended, &ticket->lock);
    }
    pthread_mutex_unlock(&ticket->lock);
}

static size_t
doc_sized(uint8_t *out, uint32_t field, const void *data, size_t size)
{
    size_t used = wire_varint(field << 3 | 2, out);
    used += wire_varint(size, out + used);
    memcpy(out + used, data, size);
    return used + size;
}

static size_t
doc_number(uint8_t *out, uint32_t field, int64_t value)
{
    size_t used = wire_varint(field << 3, out);
    return used + wire_varint((uint64_t)value, out + used);
}

static size_t
doc_text(uint8_t *out, uint32_t field, const char *text)
{
    return text == NULL ? 0 : doc_sized(out, field, text, strlen(text));
}

struct bytes
fixture_doc(struct fixture *fixture, const char *name, int64_t rank, int64_t due_ms,
            const char *owner, const char *secret)
{
    uint8_t inner[1024];
    size_t room = 128 + (name == NULL ? 0 : strlen(name)) +
                  (secret == NULL ? 0 : strlen(secret)) + 1024;
    uint8_t *out = arena_alloc(fixture->arena, room);
    size_t used = doc_text(out, 5, name);
    used += rank == 0 ? 0 : doc_number(out + used, 6, rank);
    /* The internal field stands in the middle, so that splitting has something to do.
     */
    used += doc_text(out + used, 9, secret);
    if (due_ms != 0) {
        size_t size = doc_number(inner, 1, due_ms / 1000);
        size += doc_number(inner + size, 2, due_ms % 1000 * 1000000);
        used += doc_sized(out + used, 7, inner, size);
    }
    if (owner != NULL) {
        size_t size = doc_text(inner, 1, owner);
        used += doc_sized(out + used, 8, inner, size);
    }
    return (struct bytes){out, used};
}

/* Splits at spaces; n may be 0. */
static char **
fixture_split(struct fixture *fixture, const char *strings, size_t *n)
{
    char **out = arena_alloc(fixture->arena, (strlen(strings) / 2 + 1) * sizeof *out);
    *n = 0;
    for (const char *at = strings; *at != '\0';) {
        size_t size = strcspn(at, " ");
        out[(*n)++] = arena_copy_n(fixture->arena, at, size);
        at += size;
        at += strspn(at, " ");
    }
    return out;
}

struct scopes
fixture_scopes(struct fixture *fixture, const char *strings)
{
    struct scopes scopes;
    scopes.strings =
        (const char *const *)fixture_split(fixture, strings, &scopes.n_strings);
    return scopes;
}

void
draft_add(struct fixture *fixture, struct draft *draft, Kontor__V1__Change__Op op,
          const struct kind *kind, const char *id, int64_t was, const char *scope,
          struct bytes doc)
{
    struct draft_change *changes =
        arena_alloc(fixture->arena, (draft->n_changes + 1) * sizeof *changes);
    if (draft->n_changes > 0) {
        memcpy(changes, draft->changes, draft->n_changes * sizeof *changes);
    }
    struct draft_change *change = &changes[draft->n_changes++];
    *change = (struct draft_change){.kind = kind, .op = op, .was = was, .doc = doc};
    change->id = arena_copy(fixture->arena, id);
    change->scope = fixture_split(fixture, scope, &change->n_scope);
    draft->changes = changes;
}

void
draft_add_check(struct fixture *fixture, struct draft *draft, const struct kind *kind,
                const char *id, int64_t revision)
{
    struct draft_check *checks =
        arena_alloc(fixture->arena, (draft->n_checks + 1) * sizeof *checks);
    if (draft->n_checks > 0) {
        memcpy(checks, draft->checks, draft->n_checks * sizeof *checks);
    }
    checks[draft->n_checks++] =
        (struct draft_check){kind, arena_copy(fixture->arena, id), revision};
    draft->checks = checks;
}

void
draft_add_soft(struct fixture *fixture, struct draft *draft, const char *key,
               int64_t value)
{
    struct draft_soft *softs =
        arena_alloc(fixture->arena, (draft->n_softs + 1) * sizeof *softs);
    if (draft->n_softs > 0) {
        memcpy(softs, draft->softs, draft->n_softs * sizeof *softs);
    }
    softs[draft->n_softs++] =
        (struct draft_soft){arena_copy(fixture->arena, key), value};
    draft->softs = softs;
}

void
draft_set_eid(struct draft *draft, uint64_t eid, uint64_t request)
{
    memcpy(draft->eid, &eid, sizeof eid);
    draft->eid[15] = 1;
    memset(draft->request, 0, sizeof draft->request);
    memcpy(draft->request, &request, sizeof request);
    draft->has_request = true;
}

struct draft
fixture_draft(struct fixture *fixture, const struct kind *kind, const char *id,
              int64_t was, const char *scope, struct bytes doc)
{
    struct draft draft = {.actor = "acme/tester"};
    draft_add(fixture, &draft, KONTOR__V1__CHANGE__OP__PUT, kind, id, was, scope, doc);
    return draft;
}

enum status
fixture_commit(struct fixture *fixture, struct draft draft, int64_t *seq)
{
    struct ticket ticket;
    ticket_init(&ticket);
    ticket.work.draft = draft;
    ticket.work.is_decided = true;
    enum status status = ticket_submit(fixture, &ticket);
    if (status == STATUS_OK) {
        ticket_wait(&ticket);
        status = ticket.status;
    }
    if (seq != NULL) {
        *seq = ticket.seq;
    }
    ticket_done(&ticket);
    return status;
}

int64_t
fixture_put(struct fixture *fixture, const struct kind *kind, const char *id,
            int64_t was, const char *scope, struct bytes doc)
{
    int64_t seq = 0;
    assert_int_equal(fixture_commit(fixture,
                                    fixture_draft(fixture, kind, id, was, scope, doc),
                                    &seq),
                     STATUS_OK);
    assert_true(seq > 0);
    return seq;
}

int64_t
fixture_delete(struct fixture *fixture, const struct kind *kind, const char *id,
               int64_t was)
{
    int64_t seq = 0;
    struct draft draft = {.actor = "acme/tester"};
    draft_add(fixture, &draft, KONTOR__V1__CHANGE__OP__DELETE, kind, id, was, "",
              (struct bytes){NULL, 0});
    assert_int_equal(fixture_commit(fixture, draft, &seq), STATUS_OK);
    return seq;
}

const char *
fixture_ids(struct fixture *fixture, const struct page *page)
{
    const char *ids = "";
    for (size_t i = 0; i < page->n_documents; i++) {
        ids = arena_print(fixture->arena, "%s%s%s", ids, i == 0 ? "" : " ",
                          page->documents[i].id);
    }
    return ids;
}
