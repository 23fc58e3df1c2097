#include "store/token.h"

#include <string.h>

#include "proto/digest.h"
#include "proto/text.h"
#include "store/split.h"

/*
 * A token says where a page ended and of which search. It gives no right: scopes are
 * applied to each page anew, so it needs no signature, only to be read with care, since
 * it comes from a stranger. The values are those of the last document, which the caller
 * has just seen.
 */
enum {
    TOKEN_FORMAT = 1,
    FILTER_SIZE = 16,
    HEAD_SIZE = 1 + FILTER_SIZE,
    MAX_TOKEN = 64 << 10
};

/* What is left to read of a token. */
struct token {
    struct bytes rest;
    struct arena *arena;
    bool is_bad;
};

/* Everything that decides which documents a search lists and in which order, but whose
 * eyes look: their scopes are applied to every page anew. */
static void
token_filter(const struct find *find, const struct kind_index *index,
             struct arena *arena, uint8_t out[DIGEST_SIZE])
{
    struct digest *digest = digest_new(arena);
    digest_add_text(digest, find->kind->name);
    digest_add_text(digest, index == NULL ? "" : index->name);
    digest_add_int(digest, (int64_t)find->n_equal);
    for (size_t i = 0; i < find->n_equal; i++) {
        size_t declared = split_column(find->kind, index, i);
        bool is_text = find->kind->declared[declared].type == DECLARED_TEXT;
        digest_add_text(digest, is_text ? find->equal[i].text : "");
        digest_add_int(digest, is_text ? 0 : find->equal[i].integer);
    }
    digest_add_int(digest, find->has_range ? 1 : 0);
    digest_add_int(digest, find->has_range ? find->low : 0);
    digest_add_int(digest, find->has_range ? find->high : 0);
    digest_add_int(digest, find->within == NULL ? 0 : 1);
    digest_add_text(digest, find->within == NULL ? "" : find->within);
    digest_add_int(digest, find->prefix == NULL ? 0 : 1);
    digest_add_text(digest, find->prefix == NULL ? "" : find->prefix);
    digest_add_int(digest, find->as_of);
    digest_end(digest, out);
}

static bool
token_is_text(const struct find *find, const struct kind_index *index, size_t column)
{
    return find->kind->declared[split_column(find->kind, index, column)].type ==
           DECLARED_TEXT;
}

static size_t
token_put_int(uint8_t *out, uint64_t value)
{
    for (size_t i = 0; i < 8; i++) {
        out[i] = (uint8_t)(value >> (56 - 8 * i));
    }
    return 8;
}

static size_t
token_put_text(uint8_t *out, const char *text)
{
    size_t size = strlen(text);
    token_put_int(out, size);
    memcpy(out + 8, text, size);
    return 8 + size;
}

char *
token_make(const struct find *find, const struct kind_index *index,
           const struct key *last, struct arena *arena)
{
    size_t n_columns = split_n_columns(index);
    size_t room = HEAD_SIZE + 8 + strlen(last->id);
    for (size_t i = find->n_equal; i < n_columns; i++) {
        room += 8 + (token_is_text(find, index, i) ? strlen(last->columns[i].text) : 0);
    }
    uint8_t filter[DIGEST_SIZE];
    token_filter(find, index, arena, filter);
    uint8_t *out = arena_alloc(arena, room);
    out[0] = TOKEN_FORMAT;
    memcpy(out + 1, filter, FILTER_SIZE);
    size_t size = HEAD_SIZE;
    for (size_t i = find->n_equal; i < n_columns; i++) {
        size += token_is_text(find, index, i)
                    ? token_put_text(out + size, last->columns[i].text)
                    : token_put_int(out + size, (uint64_t)last->columns[i].integer);
    }
    size += token_put_text(out + size, last->id);
    return text_base64url((struct bytes){out, size}, arena);
}

static uint64_t
token_take_int(struct token *token)
{
    if (token->rest.size < 8) {
        token->is_bad = true;
        return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++) {
        value = value << 8 | token->rest.data[i];
    }
    token->rest.data += 8;
    token->rest.size -= 8;
    return value;
}

/* A text with a NUL inside would be compared as a shorter one: it is refused. */
static const char *
token_take_text(struct token *token)
{
    uint64_t size = token_take_int(token);
    if (token->is_bad || size > token->rest.size ||
        (size > 0 && memchr(token->rest.data, '\0', size) != NULL)) {
        token->is_bad = true;
        return "";
    }
    const char *text = arena_copy_n(token->arena, token->rest.data, size);
    token->rest.data += size;
    token->rest.size -= size;
    return text;
}

bool
token_read(const struct find *find, const struct kind_index *index, struct arena *arena,
           struct key *after)
{
    struct token token = {.arena = arena};
    uint8_t filter[DIGEST_SIZE];
    if (strlen(find->token) > MAX_TOKEN ||
        !text_from_base64url(find->token, arena, &token.rest)) {
        return false;
    }
    /* A position in one list means nothing in another: a changed filter is refused
     * rather than answered with a page that skips. */
    token_filter(find, index, arena, filter);
    if (token.rest.size < HEAD_SIZE || token.rest.data[0] != TOKEN_FORMAT ||
        memcmp(token.rest.data + 1, filter, FILTER_SIZE) != 0) {
        return false;
    }
    token.rest.data += HEAD_SIZE;
    token.rest.size -= HEAD_SIZE;
    for (size_t i = find->n_equal; i < split_n_columns(index); i++) {
        if (token_is_text(find, index, i)) {
            after->columns[i].text = token_take_text(&token);
        } else {
            after->columns[i].integer = (int64_t)token_take_int(&token);
        }
    }
    after->id = token_take_text(&token);
    return !token.is_bad && token.rest.size == 0 && after->id[0] != '\0';
}
