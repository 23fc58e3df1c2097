#include "server/catalogue/search_call.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kontor/v1/catalogue_service.pb-c.h"
#include "proto/digest.h"
#include "proto/text.h"
#include "server/broker.h"
#include "server/catalogue/search.h"

enum {
    DEFAULT_PAGE = 20,
    MAX_PAGE = 100,
    SNIPPET_SEEN = 16384, /* Bytes of a text that are looked at for a snippet. */
    SNIPPET_BEFORE = 60,  /* Bytes shown before the word. */
    TOKEN_HASH_DIGITS = 16,
    SUGGESTED_WORDS = 6, /* Words of a query that near ones are looked for. */
};

/* ---- Snippets ---- */

static bool
is_word_of(const char *folded, char *const *words, size_t n_words)
{
    for (size_t i = 0; i < n_words; i++) {
        bool is_last = i + 1 == n_words;
        size_t size = strlen(words[i]);
        if (strncmp(folded, words[i], size) == 0 && (is_last || folded[size] == '\0')) {
            return true;
        }
    }
    return false;
}

/* Where the first of the words stands in a text; SIZE_MAX when none does. */
static size_t
place_of(struct arena *arena, const char *text, char *const *words, size_t n_words)
{
    static const char between[] = " \t\r\n";
    size_t at = strspn(text, between);
    while (text[at] != '\0' && at < SNIPPET_SEEN) {
        size_t size = strcspn(text + at, between);
        char **folded = NULL;
        size_t n_folded = 0;
        text_words(arena_copy_n(arena, text + at, size), arena, &folded, &n_folded);
        for (size_t i = 0; i < n_folded; i++) {
            if (is_word_of(folded[i], words, n_words)) {
                return at;
            }
        }
        at += size;
        at += strspn(text + at, between);
    }
    return SIZE_MAX;
}

static bool
is_inside_character(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

char *
search_call_snippet(struct arena *arena, const char *text, char *const *words,
                    size_t n_words)
{
    size_t size = strlen(text);
    size_t from = n_words == 0 ? 0 : place_of(arena, text, words, n_words);
    size_t to;
    from = from == SIZE_MAX || from < SNIPPET_BEFORE ? 0 : from - SNIPPET_BEFORE;
    while (from > 0 && is_inside_character(text[from])) {
        from--;
    }
    to = size - from > SEARCH_SNIPPET ? from + SEARCH_SNIPPET : size;
    while (to > from && to < size && is_inside_character(text[to])) {
        to--;
    }
    return arena_print(arena, "%s%.*s%s", from > 0 ? "…" : "", (int)(to - from),
                       text + from, to < size ? "…" : "");
}

/* Where the word that begins at a place ends, and whether it is searched for. A word is
 * what folding makes one of, between what separates words. */
static size_t
word_end(struct arena *arena, const char *text, size_t at, char *const *words,
         size_t n_words, bool *is_hit)
{
    static const char between[] = " \t\r\n.,;:!?()[]{}<>\"'/|";
    size_t size = strcspn(text + at, between);
    char **folded = NULL;
    size_t n_folded = 0;
    *is_hit = false;
    if (size == 0) {
        return at + strspn(text + at, between);
    }
    text_words(arena_copy_n(arena, text + at, size), arena, &folded, &n_folded);
    for (size_t i = 0; i < n_folded; i++) {
        *is_hit = *is_hit || is_word_of(folded[i], words, n_words);
    }
    return at + size;
}

static void
add_part(struct arena *arena, Kontor__V1__SearchHit *hit, const char *text, size_t size,
         bool is_hit)
{
    Kontor__V1__SnippetPart *part = arena_alloc(arena, sizeof(*part));
    kontor__v1__snippet_part__init(part);
    part->text = arena_copy_n(arena, text, size);
    part->is_hit = is_hit;
    hit->parts[hit->n_parts++] = part;
}

void
search_call_parts(struct arena *arena, Kontor__V1__SearchHit *hit, char *const *words,
                  size_t n_words)
{
    const char *text = hit->snippet;
    size_t from = 0;
    hit->parts = arena_alloc(arena, (strlen(text) + 1) * sizeof(*hit->parts));
    for (size_t at = 0; text[at] != '\0';) {
        bool is_hit;
        size_t end = word_end(arena, text, at, words, n_words, &is_hit);
        if (is_hit && at > from) {
            add_part(arena, hit, text + from, at - from, false);
        }
        if (is_hit) {
            add_part(arena, hit, text + at, end - at, true);
            from = end;
        }
        at = end;
    }
    if (text[from] != '\0') {
        add_part(arena, hit, text + from, strlen(text + from), false);
    }
}

/* ---- Facets ---- */

/* By their names in requests and replies. */
static const char *const facet_names[SEARCH_FACETS] = {
    [SEARCH_PROVIDER] = "provider",
    [SEARCH_CATEGORY] = "category",
    [SEARCH_DOMAIN] = "domain",
    [SEARCH_ORDER_TYPE] = "order_type",
    [SEARCH_TRL] = "trl",
    [SEARCH_COUNTRY] = "country",
    [SEARCH_ACCESS_TYPE] = "access_type",
    [SEARCH_PHASE] = "phase",
    [SEARCH_TAG] = "tag",
};

/* SEARCH_FACETS: there is none of this name. */
static size_t
facet_of(const char *name)
{
    size_t i = 0;
    while (i < SEARCH_FACETS && strcmp(facet_names[i], name) != 0) {
        i++;
    }
    return i;
}

/* Adds texts to those that are wanted of a facet. */
static void
want(struct call *call, struct search_query *query, size_t facet, char *const *texts,
     size_t n_texts)
{
    struct search_texts *wanted = &query->wanted[facet];
    char **all =
        arena_alloc(call->arena, (wanted->n_texts + n_texts + 1) * sizeof(*all));
    if (wanted->n_texts > 0) {
        memcpy(all, wanted->texts, wanted->n_texts * sizeof(*all));
    }
    if (n_texts > 0) {
        memcpy(all + wanted->n_texts, texts, n_texts * sizeof(*all));
    }
    *wanted = (struct search_texts){all, wanted->n_texts + n_texts};
}

static void
want_all(struct call *call, const Kontor__V1__SearchServicesRequest *request,
         struct search_query *query)
{
    want(call, query, SEARCH_PROVIDER, request->providers, request->n_providers);
    want(call, query, SEARCH_CATEGORY, request->categories, request->n_categories);
    for (size_t i = 0; i < request->n_order_types; i++) {
        const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
            &kontor__v1__order_type__descriptor, (int)request->order_types[i]);
        char *name = (char *)(uintptr_t)(value == NULL ? "" : value->name);
        want(call, query, SEARCH_ORDER_TYPE, &name, 1);
    }
    for (size_t i = 0; i < request->n_filters; i++) {
        const Kontor__V1__FacetFilter *filter = request->filters[i];
        size_t facet = facet_of(filter->name);
        if (facet == SEARCH_FACETS) {
            call_fault(call, arena_print(call->arena, "filters[%zu].name", i),
                       "must be one of provider, category, domain, order_type, trl, "
                       "country, access_type, phase, tag");
        } else {
            want(call, query, facet, filter->values, filter->n_values);
        }
    }
}

/* ---- Page tokens: which search, and the last hit shown ---- */

static const char *
search_hash(struct call *call, const Kontor__V1__SearchServicesRequest *request)
{
    static const char *const skip[] = {"page_size", "page_token", NULL};
    uint8_t digest[DIGEST_SIZE];
    digest_message(&request->base, skip, digest);
    return arena_copy_n(call->arena, digest_hex(call->arena, digest),
                        TOKEN_HASH_DIGITS);
}

static char *
token_of(struct call *call, const Kontor__V1__SearchServicesRequest *request,
         const struct search_hit *hit)
{
    /* Ids hold no blank, names do. */
    const char *text =
        arena_print(call->arena, "%s %" PRId64 " %s %s", search_hash(call, request),
                    hit->key, hit->id, hit->name);
    return text_base64url(
        (struct bytes){.data = (const uint8_t *)text, .size = strlen(text)},
        call->arena);
}

/* Also refuses a token of another search: its hits would not follow the last ones. */
static bool
read_token(struct call *call, const Kontor__V1__SearchServicesRequest *request,
           struct search_hit *after)
{
    const char *hash = search_hash(call, request);
    struct bytes bytes;
    char *text, *end;
    if (!text_from_base64url(request->page_token, call->arena, &bytes)) {
        return false;
    }
    text = arena_copy_n(call->arena, bytes.data, bytes.size);
    if (strlen(text) <= TOKEN_HASH_DIGITS || text[TOKEN_HASH_DIGITS] != ' ' ||
        strncmp(text, hash, TOKEN_HASH_DIGITS) != 0) {
        return false;
    }
    errno = 0;
    after->key = strtoll(text + TOKEN_HASH_DIGITS + 1, &end, 10);
    if (errno != 0 || *end != ' ') {
        return false;
    }
    after->id = end + 1;
    end = strchr(end + 1, ' ');
    if (end == NULL) {
        return false;
    }
    *end = '\0';
    after->name = end + 1;
    return true;
}

/* ---- The query ---- */

static enum status
check_request(struct call *call, const Kontor__V1__SearchServicesRequest *request,
              struct search_query *query)
{
    char **words = NULL;
    text_words(request->query, call->arena, &words, &query->n_words);
    query->words = words;
    if (query->n_words == 0 &&
        request->query[strspn(request->query, " \t\r\n")] != '\0') {
        call_fault(call, "query",
                   "has no letter and no digit to search for; leave it empty for all");
    }
    if (query->n_words > SEARCH_MAX_WORDS) {
        call_fault(call, "query", "has %zu words; at most %d are searched for",
                   query->n_words, SEARCH_MAX_WORDS);
    }
    if (request->page_size < 0) {
        call_fault(call, "page_size", "must be 0 (= %d) to %d", DEFAULT_PAGE, MAX_PAGE);
    }
    want_all(call, request, query);
    return call_check_faults(call);
}

/* By number in the contract; what is not known is refused before. */
static const enum search_order orders[] = {
    [KONTOR__V1__SEARCH_ORDER__SEARCH_ORDER_UNSPECIFIED] = SEARCH_BY_RELEVANCE,
    [KONTOR__V1__SEARCH_ORDER__BY_RELEVANCE] = SEARCH_BY_RELEVANCE,
    [KONTOR__V1__SEARCH_ORDER__BY_NAME] = SEARCH_BY_NAME,
    [KONTOR__V1__SEARCH_ORDER__BY_UPDATED] = SEARCH_BY_UPDATED,
    [KONTOR__V1__SEARCH_ORDER__BY_TRL] = SEARCH_BY_TRL,
};

static enum status
make_query(struct call *call, const Kontor__V1__SearchServicesRequest *request,
           struct search_query *query)
{
    size_t size = (size_t)request->page_size;
    enum status status = check_request(call, request, query);
    if (status != STATUS_OK) {
        return status;
    }
    query->order = orders[request->order];
    query->scopes = &call->who->scopes;
    query->limit = size == 0 ? DEFAULT_PAGE : size > MAX_PAGE ? MAX_PAGE : size;
    if (request->page_token[0] != '\0' && !read_token(call, request, &query->after)) {
        return call_fail(call, REASON_PAGE_TOKEN_INVALID,
                         "the page token is not one of this search");
    }
    return STATUS_OK;
}

/* ---- The reply ---- */

static Kontor__V1__Facet *
new_facet(struct call *call, const char *name, size_t n_counts)
{
    Kontor__V1__Facet *facet = arena_alloc(call->arena, sizeof(*facet));
    kontor__v1__facet__init(facet);
    facet->name = (char *)name;
    facet->counts = arena_alloc(call->arena, (n_counts + 1) * sizeof(*facet->counts));
    return facet;
}

static void
add_count(struct call *call, Kontor__V1__Facet *facet, const char *value,
          int32_t number)
{
    Kontor__V1__FacetCount *count = arena_alloc(call->arena, sizeof(*count));
    kontor__v1__facet_count__init(count);
    count->value = (char *)value;
    count->count = number;
    facet->counts[facet->n_counts++] = count;
}

static Kontor__V1__Facet *
text_facet(struct call *call, const char *name, const struct search_count *counts,
           size_t n_counts)
{
    Kontor__V1__Facet *facet = new_facet(call, name, n_counts);
    for (size_t i = 0; i < n_counts; i++) {
        add_count(call, facet, counts[i].value, counts[i].count);
    }
    return facet;
}

static void
add_facets(struct call *call, const struct search_result *result,
           Kontor__V1__SearchServicesResponse *reply)
{
    reply->facets = arena_alloc(call->arena, SEARCH_FACETS * sizeof(*reply->facets));
    for (size_t i = 0; i < SEARCH_FACETS; i++) {
        reply->facets[reply->n_facets++] = text_facet(
            call, facet_names[i], result->facets[i].rows, result->facets[i].n_rows);
    }
}

/* ---- Suggestions ---- */

static void
add_suggestions(struct call *call, struct search *search,
                const struct search_query *query,
                Kontor__V1__SearchServicesResponse *reply)
{
    reply->suggestions =
        arena_alloc(call->arena, (query->n_words + 1) * sizeof(*reply->suggestions));
    for (size_t i = 0; i < query->n_words && i < SUGGESTED_WORDS; i++) {
        const char **near =
            arena_alloc(call->arena, SEARCH_SUGGESTIONS * sizeof(*near));
        size_t n_near = search_suggest(search, query->words[i], i + 1 == query->n_words,
                                       query->scopes, call->arena, near);
        if (n_near == 0) {
            continue;
        }
        Kontor__V1__Suggestion *suggestion =
            arena_alloc(call->arena, sizeof(*suggestion));
        kontor__v1__suggestion__init(suggestion);
        suggestion->word = query->words[i];
        suggestion->n_near = n_near;
        suggestion->near = (char **)(uintptr_t)near;
        reply->suggestions[reply->n_suggestions++] = suggestion;
    }
}

/* ---- Hits ---- */

/* The text a word was found in, or one that says what the service is. */
static const char *
text_of(struct call *call, const struct search_query *query,
        const Kontor__V1__Service *service)
{
    const char *const texts[] = {service->description, service->tagline, service->name};
    for (size_t i = 0; i < 3 && query->n_words > 0; i++) {
        if (place_of(call->arena, texts[i], query->words, query->n_words) != SIZE_MAX) {
            return texts[i];
        }
    }
    return service->description[0] != '\0' ? service->description : service->tagline;
}

static Kontor__V1__SearchHit *
new_hit(struct call *call, const struct search_query *query,
        const struct search_hit *found, const struct document *document)
{
    Kontor__V1__SearchHit *hit = arena_alloc(call->arena, sizeof(*hit));
    const char *text;
    kontor__v1__search_hit__init(hit);
    hit->service = call_record(call, document);
    hit->score = found->score;
    text = text_of(call, query, hit->service);
    hit->snippet = search_call_snippet(call->arena, text, query->words, query->n_words);
    search_call_parts(call->arena, hit, query->words, query->n_words);
    return hit;
}

/* A hit that left the caller's sight since the index was asked is left out. */
static enum status
add_hits(struct call *call, const struct search_query *query,
         const struct search_result *result, Kontor__V1__SearchServicesResponse *reply)
{
    reply->hits = arena_alloc(call->arena, (result->n_hits + 1) * sizeof(*reply->hits));
    for (size_t i = 0; i < result->n_hits; i++) {
        struct error before = call->error;
        struct document document;
        enum status status =
            call_get(call, KIND_SERVICE, result->hits[i].id, &document);
        if (status == STATUS_OK) {
            reply->hits[reply->n_hits++] =
                new_hit(call, query, &result->hits[i], &document);
        } else if (status == STATUS_NOT_FOUND) {
            call->error = before;
        } else {
            return status;
        }
    }
    return STATUS_OK;
}

/*
 * The index hears of a commit a moment after the store has applied it, so a caller who
 * learnt a position from a read may be ahead of the index: kontor-min-seq means the
 * position of what answers (the store's design, "Deciding"). The lot hears of a commit
 * after the index has, so whoever is woken finds it there.
 */
static enum status
wait_for_index(struct call *call, int64_t position, struct decision *decision)
{
    if (call->is_last_run) {
        return call_fail(call, REASON_DEADLINE,
                         "the index came to position %" PRId64
                         " in time, not to %" PRId64,
                         position, call->min_seq);
    }
    decision->kind = DECISION_PARK;
    decision->park.keys[0] = arena_print(call->arena, "seq>=%" PRId64, call->min_seq);
    decision->park.n_keys = 1;
    decision->park.until_ms = call->deadline_ms;
    return STATUS_OK;
}

enum status
search_call_decide(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__SearchServicesRequest *wanted = request;
    struct search *search = call->broker->search;
    Kontor__V1__SearchServicesResponse *reply =
        arena_alloc(call->arena, sizeof(*reply));
    struct search_query query = {.n_words = 0};
    struct search_result result;
    enum status status;
    if (search == NULL || !search_is_ready(search)) {
        return call_fail(call, REASON_INDEX_BUILDING,
                         "the search index is being built; try again in a moment");
    }
    status = make_query(call, wanted, &query);
    if (status != STATUS_OK) {
        return status;
    }
    search_query(search, &query, call->arena, &result, &call->kontor_seq);
    if (call->kontor_seq < call->min_seq) {
        return wait_for_index(call, call->kontor_seq, decision);
    }
    kontor__v1__search_services_response__init(reply);
    reply->total = result.total;
    if (result.has_more && result.n_hits > 0) {
        reply->next_page_token =
            token_of(call, wanted, &result.hits[result.n_hits - 1]);
    }
    if (query.after.id == NULL) {
        add_facets(call, &result, reply);
    }
    if (result.total == 0) {
        add_suggestions(call, search, &query, reply);
    }
    decision_reply(decision, reply);
    return add_hits(call, &query, &result, reply);
}
