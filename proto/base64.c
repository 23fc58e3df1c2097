#include "proto/base64.h"

#include <string.h>

static const char url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char plain_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *
encode(struct bytes bytes, const char digits[64], struct arena *arena)
{
    char *text = arena_alloc(arena, (bytes.size + 2) / 3 * 4 + 1);
    char *out = text;
    unsigned bits = 0; /* How many bits of rest are not written yet. */
    uint32_t rest = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        rest = rest << 8 | bytes.data[i];
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            *out++ = digits[rest >> bits & 63];
        }
    }
    if (bits > 0) {
        *out++ = digits[rest << (6 - bits) & 63];
    }
    *out = '\0';
    return text;
}

char *
base64_print(struct bytes bytes, struct arena *arena)
{
    char *text = encode(bytes, plain_digits, arena);
    size_t size = strlen(text);
    for (; size % 4 != 0; size++) {
        text[size] = '=';
    }
    return text;
}

char *
base64_print_url(struct bytes bytes, struct arena *arena)
{
    return encode(bytes, url_digits, arena);
}

/* The value of a digit of the alphabets in use; -1: none. */
static int
digit_value(char digit, enum base64_alphabets alphabets)
{
    const char *url = strchr(url_digits, digit);
    if (url != NULL) {
        return (int)(url - url_digits);
    }
    const char *plain = strchr(plain_digits, digit);
    return plain != NULL && alphabets == BASE64_BOTH ? (int)(plain - plain_digits) : -1;
}

/* The size without the padding a text may end with; padding must be whole. */
static size_t
unpadded_size(const char *text, enum base64_alphabets alphabets)
{
    size_t size = strlen(text);
    if (alphabets == BASE64_URL || size % 4 != 0) {
        return size;
    }
    for (int i = 0; i < 2 && size > 0 && text[size - 1] == '='; i++) {
        size--;
    }
    return size;
}

bool
base64_parse(const char *text, enum base64_alphabets alphabets, struct arena *arena,
             struct bytes *out)
{
    size_t size = unpadded_size(text, alphabets);
    if (size % 4 == 1) {
        return false;
    }
    uint8_t *data = arena_alloc(arena, size / 4 * 3 + 3);
    size_t n = 0;
    unsigned bits = 0;
    uint32_t rest = 0;
    for (size_t i = 0; i < size; i++) {
        int value = digit_value(text[i], alphabets);
        if (value < 0) {
            return false;
        }
        rest = rest << 6 | (uint32_t)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            data[n++] = (uint8_t)(rest >> bits & 0xff);
        }
    }
    /* Bits left over must be zero: one text for the same bytes. */
    if ((rest & ((1U << bits) - 1)) != 0) {
        return false;
    }
    *out = (struct bytes){data, n};
    return true;
}
