#include "server/catalogue/search.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "catalogue/phase.h"
#include "kontor/v1/catalogue.pb-c.h"
#include "proto/field.h"
#include "proto/text.h"
#include "proto/wire.h"
#include "server/clock.h"

enum {
    BUILD_PAGE = 200,  /* Services read at a time. */
    BUILD_RETRY_S = 1, /* Between attempts when the store is away. */
    TRL_MAX = 99,
};

struct search {
    struct store *store;
    pthread_rwlock_t lock; /* Guards index and position. Writers come first: one of them
                              is the committer. */
    struct search_index *index;
    int64_t position; /* The index holds every service as of here, once it is ready. */
    atomic_bool is_ready;
    struct arena *listening; /* The committer's thread only. */
    pthread_t builder;
    bool is_started;             /* The owner's thread only. */
    struct store_reader *reader; /* The builder's, until it ends. */
    pthread_mutex_t stopping;    /* Guards is_stopped. */
    pthread_cond_t stopped;      /* Told when is_stopped turns true. */
    bool is_stopped;
};

/* ---- Reading a service ---- */

/* What of a service is searched. Contacts are personal and never words; fields of the
 * full view only never are here. */
static const struct {
    const char *field;
    bool is_name;
} searched[] = {
    {"name", true},
    {"abbreviation", true},
    {"tagline", false},
    {"description", false},
    {"scientific_domains", false},
    {"scientific_subdomains", false},
    {"categories", false},
    {"subcategories", false},
    {"target_users", false},
    {"tags", false},
    {"platforms", false},
};

/* The words of a service being gathered. */
struct gathering {
    struct arena *arena;
    struct search_word *words;
    size_t n_words, room;
};

static void
gather_text(struct gathering *gathering, const char *text, bool is_name)
{
    char **words = NULL;
    size_t n_words = 0;
    text_words(text, gathering->arena, &words, &n_words);
    if (gathering->n_words + n_words > gathering->room) {
        struct search_word *wider;
        gathering->room = 2 * (gathering->n_words + n_words);
        wider = arena_alloc(gathering->arena, gathering->room * sizeof(*wider));
        if (gathering->n_words > 0) {
            memcpy(wider, gathering->words, gathering->n_words * sizeof(*wider));
        }
        gathering->words = wider;
    }
    for (size_t i = 0; i < n_words; i++) {
        gathering->words[gathering->n_words++] =
            (struct search_word){.text = words[i], .is_name = is_name};
    }
}

static void
gather_service(struct gathering *gathering, const Kontor__V1__Service *service)
{
    for (size_t i = 0; i < sizeof(searched) / sizeof(searched[0]); i++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(
                &kontor__v1__service__descriptor, searched[i].field);
        size_t n_texts = field_count(&service->base, field);
        for (size_t j = 0; j < n_texts; j++) {
            gather_text(gathering, field_text(field_at(&service->base, field, j)),
                        searched[i].is_name);
        }
    }
    for (size_t i = 0; i < service->n_offers; i++) {
        gather_text(gathering, service->offers[i]->name, false);
        gather_text(gathering, service->offers[i]->description, false);
    }
}

/* The number in a readiness level, however the source writes it: "trl-9", "TRL 9". */
static int64_t
trl_of(const char *text)
{
    size_t at = strcspn(text, "0123456789");
    int64_t number = 0;
    for (; text[at] >= '0' && text[at] <= '9' && number < TRL_MAX; at++) {
        number = 10 * number + (text[at] - '0');
    }
    return number > TRL_MAX ? 0 : number;
}

/* One text as a list; none when it is empty. */
static struct search_texts
only(const char *text, struct arena *arena)
{
    char **texts = arena_alloc(arena, sizeof(*texts));
    texts[0] = (char *)(uintptr_t)text;
    return (struct search_texts){texts, text[0] == '\0' ? 0 : 1};
}

static void
gather_facets(struct search_document *document, const Kontor__V1__Service *service,
              struct arena *arena)
{
    const ProtobufCEnumValue *order_type = protobuf_c_enum_descriptor_get_value(
        &kontor__v1__order_type__descriptor, (int)service->order_type);
    struct search_texts facets[SEARCH_FACETS] = {
        [SEARCH_PROVIDER] = only(service->provider, arena),
        [SEARCH_CATEGORY] = {service->categories, service->n_categories},
        [SEARCH_DOMAIN] = {service->scientific_domains, service->n_scientific_domains},
        [SEARCH_ORDER_TYPE] = only(order_type == NULL ? "" : order_type->name, arena),
        [SEARCH_TRL] = only(service->trl, arena),
        [SEARCH_COUNTRY] = {service->geographical_availabilities,
                            service->n_geographical_availabilities},
        [SEARCH_ACCESS_TYPE] = {service->access_types, service->n_access_types},
        [SEARCH_PHASE] = only(phase_name(service->phase), arena),
        [SEARCH_TAG] = {service->tags, service->n_tags},
    };
    memcpy(document->facets, facets, sizeof(facets));
    document->name = text_fold(service->name, arena);
    document->trl = trl_of(service->trl);
}

/* A version of a service on its way into the index. */
struct incoming {
    const char *id;
    int64_t revision;
    char *const *scope;
    size_t n_scope;
    struct bytes doc;
};

/* Reads the bytes before the lock is taken: that is where the time goes. */
static void
take(struct search *search, const struct incoming *incoming, struct arena *arena)
{
    struct faults faults = {.arena = arena};
    struct gathering gathering = {.arena = arena};
    const Kontor__V1__Service *service = (const Kontor__V1__Service *)wire_unpack(
        &kontor__v1__service__descriptor, incoming->doc, &wire_stored_limits, arena,
        &faults);
    struct search_document document = {
        .id = incoming->id,
        .revision = incoming->revision,
        .scope = incoming->scope,
        .n_scope = incoming->n_scope,
    };
    /* What cannot be read cannot be found; Get tells of the damage. */
    if (service == NULL) {
        return;
    }
    gather_service(&gathering, service);
    gather_facets(&document, service, arena);
    document.words = gathering.words;
    document.n_words = gathering.n_words;
    pthread_rwlock_wrlock(&search->lock);
    search_index_put(search->index, &document);
    pthread_rwlock_unlock(&search->lock);
}

/* ---- Following the log ---- */

static void
follow_change(struct search *search, const Kontor__V1__Commit *commit,
              const Kontor__V1__Change *change)
{
    struct incoming incoming = {
        .id = change->id,
        .revision = commit->seq,
        .scope = change->scope,
        .n_scope = change->n_scope,
        .doc = {.data = change->doc.data, .size = change->doc.len},
    };
    if (change->op == KONTOR__V1__CHANGE__OP__PUT) {
        take(search, &incoming, search->listening);
        arena_reset(search->listening);
    } else if (change->op == KONTOR__V1__CHANGE__OP__DELETE) {
        pthread_rwlock_wrlock(&search->lock);
        search_index_remove(search->index, change->id, commit->seq);
        pthread_rwlock_unlock(&search->lock);
    }
}

/* The position moves with every commit, of services or not: it says how far the index
 * has heard. */
static void
follow(void *context, const Kontor__V1__Commit *commit)
{
    struct search *search = context;
    for (size_t i = 0; i < commit->n_changes; i++) {
        if (strcmp(commit->changes[i]->kind, KIND_SERVICE->name) == 0) {
            follow_change(search, commit, commit->changes[i]);
        }
    }
    pthread_rwlock_wrlock(&search->lock);
    search->position = commit->seq;
    pthread_rwlock_unlock(&search->lock);
}

/* ---- Building ---- */

static bool
is_stopping(struct search *search)
{
    bool is_stopped;
    pthread_mutex_lock(&search->stopping);
    is_stopped = search->is_stopped;
    pthread_mutex_unlock(&search->stopping);
    return is_stopped;
}

/* The bytes the reduced view shows are enough: no word comes from the others. */
static enum status
build_page(struct search *search, struct store_reader *reader, struct find *find,
           struct arena *arena)
{
    struct page page;
    enum status status = store_find(reader, find, arena, &page);
    for (size_t i = 0; status == STATUS_OK && i < page.n_documents; i++) {
        const struct document *document = &page.documents[i];
        struct incoming incoming = {
            .id = document->id,
            .revision = document->revision,
            .scope = document->scope,
            .n_scope = document->n_scope,
            .doc = document->w,
        };
        take(search, &incoming, arena);
    }
    find->token = status == STATUS_OK ? page.next_token : "";
    return status;
}

static enum status
build_from(struct search *search, struct store_reader *reader)
{
    struct arena *arenas[2] = {arena_new(), arena_new()};
    struct find find = {.kind = KIND_SERVICE, .limit = BUILD_PAGE};
    enum status status =
        arenas[0] == NULL || arenas[1] == NULL ? STATUS_UNAVAILABLE : STATUS_OK;
    size_t n_pages = 0;
    while (status == STATUS_OK && !is_stopping(search)) {
        /* The token of a page lives in its arena, so the page after it needs another.
         */
        struct arena *arena = arenas[n_pages++ % 2];
        arena_reset(arena);
        status = build_page(search, reader, &find, arena);
        if (find.token[0] == '\0') {
            break;
        }
    }
    arena_free(arenas[0]);
    arena_free(arenas[1]);
    return status;
}

static enum status
build_once(struct search *search)
{
    int64_t applied = 0;
    enum status status = store_begin(search->reader, &applied);
    if (status == STATUS_OK) {
        status = build_from(search, search->reader);
        store_end(search->reader);
    }
    /* The pages read while building are many times the index: malloc would keep them.
     */
    (void)malloc_trim(0);
    if (status == STATUS_OK && !is_stopping(search)) {
        pthread_rwlock_wrlock(&search->lock);
        search->position = search->position < applied ? applied : search->position;
        pthread_rwlock_unlock(&search->lock);
        atomic_store(&search->is_ready, true);
    }
    return status;
}

/* Waits a moment, or until the search is stopped; by the clock nobody sets back. */
static void
wait_to_retry(struct search *search)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += BUILD_RETRY_S;
    pthread_mutex_lock(&search->stopping);
    if (!search->is_stopped) {
        pthread_cond_timedwait(&search->stopped, &search->stopping, &until);
    }
    pthread_mutex_unlock(&search->stopping);
}

static void *
build(void *context)
{
    struct search *search = context;
    while (!is_stopping(search) && build_once(search) != STATUS_OK) {
        wait_to_retry(search);
    }
    store_reader_close(search->reader);
    search->reader = NULL;
    return NULL;
}

/* ---- Asking ---- */

bool
search_is_ready(const struct search *search)
{
    return atomic_load(&search->is_ready);
}

void
search_query(struct search *search, const struct search_query *query,
             struct arena *arena, struct search_result *out, int64_t *position)
{
    pthread_rwlock_rdlock(&search->lock);
    search_index_query(search->index, query, arena, out);
    *position = search->position;
    pthread_rwlock_unlock(&search->lock);
}

size_t
search_suggest(struct search *search, const char *word, bool is_beginning,
               const struct scopes *scopes, struct arena *arena, const char **out)
{
    pthread_rwlock_rdlock(&search->lock);
    size_t n =
        search_index_suggest(search->index, word, is_beginning, scopes, arena, out);
    pthread_rwlock_unlock(&search->lock);
    return n;
}

/* ---- Life ---- */

struct search *
search_new(struct store *store)
{
    struct search *search = calloc(1, sizeof(*search));
    pthread_rwlockattr_t attributes;
    if (search == NULL) {
        abort();
    }
    search->store = store;
    search->index = search_index_new();
    search->listening = arena_new();
    if (search->listening == NULL) {
        abort();
    }
    atomic_init(&search->is_ready, false);
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes,
                                  PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&search->lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
    pthread_mutex_init(&search->stopping, NULL);
    clock_init_condition(&search->stopped);
    store_listen(store, follow, search);
    return search;
}

/*
 * The reader is opened here and not by the builder: a flood of connections that takes
 * every descriptor in between would keep the index from being built until it ends.
 */
bool
search_start(struct search *search)
{
    if (store_reader_open(search->store, &search->reader) != STATUS_OK) {
        return false;
    }
    search->is_started = pthread_create(&search->builder, NULL, build, search) == 0;
    if (!search->is_started) {
        store_reader_close(search->reader);
        search->reader = NULL;
    }
    return search->is_started;
}

void
search_stop(struct search *search)
{
    pthread_mutex_lock(&search->stopping);
    search->is_stopped = true;
    pthread_cond_broadcast(&search->stopped);
    pthread_mutex_unlock(&search->stopping);
    if (search->is_started) {
        pthread_join(search->builder, NULL);
        search->is_started = false;
    }
}

void
search_free(struct search *search)
{
    if (search == NULL) {
        return;
    }
    search_stop(search);
    search_index_free(search->index);
    arena_free(search->listening);
    pthread_rwlock_destroy(&search->lock);
    pthread_mutex_destroy(&search->stopping);
    pthread_cond_destroy(&search->stopped);
    free(search);
}
