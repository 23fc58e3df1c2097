/* Forms of texts, and codes. */
#include <string.h>

#include "plan/madmp_table.h"
#include "proto/rules.h"
#include "proto/rules_form.h"

/* Reads n digits; false: something else stands there. */
static bool
read_digits(const char **text, size_t n, int *out)
{
    int value = 0;
    for (size_t i = 0; i < n; i++) {
        char c = (*text)[i];
        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + (c - '0');
    }
    *text += n;
    *out = value;
    return true;
}

static bool
read_char(const char **text, const char *allowed)
{
    if (**text == '\0' || strchr(allowed, **text) == NULL) {
        return false;
    }
    (*text)++;
    return true;
}

static bool
read_date(const char **text)
{
    enum { LENGTH = sizeof "YYYY-MM-DD" - 1 };
    char date[LENGTH + 1] = "";
    memcpy(date, *text, strnlen(*text, LENGTH));
    if (!rules_is_date(date)) {
        return false;
    }
    *text += LENGTH;
    return true;
}

/* Seconds, and a part of one; :60 is a leap second. */
static bool
read_seconds(const char **text)
{
    int second, digit;
    if (!read_char(text, ":") || !read_digits(text, 2, &second) || second > 60) {
        return false;
    }
    if (!read_char(text, ".")) {
        return true;
    }
    if (!read_digits(text, 1, &digit)) {
        return false;
    }
    while (read_digits(text, 1, &digit)) {
    }
    return true;
}

static bool
read_zone(const char **text)
{
    int hour, minute;
    if (read_char(text, "Zz")) {
        return true;
    }
    return read_char(text, "+-") && read_digits(text, 2, &hour) && hour < 24 &&
           read_char(text, ":") && read_digits(text, 2, &minute) && minute < 60;
}

/*
 * RFC 3339 with 1.2. The examples within the older schemas leave out the zone (1.1),
 * and have a blank for the T and no seconds (1.0): what they show is taken.
 */
static bool
is_date_time(enum madmp_version version, const char *text)
{
    int hour, minute;
    if (!read_date(&text) || !read_char(&text, version == MADMP_1_0 ? "Tt " : "Tt") ||
        !read_digits(&text, 2, &hour) || hour > 23 || !read_char(&text, ":") ||
        !read_digits(&text, 2, &minute) || minute > 59) {
        return false;
    }
    bool has_seconds = *text == ':' || version != MADMP_1_0;
    if (has_seconds && !read_seconds(&text)) {
        return false;
    }
    bool has_no_zone = *text == '\0' && version != MADMP_1_2;
    return has_no_zone || (read_zone(&text) && *text == '\0');
}

/* scheme:rest, printable, without a blank or what RFC 3986 has no place for. */
static bool
is_uri(const char *text)
{
    size_t n_scheme =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789+-.");
    bool begins =
        (text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z');
    if (!begins || text[n_scheme] != ':' || text[n_scheme + 1] == '\0') {
        return false;
    }
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at <= ' ' || *at == 0x7f ||
            strchr("<>\"{}|\\^`", *at) != NULL) {
            return false;
        }
    }
    return true;
}

bool
madmp_form_is(enum madmp_form form, enum madmp_version version, const char *text,
              const char **wanted)
{
    static const char *const times[] = {
        [MADMP_1_0] = "a time such as 2026-12-31T12:00:00Z",
        [MADMP_1_1] = "a time such as 2026-12-31T12:00:00Z",
        [MADMP_1_2] = "a time with its zone, such as 2026-12-31T12:00:00Z"};
    switch (form) {
    case FORM_ANY:
        return true;
    case FORM_DATE:
        *wanted = "a date such as 2026-12-31";
        return rules_is_date(text);
    case FORM_DATE_TIME:
        *wanted = times[version];
        return is_date_time(version, text);
    case FORM_EMAIL:
        *wanted = "a mail address";
        return rules_is_email(text);
    case FORM_VERSIONED_URI:
        *wanted = "a URI such as https://example.org/report";
        return version == MADMP_1_2 || is_uri(text);
    case FORM_URI:
        *wanted = "a URI such as https://example.org";
        return is_uri(text);
    }
    return true;
}

bool
madmp_is_among(const char *values, const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || strchr(text, ' ') != NULL) {
        return false;
    }
    for (const char *at = strstr(values, text); at != NULL; at = strstr(at + 1, text)) {
        if (at > values && at[-1] == ' ' && at[n] == ' ') {
            return true;
        }
    }
    return false;
}
