#include "proto/text_spelling.h"

#include <stdint.h>
#include <string.h>

#include <utf8proc.h>

enum {
    PARTS_MAX = 32, /* More than any character decomposes into. */
    UTF8_MAX = 4,
};

/* A spelling in the making. */
struct spelling {
    struct arena *arena;
    struct text_spelling made;
    size_t room;
};

static void
put(struct spelling *spelling, char byte, size_t at)
{
    struct text_spelling *made = &spelling->made;
    if (made->size + 1 >= spelling->room) {
        size_t room = 2 * spelling->room;
        char *text = arena_alloc(spelling->arena, room);
        size_t *ats = arena_alloc(spelling->arena, room * sizeof *ats);
        memcpy(text, made->text, made->size);
        memcpy(ats, made->at, made->size * sizeof *ats);
        made->text = text;
        made->at = ats;
        spelling->room = room;
    }
    made->text[made->size] = byte;
    made->at[made->size++] = at;
}

static void
put_ascii(struct spelling *spelling, char c, size_t at)
{
    bool is_capital = c >= 'A' && c <= 'Z';
    put(spelling, (char)(is_capital ? c - 'A' + 'a' : c), at);
}

static bool
is_letter(utf8proc_category_t category)
{
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
           (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
}

/* What stands between names beyond ASCII, and in them. */
static char
plain(utf8proc_category_t category)
{
    switch ((int)category) {
    case UTF8PROC_CATEGORY_PD:
        return '-';
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_LM:
        return '\'';
    default:
        return ' ';
    }
}

static void
put_part(struct spelling *spelling, utf8proc_int32_t part, size_t at)
{
    utf8proc_uint8_t bytes[UTF8_MAX];
    utf8proc_category_t category = utf8proc_category(part);
    if (part < 0x80) {
        put_ascii(spelling, (char)part, at);
        return;
    }
    if (category == UTF8PROC_CATEGORY_CF) {
        return; /* Soft hyphens and joiners are not seen. */
    }
    if (!is_letter(category) || category == UTF8PROC_CATEGORY_LM) {
        put(spelling, plain(category), at);
        return;
    }
    utf8proc_ssize_t n = utf8proc_encode_char(part, bytes);
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        put(spelling, (char)bytes[i], at);
    }
}

/* One character beyond ASCII; answers how many bytes it takes. */
static size_t
put_character(struct spelling *spelling, const char *character, size_t at)
{
    utf8proc_int32_t codepoint, parts[PARTS_MAX];
    int last_class = 0;
    utf8proc_ssize_t size =
        utf8proc_iterate((const utf8proc_uint8_t *)character, -1, &codepoint);
    if (size <= 0) {
        put(spelling, *character, at);
        return 1;
    }
    utf8proc_ssize_t n = utf8proc_decompose_char(
        codepoint, parts, PARTS_MAX,
        UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK,
        &last_class);
    for (utf8proc_ssize_t i = 0; i < n && i < PARTS_MAX; i++) {
        put_part(spelling, parts[i], at);
    }
    return (size_t)size;
}

struct text_spelling
text_spelling_of(const char *text, struct arena *arena)
{
    struct spelling spelling = {.arena = arena, .room = strlen(text) + 2};
    spelling.made.text = arena_alloc(arena, spelling.room);
    spelling.made.at = arena_alloc(arena, spelling.room * sizeof *spelling.made.at);
    size_t at = 0;
    while (text[at] != '\0') {
        if ((text[at] & 0x80) == 0) {
            put_ascii(&spelling, text[at], at);
            at++;
        } else {
            at += put_character(&spelling, text + at, at);
        }
    }
    spelling.made.text[spelling.made.size] = '\0';
    spelling.made.at[spelling.made.size] = at;
    return spelling.made;
}

bool
text_spelling_is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
           (byte & 0x80) != 0;
}

bool
text_spelling_begins(const struct text_spelling *spelling, size_t at, size_t *byte)
{
    while (*byte < spelling->size && spelling->at[*byte] < at) {
        (*byte)++;
    }
    return *byte < spelling->size && spelling->at[*byte] == at;
}

bool
text_spelling_ends(const struct text_spelling *spelling, size_t byte)
{
    return byte == 0 || spelling->at[byte] != spelling->at[byte - 1];
}
