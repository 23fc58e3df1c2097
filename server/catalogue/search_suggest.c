/* Words that are near to one that nothing has. */
#include <stdlib.h>
#include <string.h>

#include "server/catalogue/search_entry.h"

enum { MAX_LETTERS = 32, MAX_APART = 2 };

/* A word that is near. */
struct near {
    const char *word;
    size_t apart;
    size_t n_services;
};

/*
 * How many letters lie between two words: changed, left out, put in, or swapped with
 * the next; more than MAX_APART: not near. Damerau and Levenshtein's distance without
 * moving a letter twice, by its table of three rows. Bytes will do: words are folded.
 */
static size_t
apart(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows[3][MAX_LETTERS + 1];
    for (size_t j = 0; j <= b_size; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3];
        const size_t *before_that = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t least = before[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            least = before[j] + 1 < least ? before[j] + 1 : least;
            least = row[j - 1] + 1 < least ? row[j - 1] + 1 : least;
            bool is_swapped =
                i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (is_swapped && before_that[j - 2] + 1 < least) {
                least = before_that[j - 2] + 1;
            }
            row[j] = least;
        }
    }
    return rows[a_size % 3][b_size];
}

/* How many services the scopes see have a word, up to a number. */
static size_t
n_seen(const struct search_index *index, const bool *is_seen, uint32_t word,
       size_t most)
{
    const struct search_list *posting = &index->postings[word];
    size_t n = 0;
    for (size_t i = 0; i < posting->n_rows && n < most; i++) {
        const struct search_entry *entry =
            &index->entries[SEARCH_NUMBER(posting->rows[i])];
        n += entry->is_live && is_seen[entry->scopes];
    }
    return n;
}

/* A word being looked for among what is seen. */
struct knowing {
    const struct search_index *index;
    const bool *is_seen;
    bool is_known;
};

static void
know(void *context, uint32_t word)
{
    struct knowing *knowing = context;
    knowing->is_known =
        knowing->is_known || n_seen(knowing->index, knowing->is_seen, word, 1) > 0;
}

static bool
is_known(const struct search_index *index, const bool *is_seen, const char *word,
         bool is_beginning)
{
    struct knowing knowing = {.index = index, .is_seen = is_seen};
    uint32_t number = search_table_find(&index->words, word);
    if (is_beginning) {
        search_table_each(&index->words, word, know, &knowing);
    } else if (number != SEARCH_NO_TEXT) {
        know(&knowing, number);
    }
    return knowing.is_known;
}

static bool
is_nearer(const struct near *a, const struct near *b)
{
    if (a->apart != b->apart) {
        return a->apart < b->apart;
    }
    return a->n_services != b->n_services ? a->n_services > b->n_services
                                          : strcmp(a->word, b->word) < 0;
}

static size_t
add_near(struct near *found, size_t n, const struct near *one)
{
    size_t at = n;
    if (n == SEARCH_SUGGESTIONS && !is_nearer(one, &found[n - 1])) {
        return n;
    }
    at -= n == SEARCH_SUGGESTIONS ? 1 : 0;
    n = at + 1;
    while (at > 0 && is_nearer(one, &found[at - 1])) {
        found[at] = found[at - 1];
        at--;
    }
    found[at] = *one;
    return n;
}

size_t
search_index_suggest(const struct search_index *index, const char *word,
                     bool is_beginning, const struct scopes *scopes,
                     struct arena *arena, const char **out)
{
    const bool *is_seen = search_seen_sets(arena, index, scopes);
    struct near found[SEARCH_SUGGESTIONS];
    size_t size = strlen(word);
    size_t n = 0;
    if (size > MAX_LETTERS || is_known(index, is_seen, word, is_beginning)) {
        return 0;
    }
    for (size_t i = 0; i < index->words.n_texts; i++) {
        const char *other = index->words.texts[i];
        size_t other_size = strlen(other);
        if (other_size > MAX_LETTERS || other_size > size + MAX_APART ||
            size > other_size + MAX_APART) {
            continue;
        }
        struct near one = {.word = other,
                           .apart = apart(word, size, other, other_size)};
        /* Short words are near too many others. */
        if (one.apart == 0 || one.apart > MAX_APART || one.apart * 2 >= size) {
            continue;
        }
        one.n_services = n_seen(index, is_seen, (uint32_t)i, SIZE_MAX);
        n = one.n_services > 0 ? add_near(found, n, &one) : n;
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = arena_copy(arena, found[i].word);
    }
    return n;
}
