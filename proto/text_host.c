/* Names of hosts, and Punycode (RFC 3492), which writes what is beyond ASCII in them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "proto/text.h"

/* Source: RFC 3492, section 5. */
enum {
    BASE = 36,
    T_MIN = 1,
    T_MAX = 26,
    SKEW = 38,
    DAMP = 700,
    INITIAL_BIAS = 72,
    INITIAL_N = 128,
    LABEL_MAX = 63,            /* Of a name in DNS, in bytes. */
    IDEOGRAPHIC_STOP = 0x3002, /* Typed for the dot where it is the keyboard's. */
};

/* A label as it is written: ASCII, with room for all that can come of one. */
struct label {
    char text[16 * LABEL_MAX];
    size_t size;
};

static uint32_t
adapt(uint32_t delta, uint32_t n_points, bool is_first)
{
    uint32_t k = 0;
    delta = is_first ? delta / DAMP : delta / 2;
    delta += delta / n_points;
    while (delta > ((BASE - T_MIN) * T_MAX) / 2) {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static void
put(struct label *label, char c)
{
    if (label->size < sizeof label->text - 1) {
        label->text[label->size++] = c;
    }
}

static void
put_digit(struct label *label, uint32_t digit)
{
    put(label, (char)(digit < 26 ? 'a' + digit : '0' + (digit - 26)));
}

/* A number of variable length; the last digit is below the threshold. */
static void
put_delta(struct label *label, uint32_t delta, uint32_t bias)
{
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
        if (delta < t) {
            put_digit(label, delta);
            return;
        }
        put_digit(label, t + (delta - t) % (BASE - t));
        delta = (delta - t) / (BASE - t);
    }
}

/* The smallest code point that was not written yet. */
static uint32_t
next_point(const utf8proc_int32_t *points, size_t n_points, uint32_t from)
{
    uint32_t next = UINT32_MAX;
    for (size_t i = 0; i < n_points; i++) {
        uint32_t point = (uint32_t)points[i];
        next = point >= from && point < next ? point : next;
    }
    return next;
}

/* Source: RFC 3492, section 6.3. Labels are short, so nothing overflows. */
static void
encode(struct label *label, const utf8proc_int32_t *points, size_t n_points)
{
    uint32_t n = INITIAL_N, delta = 0, bias = INITIAL_BIAS;
    uint32_t n_basic = 0;
    for (size_t i = 0; i < n_points; i++) {
        if (points[i] < INITIAL_N) {
            put(label, (char)points[i]);
            n_basic++;
        }
    }
    if (n_basic > 0) {
        put(label, '-');
    }
    for (uint32_t n_done = n_basic; n_done < n_points; delta++, n++) {
        uint32_t next = next_point(points, n_points, n);
        delta += (next - n) * (n_done + 1);
        n = next;
        for (size_t i = 0; i < n_points; i++) {
            if ((uint32_t)points[i] < n) {
                delta++;
            } else if ((uint32_t)points[i] == n) {
                put_delta(label, delta, bias);
                bias = adapt(delta, n_done + 1, n_done == n_basic);
                delta = 0;
                n_done++;
            }
        }
    }
}

static bool
is_ascii(const utf8proc_int32_t *points, size_t n_points)
{
    for (size_t i = 0; i < n_points; i++) {
        if (points[i] >= INITIAL_N) {
            return false;
        }
    }
    return true;
}

static const char *
label_text(const utf8proc_int32_t *points, size_t n_points, struct arena *arena)
{
    struct label label = {.size = 0};
    if (is_ascii(points, n_points)) {
        for (size_t i = 0; i < n_points; i++) {
            put(&label, (char)points[i]);
        }
        return arena_copy_n(arena, label.text, label.size);
    }
    encode(&label, points, n_points);
    return arena_print(arena, "xn--%.*s", (int)label.size, label.text);
}

/* Composed, small letters; the number of code points, 0 = it is no UTF-8. */
static size_t
decompose(const char *host, struct arena *arena, utf8proc_int32_t **out)
{
    utf8proc_uint8_t *composed = NULL;
    utf8proc_ssize_t size = utf8proc_map((const utf8proc_uint8_t *)host, 0, &composed,
                                         UTF8PROC_NULLTERM | UTF8PROC_STABLE |
                                             UTF8PROC_COMPAT | UTF8PROC_COMPOSE);
    size_t n = 0;
    if (size > 0) {
        *out = arena_alloc(arena, (size_t)size * sizeof **out);
    }
    for (utf8proc_ssize_t at = 0; at < size;) {
        utf8proc_int32_t point;
        utf8proc_ssize_t n_bytes = utf8proc_iterate(composed + at, size - at, &point);
        if (n_bytes <= 0) {
            break;
        }
        point = utf8proc_tolower(point);
        (*out)[n++] = point == IDEOGRAPHIC_STOP ? '.' : point;
        at += n_bytes;
    }
    free(composed);
    return n;
}

char *
text_host(const char *host, struct arena *arena)
{
    utf8proc_int32_t *points = NULL;
    size_t n_points = decompose(host, arena, &points);
    if (n_points == 0) {
        return arena_copy(arena, host);
    }
    char *text = NULL;
    for (size_t from = 0, at = 0; at <= n_points; at++) {
        /* What is longer than a label can be is no name that could be looked up. */
        if (at < n_points && at - from > LABEL_MAX) {
            return arena_copy(arena, host);
        }
        if (at < n_points && points[at] != '.') {
            continue;
        }
        const char *label = label_text(points + from, at - from, arena);
        text = text == NULL ? arena_copy(arena, label)
                            : arena_print(arena, "%s.%s", text, label);
        from = at + 1;
    }
    return text;
}
