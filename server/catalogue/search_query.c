#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/catalogue/search_entry.h"
#include "server/catalogue/search_tally.h"

/*
 * A query costs what its rarest word has, not what the catalogue has: the services with
 * that word are the candidates, and each further word is looked up for those only.
 */

/* A word of the query: the postings of all words of the index it stands for. */
struct term {
    const struct search_list **postings;
    size_t n_postings, room;
    size_t n_rows; /* Of all of them. */
};

/* A hit in the ranking. */
struct ranked {
    uint32_t place;
    struct search_hit hit;
};

#define NO_PLACE UINT32_MAX

/* One query at work. */
struct querying {
    const struct search_index *index;
    const struct search_query *query;
    struct arena *arena;
    struct term terms[SEARCH_MAX_WORDS];
    /* Entries that match all terms so far: marked places, ascending, and what the terms
     * count. */
    uint32_t *candidates, *scores;
    uint8_t *best; /* What the term being looked at counts for each. */
    size_t n_candidates;
    bool *is_seen;                             /* By set of scopes. */
    bool *is_wanted[SEARCH_FACETS];            /* By set; NULL = all. */
    struct search_tally counts[SEARCH_FACETS]; /* Of sets. */
    struct ranked *hits;
    struct ranked after; /* Its id NULL: from the first. */
};

/* ---- Words ---- */

static void
term_add(struct querying *querying, struct term *term, uint32_t word)
{
    const struct search_list *posting = &querying->index->postings[word];
    if (term->n_postings == term->room) {
        size_t room = 2 * term->room + 4;
        const struct search_list **wider =
            arena_alloc(querying->arena, room * sizeof(struct search_list *));
        if (term->n_postings > 0) {
            memcpy(wider, term->postings,
                   term->n_postings * sizeof(struct search_list *));
        }
        term->postings = wider;
        term->room = room;
    }
    term->postings[term->n_postings++] = posting;
    term->n_rows += posting->n_rows;
}

struct visiting {
    struct querying *querying;
    struct term *term;
};

static void
visit_word(void *context, uint32_t word)
{
    const struct visiting *visiting = context;
    term_add(visiting->querying, visiting->term, word);
}

static int
compare_terms(const void *a, const void *b)
{
    size_t left = ((const struct term *)a)->n_rows;
    size_t right = ((const struct term *)b)->n_rows;
    return (left > right) - (left < right);
}

/* The rarest first. */
static void
find_terms(struct querying *querying)
{
    const struct search_table *words = &querying->index->words;
    size_t n_words = querying->query->n_words;
    assert(n_words <= SEARCH_MAX_WORDS);
    for (size_t i = 0; i < n_words; i++) {
        const char *text = querying->query->words[i];
        uint32_t number = search_table_find(words, text);
        struct visiting visiting = {querying, &querying->terms[i]};
        if (i + 1 == n_words) {
            search_table_each(words, text, visit_word, &visiting);
        } else if (number != SEARCH_NO_TEXT) {
            term_add(querying, &querying->terms[i], number);
        }
    }
    qsort(querying->terms, n_words, sizeof(querying->terms[0]), compare_terms);
}

/* ---- Candidates ---- */

static void
make_room(struct querying *querying, size_t n)
{
    querying->candidates = arena_alloc(querying->arena, n * sizeof(uint32_t) + 1);
    querying->scores = arena_alloc(querying->arena, n * sizeof(uint32_t) + 1);
    querying->best = arena_alloc(querying->arena, n + 1);
}

static void
add_candidate(struct querying *querying, uint32_t place, uint32_t score)
{
    querying->candidates[querying->n_candidates] = SEARCH_MARK(place, false);
    querying->scores[querying->n_candidates++] = score;
}

static uint8_t
weight_of(uint32_t mark)
{
    return SEARCH_IS_NAME(mark) ? SEARCH_NAME_WEIGHT : 1;
}

/* Without words everything is one. */
static void
begin_with_all(struct querying *querying)
{
    size_t n = querying->index->n_entries;
    make_room(querying, n);
    for (size_t i = 0; i < n; i++) {
        add_candidate(querying, (uint32_t)i, 0);
    }
}

/* What a term of several words counts for each entry: with several words of one prefix
 * the best. */
static const uint8_t *
weights_of(struct querying *querying, const struct term *term)
{
    uint8_t *weights = arena_alloc(querying->arena, querying->index->n_entries + 1);
    for (size_t i = 0; i < term->n_postings; i++) {
        const struct search_list *posting = term->postings[i];
        for (size_t j = 0; j < posting->n_rows; j++) {
            uint8_t *weight = &weights[SEARCH_NUMBER(posting->rows[j])];
            uint8_t found = weight_of(posting->rows[j]);
            *weight = found > *weight ? found : *weight;
        }
    }
    return weights;
}

static void
begin_with_many(struct querying *querying, const struct term *term)
{
    const uint8_t *weights = weights_of(querying, term);
    for (size_t i = 0; i < querying->index->n_entries; i++) {
        if (weights[i] > 0) {
            add_candidate(querying, (uint32_t)i, weights[i]);
        }
    }
}

static void
begin_with(struct querying *querying, const struct term *term)
{
    make_room(querying, term->n_rows);
    if (term->n_postings > 1) {
        begin_with_many(querying, term);
        return;
    }
    for (size_t i = 0; i < term->n_rows; i++) {
        uint32_t mark = term->postings[0]->rows[i];
        add_candidate(querying, SEARCH_NUMBER(mark), weight_of(mark));
    }
}

/* The first place at or behind from whose row is at least mark: in steps that double,
 * then by halves. */
static size_t
seek(const uint32_t *rows, size_t n_rows, size_t from, uint32_t mark)
{
    size_t step = 1;
    size_t high = from;
    while (high < n_rows && rows[high] < mark) {
        from = high + 1;
        high += step;
        step *= 2;
    }
    high = high < n_rows ? high : n_rows;
    while (from < high) {
        size_t middle = from + (high - from) / 2;
        if (rows[middle] < mark) {
            from = middle + 1;
        } else {
            high = middle;
        }
    }
    return from;
}

/* Walks the shorter of the two and seeks in the longer. */
static void
note_posting(struct querying *querying, const struct search_list *posting)
{
    const uint32_t *candidates = querying->candidates;
    size_t n = querying->n_candidates;
    size_t at = 0;
    if (posting->n_rows < n) {
        for (size_t i = 0; i < posting->n_rows && at < n; i++) {
            uint32_t mark = posting->rows[i];
            at = seek(candidates, n, at, SEARCH_MARK(SEARCH_NUMBER(mark), false));
            if (at < n && SEARCH_NUMBER(candidates[at]) == SEARCH_NUMBER(mark)) {
                querying->best[at] = weight_of(mark);
            }
        }
        return;
    }
    for (size_t i = 0; i < n && at < posting->n_rows; i++) {
        at = seek(posting->rows, posting->n_rows, at, candidates[i]);
        if (at < posting->n_rows &&
            SEARCH_NUMBER(candidates[i]) == SEARCH_NUMBER(posting->rows[at])) {
            querying->best[i] = weight_of(posting->rows[at]);
        }
    }
}

/* Seeking pays for one posting; the many of a prefix are gone through once. */
static void
narrow(struct querying *querying, const struct term *term)
{
    size_t n_kept = 0;
    memset(querying->best, 0, querying->n_candidates);
    if (term->n_postings == 1) {
        note_posting(querying, term->postings[0]);
    } else {
        const uint8_t *weights = weights_of(querying, term);
        for (size_t i = 0; i < querying->n_candidates; i++) {
            querying->best[i] = weights[SEARCH_NUMBER(querying->candidates[i])];
        }
    }
    for (size_t i = 0; i < querying->n_candidates; i++) {
        if (querying->best[i] > 0) {
            querying->candidates[n_kept] = querying->candidates[i];
            querying->scores[n_kept++] = querying->scores[i] + querying->best[i];
        }
    }
    querying->n_candidates = n_kept;
}

static void
find_candidates(struct querying *querying)
{
    size_t n_words = querying->query->n_words;
    if (n_words == 0) {
        begin_with_all(querying);
        return;
    }
    find_terms(querying);
    begin_with(querying, &querying->terms[0]);
    for (size_t i = 1; i < n_words && querying->n_candidates > 0; i++) {
        narrow(querying, &querying->terms[i]);
    }
}

/* ---- Conditions ---- */

/* Which numbers of a table are among some texts. */
static bool *
wanted(struct arena *arena, const struct search_table *table, const char *const *texts,
       size_t n_texts)
{
    bool *is_wanted = arena_alloc(arena, table->n_texts + 1);
    for (size_t i = 0; i < n_texts; i++) {
        uint32_t number = search_table_find(table, texts[i]);
        if (number != SEARCH_NO_TEXT) {
            is_wanted[number] = true;
        }
    }
    return is_wanted;
}

/* Which sets hold one of some texts. */
static bool *
wanted_sets(struct arena *arena, const struct search_sets *sets,
            const char *const *texts, size_t n_texts)
{
    const bool *is_wanted = wanted(arena, &sets->texts, texts, n_texts);
    bool *is_set_wanted = arena_alloc(arena, sets->keys.n_texts + 1);
    for (size_t i = 0; i < sets->keys.n_texts; i++) {
        const struct search_list set = search_set(sets, i);
        for (size_t j = 0; j < set.n_rows; j++) {
            is_set_wanted[i] = is_set_wanted[i] || is_wanted[set.rows[j]];
        }
    }
    return is_set_wanted;
}

bool *
search_seen_sets(struct arena *arena, const struct search_index *index,
                 const struct scopes *scopes)
{
    const char **strings =
        arena_alloc(arena, (scopes->n_strings + 1) * sizeof(*strings));
    for (size_t i = 0; i < scopes->n_strings; i++) {
        strings[i] = scopes->strings[i];
    }
    strings[scopes->n_strings] = "*";
    return wanted_sets(arena, &index->scopes, strings, scopes->n_strings + 1);
}

static void
prepare_after(struct querying *querying)
{
    const struct search_index *index = querying->index;
    const struct search_hit *after = &querying->query->after;
    querying->after = (struct ranked){.place = NO_PLACE, .hit = *after};
    uint32_t number =
        after->id == NULL ? SEARCH_NO_TEXT : search_table_find(&index->ids, after->id);
    if (number != SEARCH_NO_TEXT) {
        querying->after.place = index->latest.rows[number];
    }
}

static void
prepare(struct querying *querying)
{
    const struct search_index *index = querying->index;
    const struct search_query *query = querying->query;
    querying->is_seen = search_seen_sets(querying->arena, index, query->scopes);
    for (size_t i = 0; i < SEARCH_FACETS; i++) {
        const struct search_texts *wanted = &query->wanted[i];
        if (wanted->n_texts > 0) {
            querying->is_wanted[i] =
                wanted_sets(querying->arena, &index->facets[i],
                            (const char *const *)wanted->texts, wanted->n_texts);
        }
        querying->counts[i] = search_tally_new(
            querying->arena, index->facets[i].keys.n_texts, querying->n_candidates);
    }
    querying->hits = arena_alloc(querying->arena, query->limit * sizeof(struct ranked));
    prepare_after(querying);
}

static bool
is_hit(const struct querying *querying, const struct search_entry *entry)
{
    if (!entry->is_live || !querying->is_seen[entry->scopes]) {
        return false;
    }
    for (size_t i = 0; i < SEARCH_FACETS; i++) {
        if (querying->is_wanted[i] != NULL &&
            !querying->is_wanted[i][entry->facets[i]]) {
            return false;
        }
    }
    return true;
}

/* ---- Ranking ---- */

/* Below 0: a comes first. Places say which id is less where entries are in order, for
 * most hits differ by nothing else, and each text would be fetched from memory. */
static int
compare_hits(const struct search_index *index, const struct ranked *a,
             const struct ranked *b)
{
    if (a->hit.key != b->hit.key) {
        return a->hit.key > b->hit.key ? -1 : 1;
    }
    /* Where the order goes by something else, both are the same "". */
    int by_name = a->hit.name == b->hit.name ? 0 : strcmp(a->hit.name, b->hit.name);
    if (by_name != 0) {
        return by_name;
    }
    if (a->place < index->n_in_order && b->place < index->n_in_order) {
        return (a->place > b->place) - (a->place < b->place);
    }
    return strcmp(a->hit.id, b->hit.id);
}

/* Puts a hit where it belongs among the best, unless all places are taken by better
 * ones. */
static void
rank(struct querying *querying, struct search_result *result, const struct ranked *hit)
{
    const struct search_index *index = querying->index;
    struct ranked *hits = querying->hits;
    size_t place = result->n_hits;
    if (querying->after.hit.id != NULL &&
        compare_hits(index, hit, &querying->after) <= 0) {
        return;
    }
    if (place == querying->query->limit) {
        result->has_more = true;
        if (compare_hits(index, hit, &hits[place - 1]) > 0) {
            return;
        }
        place--;
        result->n_hits--;
    }
    while (place > 0 && compare_hits(index, hit, &hits[place - 1]) < 0) {
        hits[place] = hits[place - 1];
        place--;
    }
    hits[place] = *hit;
    result->n_hits++;
}

/* What the order goes by. */
static struct ranked
ranked_of(const struct querying *querying, size_t candidate)
{
    const struct search_index *index = querying->index;
    uint32_t place = SEARCH_NUMBER(querying->candidates[candidate]);
    const struct search_entry *entry = &index->entries[place];
    struct ranked hit = {.place = place,
                         .hit = {.id = index->ids.texts[entry->id],
                                 .score = querying->scores[candidate],
                                 .name = ""}};
    switch (querying->query->order) {
    case SEARCH_BY_NAME:
        hit.hit.name = index->names.texts[entry->name];
        break;
    case SEARCH_BY_UPDATED:
        hit.hit.key = entry->revision;
        break;
    case SEARCH_BY_TRL:
        hit.hit.key = entry->trl;
        break;
    default:
        hit.hit.key = hit.hit.score;
        break;
    }
    return hit;
}

static void
rank_all(struct querying *querying, struct search_result *result)
{
    const struct search_index *index = querying->index;
    for (size_t i = 0; i < querying->n_candidates; i++) {
        const struct search_entry *entry =
            &index->entries[SEARCH_NUMBER(querying->candidates[i])];
        if (!is_hit(querying, entry)) {
            continue;
        }
        const struct ranked hit = ranked_of(querying, i);
        result->total++;
        for (size_t j = 0; j < SEARCH_FACETS; j++) {
            search_tally_add(&querying->counts[j], entry->facets[j], 1);
        }
        rank(querying, result, &hit);
    }
    /* The texts of the index may move once the lock is given back. */
    result->hits =
        arena_alloc(querying->arena, (result->n_hits + 1) * sizeof(*result->hits));
    for (size_t i = 0; i < result->n_hits; i++) {
        struct search_hit hit = querying->hits[i].hit;
        hit.id = arena_copy(querying->arena, hit.id);
        hit.name = arena_copy(querying->arena, hit.name);
        result->hits[i] = hit;
    }
}

/* ---- Counts ---- */

static bool
is_more_frequent(const struct search_count *a, const struct search_count *b)
{
    return a->count != b->count ? a->count > b->count : strcmp(a->value, b->value) < 0;
}

/* Puts a value among the most frequent ones, unless all places are taken by those. */
static void
place_count(struct search_counts *out, const struct search_count *one)
{
    bool is_full = out->n_rows == SEARCH_FACET_VALUES;
    if (is_full && !is_more_frequent(one, &out->rows[out->n_rows - 1])) {
        return;
    }
    size_t at = is_full ? out->n_rows - 1 : out->n_rows++;
    while (at > 0 && is_more_frequent(one, &out->rows[at - 1])) {
        out->rows[at] = out->rows[at - 1];
        at--;
    }
    out->rows[at] = *one;
}

/* The most frequent values: a catalogue may have more tags than services. */
static void
gather(struct querying *querying, const struct search_table *values,
       const struct search_tally *counts, struct search_counts *out)
{
    out->rows = arena_alloc(querying->arena, SEARCH_FACET_VALUES * sizeof(*out->rows));
    out->n_rows = 0;
    for (size_t i = 0; i < counts->n_rows; i++) {
        const struct search_tally_row *row = &counts->rows[i];
        if (row->count > 0) {
            const struct search_count one = {.value = values->texts[row->number],
                                             .count = row->count};
            place_count(out, &one);
        }
    }
    for (size_t i = 0; i < out->n_rows; i++) {
        out->rows[i].value = arena_copy(querying->arena, out->rows[i].value);
    }
}

/* What was counted by set, by each text of the sets. */
static struct search_tally
counts_of_texts(struct querying *querying, const struct search_sets *sets,
                const struct search_tally *of_sets)
{
    size_t n_counted = 0;
    for (size_t i = 0; i < of_sets->n_rows; i++) {
        const struct search_tally_row *row = &of_sets->rows[i];
        n_counted += row->count > 0 ? search_set(sets, row->number).n_rows : 0;
    }
    struct search_tally counts =
        search_tally_new(querying->arena, sets->texts.n_texts, n_counted);
    for (size_t i = 0; i < of_sets->n_rows; i++) {
        const struct search_tally_row *row = &of_sets->rows[i];
        if (row->count == 0) {
            continue;
        }
        const struct search_list set = search_set(sets, row->number);
        for (size_t j = 0; j < set.n_rows; j++) {
            search_tally_add(&counts, set.rows[j], row->count);
        }
    }
    return counts;
}

void
search_index_query(const struct search_index *index, const struct search_query *query,
                   struct arena *arena, struct search_result *out)
{
    struct querying querying = {.index = index, .query = query, .arena = arena};
    *out = (struct search_result){.n_hits = 0};
    find_candidates(&querying);
    prepare(&querying);
    rank_all(&querying, out);
    /* Whoever asks for a further page has them. */
    for (size_t i = 0; i < SEARCH_FACETS && query->after.id == NULL; i++) {
        const struct search_sets *sets = &index->facets[i];
        const struct search_tally counts =
            counts_of_texts(&querying, sets, &querying.counts[i]);
        gather(&querying, &sets->texts, &counts, &out->facets[i]);
    }
}
