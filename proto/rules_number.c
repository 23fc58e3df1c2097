#include <string.h>

#include "proto/rules.h"

enum { WHOLE_MAX = 15, FRACTION_MAX = 9 };

/* A decimal taken apart. */
struct decimal {
    bool is_negative;
    const char *whole; /* Without leading zeros. */
    size_t n_whole;
    const char *fraction; /* Without trailing zeros. */
    size_t n_fraction;
};

static size_t
digits(const char *text)
{
    return strspn(text, "0123456789");
}

bool
rules_is_decimal(const char *text)
{
    text += *text == '-';
    size_t n_whole = digits(text);
    if (n_whole < 1 || n_whole > WHOLE_MAX) {
        return false;
    }
    if (text[n_whole] == '\0') {
        return true;
    }
    if (text[n_whole] != '.') {
        return false;
    }
    const char *fraction = text + n_whole + 1;
    size_t n_fraction = digits(fraction);
    return n_fraction >= 1 && n_fraction <= FRACTION_MAX &&
           fraction[n_fraction] == '\0';
}

static struct decimal
take_apart(const char *text)
{
    struct decimal decimal = {.is_negative = *text == '-'};
    text += decimal.is_negative;
    text += strspn(text, "0");
    decimal.whole = text;
    decimal.n_whole = digits(text);
    text += decimal.n_whole;
    text += *text == '.';
    decimal.fraction = text;
    decimal.n_fraction = digits(text);
    while (decimal.n_fraction > 0 && text[decimal.n_fraction - 1] == '0') {
        decimal.n_fraction--;
    }
    if (decimal.n_whole == 0 && decimal.n_fraction == 0) {
        decimal.is_negative = false;
    }
    return decimal;
}

static int
sign(int order)
{
    return (order > 0) - (order < 0);
}

/* Compares the sizes of two decimals, whatever their signs. */
static int
compare_size(const struct decimal *a, const struct decimal *b)
{
    if (a->n_whole != b->n_whole) {
        return a->n_whole < b->n_whole ? -1 : 1;
    }
    int order = memcmp(a->whole, b->whole, a->n_whole);
    if (order != 0) {
        return sign(order);
    }
    size_t common = a->n_fraction < b->n_fraction ? a->n_fraction : b->n_fraction;
    order = memcmp(a->fraction, b->fraction, common);
    if (order != 0) {
        return sign(order);
    }
    return (a->n_fraction > b->n_fraction) - (a->n_fraction < b->n_fraction);
}

int
rules_compare_decimal(const char *a, const char *b)
{
    struct decimal left = take_apart(a);
    struct decimal right = take_apart(b);
    if (left.is_negative != right.is_negative) {
        return left.is_negative ? -1 : 1;
    }
    return left.is_negative ? compare_size(&right, &left) : compare_size(&left, &right);
}

/* The number in the first n characters, which must be digits; -1: they are not. */
static int
number_at(const char *text, size_t n)
{
    int number = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        number = 10 * number + (text[i] - '0');
    }
    return number;
}

static int
days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && is_leap);
}

bool
rules_is_date(const char *text)
{
    if (strlen(text) != strlen("YYYY-MM-DD") || text[4] != '-' || text[7] != '-') {
        return false;
    }
    int year = number_at(text, 4);
    int month = number_at(text + 5, 2);
    int day = number_at(text + 8, 2);
    return year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
           day <= days_in(year, month);
}
