#include <stdlib.h>
#include <string.h>

#include "server/catalogue/search_entry.h"

/* How far one entry matches. */
struct match {
    uint16_t n_words; /* So many words of the query, from the first, match. */
    uint16_t best;    /* What the last of them counts. */
    uint32_t score;
};

/* One query at work. */
struct querying {
    const struct search_index *index;
    const struct search_query *query;
    struct match *matches; /* By entry. */
    uint16_t word;         /* The query's word being matched, from 1. */
    bool *is_wanted_scope; /* By number in scopes. */
    bool *is_wanted_provider,
        *is_wanted_category;                    /* By number in values; NULL = all. */
    int32_t *provider_counts, *category_counts; /* By number in values. */
    struct arena *arena;
};

/* ---- Words ---- */

/* An entry that matched all words before this one matches it; with several words of one
 * prefix the best counts. */
static void
match_word(void *context, uint32_t word)
{
    struct querying *querying = context;
    const struct search_list *posting = &querying->index->postings[word];
    for (size_t i = 0; i < posting->n_rows; i++) {
        struct match *match = &querying->matches[SEARCH_NUMBER(posting->rows[i])];
        uint16_t weight = SEARCH_IS_NAME(posting->rows[i]) ? SEARCH_NAME_WEIGHT : 1;
        if (match->n_words + 1 == querying->word) {
            match->n_words = querying->word;
            match->best = 0;
        }
        if (match->n_words == querying->word && weight > match->best) {
            match->score += (uint32_t)(weight - match->best);
            match->best = weight;
        }
    }
}

static void
match_words(struct querying *querying)
{
    const struct search_table *words = &querying->index->words;
    size_t n_words = querying->query->n_words;
    for (size_t i = 0; i < n_words; i++) {
        const char *text = querying->query->words[i];
        uint32_t number = search_table_find(words, text);
        querying->word = (uint16_t)(i + 1);
        if (i + 1 == n_words) {
            search_table_each(words, text, match_word, querying);
        } else if (number != SEARCH_NO_TEXT) {
            match_word(querying, number);
        }
    }
}

/* ---- Conditions ---- */

/* Which numbers of a table are among some texts. */
static bool *
wanted(struct querying *querying, const struct search_table *table,
       const char *const *texts, size_t n_texts)
{
    bool *is_wanted = arena_alloc(querying->arena, table->n_texts + 1);
    for (size_t i = 0; i < n_texts; i++) {
        uint32_t number = search_table_find(table, texts[i]);
        if (number != SEARCH_NO_TEXT) {
            is_wanted[number] = true;
        }
    }
    return is_wanted;
}

static void
prepare(struct querying *querying)
{
    const struct search_index *index = querying->index;
    const struct search_query *query = querying->query;
    querying->matches =
        arena_alloc(querying->arena, (index->n_entries + 1) * sizeof(struct match));
    querying->is_wanted_scope = wanted(querying, &index->scopes, query->scopes->strings,
                                       query->scopes->n_strings);
    if (query->n_providers > 0) {
        querying->is_wanted_provider =
            wanted(querying, &index->values, (const char *const *)query->providers,
                   query->n_providers);
    }
    if (query->n_categories > 0) {
        querying->is_wanted_category =
            wanted(querying, &index->values, (const char *const *)query->categories,
                   query->n_categories);
    }
    querying->provider_counts =
        arena_alloc(querying->arena, (index->values.n_texts + 1) * sizeof(int32_t));
    querying->category_counts =
        arena_alloc(querying->arena, (index->values.n_texts + 1) * sizeof(int32_t));
}

static bool
is_visible(const struct querying *querying, const struct search_entry *entry)
{
    for (size_t i = 0; i < entry->scopes.n_rows; i++) {
        if (querying->is_wanted_scope[entry->scopes.rows[i]]) {
            return true;
        }
    }
    return entry->is_public;
}

static bool
has_category(const struct querying *querying, const struct search_entry *entry)
{
    if (querying->is_wanted_category == NULL) {
        return true;
    }
    for (size_t i = 0; i < entry->categories.n_rows; i++) {
        if (querying->is_wanted_category[SEARCH_NUMBER(entry->categories.rows[i])]) {
            return true;
        }
    }
    return false;
}

static bool
is_hit(const struct querying *querying, size_t place)
{
    const struct search_entry *entry = &querying->index->entries[place];
    uint32_t order_types = querying->query->order_types;
    if (!entry->is_live ||
        querying->matches[place].n_words != querying->query->n_words) {
        return false;
    }
    if (order_types != 0 && (order_types >> entry->order_type & 1) == 0) {
        return false;
    }
    if (querying->is_wanted_provider != NULL &&
        !querying->is_wanted_provider[entry->provider]) {
        return false;
    }
    return has_category(querying, entry) && is_visible(querying, entry);
}

/* ---- Ranking ---- */

/* Below 0: a comes first. */
static int
compare_hits(const struct search_hit *a, const struct search_hit *b)
{
    if (a->score != b->score) {
        return a->score > b->score ? -1 : 1;
    }
    return strcmp(a->id, b->id);
}

/* Puts a hit where it belongs among the best, unless all places are taken by better
 * ones. */
static void
rank(const struct search_query *query, struct search_result *result,
     struct search_hit hit)
{
    size_t place = result->n_hits;
    if (query->after.id != NULL && compare_hits(&hit, &query->after) <= 0) {
        return;
    }
    if (place == query->limit) {
        result->has_more = true;
        if (compare_hits(&hit, &result->hits[place - 1]) > 0) {
            return;
        }
        place--;
        result->n_hits--;
    }
    while (place > 0 && compare_hits(&hit, &result->hits[place - 1]) < 0) {
        result->hits[place] = result->hits[place - 1];
        place--;
    }
    result->hits[place] = hit;
    result->n_hits++;
}

/* ---- Counts ---- */

static void
count(struct querying *querying, struct search_result *result,
      const struct search_entry *entry)
{
    result->total++;
    querying->provider_counts[entry->provider]++;
    for (size_t i = 0; i < entry->categories.n_rows; i++) {
        querying->category_counts[SEARCH_NUMBER(entry->categories.rows[i])]++;
    }
    if (entry->order_type < SEARCH_ORDER_TYPES) {
        result->order_types[entry->order_type]++;
    }
}

static int
compare_counts(const void *a, const void *b)
{
    const struct search_count *left = a;
    const struct search_count *right = b;
    if (left->count != right->count) {
        return left->count > right->count ? -1 : 1;
    }
    return strcmp(left->value, right->value);
}

static void
gather(struct querying *querying, const int32_t *counts, struct search_count **out,
       size_t *n_out)
{
    const struct search_table *values = &querying->index->values;
    size_t n_found = 0;
    for (size_t i = 0; i < values->n_texts; i++) {
        n_found += counts[i] > 0;
    }
    *out = arena_alloc(querying->arena, (n_found + 1) * sizeof(**out));
    *n_out = 0;
    for (size_t i = 0; i < values->n_texts; i++) {
        if (counts[i] > 0) {
            (*out)[(*n_out)++] = (struct search_count){
                .value = arena_copy(querying->arena, values->texts[i]),
                .count = counts[i]};
        }
    }
    qsort(*out, n_found, sizeof(**out), compare_counts);
}

void
search_index_query(const struct search_index *index, const struct search_query *query,
                   struct arena *arena, struct search_result *out)
{
    struct querying querying = {.index = index, .query = query, .arena = arena};
    *out = (struct search_result){.n_hits = 0};
    out->hits = arena_alloc(arena, query->limit * sizeof(*out->hits));
    prepare(&querying);
    match_words(&querying);
    for (size_t i = 0; i < index->n_entries; i++) {
        const struct search_entry *entry = &index->entries[i];
        if (is_hit(&querying, i)) {
            count(&querying, out, entry);
            rank(query, out,
                 (struct search_hit){.id = index->ids.texts[entry->id],
                                     .score = querying.matches[i].score});
        }
    }
    /* The texts of the index may move once the lock is given back. */
    for (size_t i = 0; i < out->n_hits; i++) {
        out->hits[i].id = arena_copy(arena, out->hits[i].id);
    }
    gather(&querying, querying.provider_counts, &out->providers, &out->n_providers);
    gather(&querying, querying.category_counts, &out->categories, &out->n_categories);
}
