#include "proto/text.h"

#include <stdint.h>
#include <string.h>

#include <utf8proc.h>

#include "proto/base64.h"

enum {
    WORD_MAX = 64,      /* Bytes of a word of text_words. */
    LOCAL_ID_MAX = 128, /* Source: API design, Records. */
    PARTS_MAX = 32,     /* More than any character decomposes into. */
    UTF8_MAX = 4,
    MAPPED_MAX = 4, /* Bytes of the longest text a letter is mapped to. */
};

/* Letters that do not decompose although people write them without their stroke or as
 * two. */
struct mapping {
    utf8proc_int32_t from;
    const char *to;
};

static const struct mapping mappings[] = {
    {0x00c6, "AE"}, {0x00d0, "D"},  {0x00d8, "O"}, {0x00de, "TH"}, {0x00df, "ss"},
    {0x00e6, "ae"}, {0x00f0, "d"},  {0x00f8, "o"}, {0x00fe, "th"}, {0x0110, "D"},
    {0x0111, "d"},  {0x0126, "H"},  {0x0127, "h"}, {0x0131, "i"},  {0x0138, "k"},
    {0x0141, "L"},  {0x0142, "l"},  {0x014a, "N"}, {0x014b, "n"},  {0x0152, "OE"},
    {0x0153, "oe"}, {0x0166, "T"},  {0x0167, "t"}, {0x0180, "b"},  {0x0197, "I"},
    {0x019a, "l"},  {0x01b5, "Z"},  {0x01b6, "z"}, {0x0237, "j"},  {0x023a, "A"},
    {0x0243, "B"},  {0x0246, "E"},  {0x0247, "e"}, {0x0248, "J"},  {0x0249, "j"},
    {0x0268, "i"},  {0x1e9e, "SS"}, {0x2c65, "a"},
};

/* A text in the making, without a separator at either end. */
struct folding {
    struct arena *arena;
    char *text;
    size_t size;
    size_t room;
    char separator; /* What a run of other characters becomes. */
    bool is_ascii;  /* Letters and digits of ASCII only. */
    bool is_apart;  /* Other characters came after the last letter. */
    /* Where the words stand; only noted where the caller asks. */
    bool has_words;
    uint32_t from, end; /* Of what is being added, in the text. */
    struct text_word *words;
    size_t n_words, words_room;
};

/* Controls of both ranges, what turns the direction of writing, breaks of lines. */
static bool
is_harmful(utf8proc_int32_t codepoint)
{
    switch (utf8proc_category(codepoint)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return true;
    default:
        return false;
    }
}

bool
text_is_among(char *const *texts, size_t n_texts, const char *text)
{
    for (size_t i = 0; i < n_texts; i++) {
        if (strcmp(texts[i], text) == 0) {
            return true;
        }
    }
    return false;
}

char *
text_harmless(const char *text, struct arena *arena)
{
    size_t size = strlen(text);
    char *out = arena_alloc(arena, size + 1);
    char *end = out;
    for (size_t i = 0; i < size;) {
        utf8proc_int32_t codepoint;
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)text + i,
                                              (utf8proc_ssize_t)(size - i), &codepoint);
        if (n <= 0) {
            *end++ = '?';
            i++;
        } else if (is_harmful(codepoint)) {
            *end++ = ' ';
            i += (size_t)n;
        } else {
            memcpy(end, text + i, (size_t)n);
            end += n;
            i += (size_t)n;
        }
    }
    return out;
}

bool
text_is_utf8(struct bytes bytes)
{
    for (size_t i = 0; i < bytes.size;) {
        if (bytes.data[i] != 0 && bytes.data[i] < 0x80) {
            i++;
            continue;
        }
        utf8proc_int32_t codepoint;
        utf8proc_ssize_t n = utf8proc_iterate(
            bytes.data + i, (utf8proc_ssize_t)(bytes.size - i), &codepoint);
        if (n <= 0 || codepoint == 0) {
            return false;
        }
        i += (size_t)n;
    }
    return true;
}

static const char *
mapped(utf8proc_int32_t codepoint)
{
    for (size_t i = 0; i < sizeof mappings / sizeof mappings[0]; i++) {
        if (mappings[i].from == codepoint) {
            return mappings[i].to;
        }
    }
    return NULL;
}

static bool
is_kept(const struct folding *folding, utf8proc_int32_t codepoint)
{
    if (folding->is_ascii && codepoint >= 0x80) {
        return false;
    }
    utf8proc_category_t category = utf8proc_category(codepoint);
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
           (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
}

/* What was added at a place of the folded text is another word, or more of one. */
static void
note_word(struct folding *folding, bool is_new, size_t at)
{
    if (is_new) {
        folding->words = arena_grown(folding->arena, folding->words, folding->n_words,
                                     &folding->words_room, sizeof *folding->words);
        folding->words[folding->n_words++] =
            (struct text_word){.from = folding->from, .folded = (uint32_t)at};
    }
    struct text_word *word = &folding->words[folding->n_words - 1];
    word->end = folding->end;
    word->folded_end = (uint32_t)folding->size;
}

static void
folding_append(struct folding *folding, const void *bytes, size_t n)
{
    bool is_new = folding->is_apart || folding->size == 0;
    size_t need = folding->size + n + 2;
    if (need > folding->room) {
        char *text = arena_alloc(folding->arena, 2 * need);
        memcpy(text, folding->text, folding->size);
        folding->text = text;
        folding->room = 2 * need;
    }
    if (folding->is_apart && folding->size > 0) {
        folding->text[folding->size++] = folding->separator;
    }
    folding->is_apart = false;
    memcpy(folding->text + folding->size, bytes, n);
    folding->size += n;
    if (folding->has_words) {
        note_word(folding, is_new, folding->size - n);
    }
}

static void
folding_add(struct folding *folding, utf8proc_int32_t codepoint)
{
    const char *as = mapped(codepoint);
    if (as != NULL) {
        folding_append(folding, as, strlen(as));
        return;
    }
    if (!is_kept(folding, codepoint)) {
        folding->is_apart = true;
        return;
    }
    utf8proc_uint8_t bytes[UTF8_MAX];
    folding_append(folding, bytes, (size_t)utf8proc_encode_char(codepoint, bytes));
}

static bool
is_plain_letter(unsigned char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9');
}

/* A run of letters and digits of ASCII, or one other byte of it, without asking the
 * tables of Unicode: most of what is folded is nothing else. Answers how many bytes. */
static size_t
folding_add_plain(struct folding *folding, const unsigned char *at, bool is_lowered)
{
    size_t n = 0;
    while (is_plain_letter(at[n])) {
        n++;
    }
    folding->end = folding->from + (uint32_t)n;
    if (n == 0) {
        folding->is_apart = true;
        return 1;
    }
    folding_append(folding, at, n);
    for (size_t i = folding->size - n; is_lowered && i < folding->size; i++) {
        bool is_upper = folding->text[i] >= 'A' && folding->text[i] <= 'Z';
        folding->text[i] = (char)(folding->text[i] + (is_upper ? 'a' - 'A' : 0));
    }
    return n;
}

/* Languages that are written with these put no blank between words. */
static bool
is_ideograph(utf8proc_int32_t codepoint)
{
    return (codepoint >= 0x2e80 && codepoint < 0xe000) ||
           (codepoint >= 0x20000 && codepoint < 0x40000);
}

/* A character beyond ASCII. One that leaves nothing is a mark, which belongs to the
 * letter before. */
static void
folding_add_wide(struct folding *folding, utf8proc_int32_t codepoint, int options)
{
    utf8proc_int32_t parts[PARTS_MAX];
    int last_class = 0;
    bool is_apart = folding->has_words && is_ideograph(codepoint);
    utf8proc_ssize_t n = utf8proc_decompose_char(
        codepoint, parts, PARTS_MAX, (utf8proc_option_t)options, &last_class);
    folding->is_apart = folding->is_apart || is_apart;
    for (utf8proc_ssize_t i = 0; i < n && i < PARTS_MAX; i++) {
        folding_add(folding, parts[i]);
    }
    if (n == 0 && folding->n_words > 0 && !folding->is_apart) {
        folding->words[folding->n_words - 1].end = folding->end;
    }
    folding->is_apart = folding->is_apart || is_apart;
}

/* Character by character: marks are dropped, so their order does not matter. */
static char *
fold(struct folding *folding, const char *text, int options)
{
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;
    bool is_lowered = (options & UTF8PROC_CASEFOLD) != 0;
    folding->room = strlen(text) + 2 * MAPPED_MAX;
    folding->text = arena_alloc(folding->arena, folding->room);
    while (*at != 0) {
        utf8proc_int32_t codepoint;
        folding->from = (uint32_t)((const char *)at - text);
        if (*at < 0x80) {
            at += folding_add_plain(folding, at, is_lowered);
            continue;
        }
        utf8proc_ssize_t size = utf8proc_iterate(at, -1, &codepoint);
        if (size <= 0) {
            at++;
            continue;
        }
        at += size;
        folding->end = folding->from + (uint32_t)size;
        folding_add_wide(folding, codepoint, options);
    }
    folding->text[folding->size] = '\0';
    return folding->text;
}

char *
text_fold(const char *text, struct arena *arena)
{
    struct folding folding = {.arena = arena, .separator = ' '};
    return fold(&folding, text,
                UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD |
                    UTF8PROC_STRIPMARK);
}

char *
text_fold_words(const char *text, struct arena *arena, struct text_word **words,
                size_t *n_words)
{
    struct folding folding = {.arena = arena, .separator = ' ', .has_words = true};
    char *folded = fold(&folding, text,
                        UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD |
                            UTF8PROC_STRIPMARK);
    *words = folding.words;
    *n_words = folding.n_words;
    return folded;
}

/* The first bytes of a text, at most max, without half a character at the end. */
static size_t
cut_size(const char *text, size_t size, size_t max)
{
    if (size <= max) {
        return size;
    }
    size_t cut = max;
    while (cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80) {
        cut--;
    }
    return cut;
}

void
text_words(const char *text, struct arena *arena, char ***words, size_t *n_words)
{
    const char *folded = text_fold(text, arena);
    size_t room = *folded == '\0' ? 0 : 1;
    for (const char *at = folded; *at != '\0'; at++) {
        room += *at == ' ';
    }
    char **list = arena_alloc(arena, (room + 1) * sizeof *list);
    for (size_t i = 0; i < room; i++) {
        size_t size = strcspn(folded, " ");
        list[i] = arena_copy_n(arena, folded, cut_size(folded, size, WORD_MAX));
        folded += size + (folded[size] == ' ');
    }
    *words = list;
    *n_words = room;
}

char *
text_local_id(const char *name, struct arena *arena)
{
    struct folding folding = {.arena = arena, .separator = '-', .is_ascii = true};
    char *id =
        fold(&folding, name, UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK);
    if (folding.size > LOCAL_ID_MAX) {
        id[LOCAL_ID_MAX] = '\0';
    }
    return id;
}

static bool
is_plain(unsigned char byte)
{
    return is_plain_letter(byte) || byte == '.' || byte == '_' || byte == '-';
}

char *
text_escaped_id(const char *key, struct arena *arena)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t size = strlen(key);
    char *id = arena_alloc(arena, 3 * size + 1);
    char *out = id;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)key[i];
        /* A local id has no dot at its edges. */
        bool is_edge = byte == '.' && (i == 0 || i == size - 1);
        if (is_plain(byte) && !is_edge) {
            *out++ = key[i];
            continue;
        }
        *out++ = '~';
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 0xf];
    }
    *out = '\0';
    return id;
}

char *
text_base64url(struct bytes bytes, struct arena *arena)
{
    return base64_print_url(bytes, arena);
}

bool
text_from_base64url(const char *text, struct arena *arena, struct bytes *out)
{
    return base64_parse(text, BASE64_URL, arena, out);
}
