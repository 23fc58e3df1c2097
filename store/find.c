#include <assert.h>
#include <string.h>

#include "store/inner.h"
#include "store/scope.h"
#include "store/split.h"
#include "store/token.h"

enum { FIND_MAX_LIMIT = 500, CHUNK = 128, FIND_MAX_SCOPES = 65 };

/*
 * A page is a merge of runs, one for each string of the caller: each is a keyset read
 * of an index, so that a page costs the same wherever it lies and however many
 * documents others have. A join over a table of scopes was measured at hundreds of
 * times as long with 300,000 documents. There are no offsets: a page begins behind the
 * last key of the one before.
 */

/* One run of keys being merged; it is refilled a chunk at a time. */
struct run {
    struct stream stream;
    struct key *keys;
    size_t n_keys;
    size_t next;
    bool is_ended;
};

/* A search under way. */
struct search {
    const struct find *find;
    const struct kind_index *index; /* NULL = by id. */
    struct store_reader *reader;
    struct arena *arena;
    struct run runs[FIND_MAX_SCOPES + 2]; /* The caller's strings, "*", the past. */
    size_t n_runs;
    size_t chunk;
    int64_t as_of;    /* The position looked back to; 0 = now. */
    struct key after; /* Where the page before ended. */
    const char *last_id;
    struct key last; /* Of the last document taken. */
    struct page *page;
    bool has_more;
};

static bool
search_is_text(const struct search *search, size_t column)
{
    const struct kind *kind = search->find->kind;
    return kind->declared[split_column(kind, search->index, column)].type ==
           DECLARED_TEXT;
}

/* Before every key, so that the first page needs no form of its own; ids are never
 * empty. */
static void
search_start(struct search *search)
{
    const struct find *find = search->find;
    search->after = (struct key){.id = ""};
    for (size_t i = 0; i < KIND_MAX_COLUMNS; i++) {
        search->after.columns[i] =
            (struct store_value){.text = "", .integer = INT64_MIN};
    }
    if (find->has_range) {
        search->after.columns[find->n_equal].integer = find->low;
    }
}

static bool
find_range_is_valid(const struct find *find, const struct kind_index *index)
{
    if (!find->has_range) {
        return true;
    }
    if (find->n_equal >= split_n_columns(index)) {
        return false;
    }
    size_t declared = split_column(find->kind, index, find->n_equal);
    return find->kind->declared[declared].type != DECLARED_TEXT;
}

/* Whether an index has the rows that are looked for. */
static bool
find_use_is_valid(const struct find *find, const struct kind_index *index)
{
    bool is_callers = find->scopes != NULL;
    bool is_own = index != NULL && index->use == INDEX_OWN;
    if (index == NULL || index->use == INDEX_ANY) {
        return true;
    }
    if (is_callers == is_own) {
        return false;
    }
    size_t first = split_column(find->kind, index, 0);
    const struct store_value low = {.text = "", .integer = find->low};
    return !is_own || ((find->n_equal > 0 || find->has_range) &&
                       !split_is_missing(find->kind->declared[first].type,
                                         find->n_equal > 0 ? &find->equal[0] : &low));
}

/* Everything a caller can choose, for a search may come off the wire. */
static bool
find_is_valid(const struct find *find, const struct kind_index *index)
{
    if (find->limit == 0 || find->limit > FIND_MAX_LIMIT) {
        return false;
    }
    if (find->index != NULL && index == NULL) {
        return false;
    }
    if (find->scopes != NULL && find->scopes->n_strings > FIND_MAX_SCOPES) {
        return false;
    }
    if (!find_use_is_valid(find, index)) {
        return false;
    }
    if (find->within != NULL && find->scopes == NULL) {
        return false;
    }
    if (find->prefix != NULL && (index != NULL || find->prefix[0] == '\0')) {
        return false;
    }
    return find->n_equal <= split_n_columns(index) && find_range_is_valid(find, index);
}

static void
search_add_run(struct search *search, const char *scope, bool is_past)
{
    const struct find *find = search->find;
    struct run *run = &search->runs[search->n_runs++];
    *run = (struct run){
        .stream = {.kind = find->kind,
                   .index = search->index,
                   .is_past = is_past,
                   .scope = scope,
                   .equal = find->equal,
                   .n_equal = find->n_equal,
                   .has_high = find->has_range || find->prefix != NULL,
                   .after = search->after,
                   .as_of = search->as_of},
        .keys = arena_alloc(search->arena, search->chunk * sizeof(struct key)),
    };
    if (find->has_range) {
        run->stream.high.columns[find->n_equal].integer = find->high;
    }
    if (find->prefix == NULL) {
        return;
    }
    /* '0' is the byte after '/'. */
    const char *low = arena_print(search->arena, "%s/", find->prefix);
    run->stream.high.id = arena_print(search->arena, "%s0", find->prefix);
    if (strcmp(run->stream.after.id, low) < 0) {
        run->stream.after.id = low;
    }
}

/*
 * Whose eyes look decides which runs there are: a string nobody added lists nothing, so
 * that forgetting a scope shows too little and never too much. As of a position the
 * past joins in, whatever its scope was: store_version judges each document again.
 */
static void
search_add_runs(struct search *search)
{
    const struct scopes *scopes = search->find->scopes;
    const char *within = search->find->within;
    if (scopes == NULL || within != NULL) {
        search_add_run(search, within == NULL ? SCOPE_ALL : within, false);
    } else {
        for (size_t i = 0; i < scopes->n_strings; i++) {
            search_add_run(search, scopes->strings[i], false);
        }
        search_add_run(search, "*", false);
    }
    if (search->as_of != 0) {
        search_add_run(search, NULL, true);
    }
}

/* A chunk at a time, for a run may be a million keys and the page takes twenty. */
static enum status
run_fill(struct search *search, struct run *run)
{
    if (run->is_ended || run->next < run->n_keys) {
        return STATUS_OK;
    }
    if (run->n_keys > 0) {
        run->stream.after = run->keys[run->n_keys - 1];
    }
    run->next = 0;
    run->n_keys = search->chunk;
    const struct backend *backend = search->reader->store->backend;
    enum status status = backend->keys(search->reader->reader, &run->stream,
                                       search->arena, run->keys, &run->n_keys);
    run->is_ended = run->n_keys == 0;
    return status;
}

/* The order must be the one the backend reads its runs in: bytes of a text, then of the
 * id. Otherwise the merge skips keys. */
static int
search_compare(const struct search *search, const struct key *one,
               const struct key *other)
{
    for (size_t i = search->find->n_equal; i < split_n_columns(search->index); i++) {
        int order = 0;
        if (search_is_text(search, i)) {
            order = strcmp(one->columns[i].text, other->columns[i].text);
        } else {
            int64_t a = one->columns[i].integer;
            int64_t b = other->columns[i].integer;
            order = (a > b) - (a < b);
        }
        if (order != 0) {
            return order;
        }
    }
    return strcmp(one->id, other->id);
}

/* The run with the smallest key; NULL at the end. */
static enum status
search_next(struct search *search, struct run **next)
{
    struct run *least = NULL;
    for (size_t i = 0; i < search->n_runs; i++) {
        struct run *run = &search->runs[i];
        enum status status = run_fill(search, run);
        if (status != STATUS_OK) {
            return status;
        }
        if (run->is_ended) {
            continue;
        }
        if (least == NULL || search_compare(search, &run->keys[run->next],
                                            &least->keys[least->next]) < 0) {
            least = run;
        }
    }
    *next = least;
    return STATUS_OK;
}

/*
 * Looks at one key; the document beyond the limit only says that there are more. As of
 * a position a present key counts only for a present version: the version that was
 * there then may stand elsewhere in the order.
 */
static enum status
search_take(struct search *search, const struct key *key, bool is_past)
{
    const struct find *find = search->find;
    struct version version;
    enum view view;
    struct look look = {find->kind, find->scopes, find->as_of};
    /* A document that shares two strings with the caller stands in two runs, and the
     * merge brings both keys one after the other. */
    if (search->last_id != NULL && strcmp(search->last_id, key->id) == 0) {
        return STATUS_OK;
    }
    enum status status =
        store_version(search->reader, &look, key->id, search->arena, &version, &view);
    /* Invisible in that version, though its key was listed: scope has the last word. */
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    if ((version.until != INT64_MAX) != is_past) {
        return STATUS_OK;
    }
    if (find->within != NULL &&
        !scope_has_name(version.scope, version.n_scope, find->within)) {
        return STATUS_OK;
    }
    if (search->page->n_documents == find->limit) {
        search->has_more = true;
        return STATUS_OK;
    }
    store_document(find->kind, &version, view,
                   &search->page->documents[search->page->n_documents++]);
    search->last = *key;
    search->last_id = key->id;
    return STATUS_OK;
}

/* The id that is the prefix itself comes before all those below it. */
static enum status
search_take_prefix(struct search *search)
{
    const char *prefix = search->find->prefix;
    if (prefix == NULL || strcmp(search->after.id, prefix) >= 0) {
        return STATUS_OK;
    }
    const struct key key = {.id = prefix};
    enum status status = search_take(search, &key, false);
    if (status == STATUS_OK && search->as_of != 0) {
        status = search_take(search, &key, true);
    }
    return status;
}

static enum status
search_run(struct search *search)
{
    enum status status = search_take_prefix(search);
    struct run *run = NULL;
    while (status == STATUS_OK && !search->has_more) {
        status = search_next(search, &run);
        if (status != STATUS_OK || run == NULL) {
            break;
        }
        status = search_take(search, &run->keys[run->next++], run->stream.is_past);
    }
    return status;
}

static enum status
find_page(struct store_reader *reader, const struct find *find, struct arena *arena,
          struct page *out)
{
    struct page page = {.documents =
                            arena_alloc(arena, find->limit * sizeof *page.documents),
                        .next_token = ""};
    struct search *search = arena_alloc(arena, sizeof *search);
    *search =
        (struct search){.find = find, .reader = reader, .arena = arena, .page = &page};
    search->as_of = store_pin(reader, find->kind, find->as_of);
    search->index = find->index == NULL ? NULL : split_index(find->kind, find->index);
    /* One more than the page, so that a run in one chunk also says whether there is a
     * page behind it. */
    search->chunk = find->limit < CHUNK ? find->limit + 1 : CHUNK;
    search_start(search);
    bool has_token = find->token != NULL && find->token[0] != '\0';
    if (has_token && !token_read(find, search->index, arena, &search->after)) {
        return STATUS_INVALID_ARGUMENT;
    }
    search_add_runs(search);
    enum status status = search_run(search);
    if (status != STATUS_OK) {
        return status;
    }
    if (search->has_more) {
        page.next_token = token_make(find, search->index, &search->last, arena);
    }
    *out = page;
    return STATUS_OK;
}

enum status
store_find(struct store_reader *reader, const struct find *find, struct arena *arena,
           struct page *out)
{
    const struct kind_index *index =
        find->index == NULL ? NULL : split_index(find->kind, find->index);
    if (!find_is_valid(find, index)) {
        return STATUS_INVALID_ARGUMENT;
    }
    bool is_own = false;
    enum status status = store_snapshot(reader, find->kind, find->as_of, &is_own);
    if (status != STATUS_OK) {
        return status;
    }
    status = find_page(reader, find, arena, out);
    if (is_own) {
        store_end(reader);
    }
    return status;
}
