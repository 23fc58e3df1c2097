#include "catalogue/amount.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

enum {
    BILLION = 1000000000,
    WHOLE_DIGITS = 19,
    FRACTION_DIGITS = 9,
    THOUSANDTHS = 1000
};

/* Wide enough for any decimal the rules take, in billionths. */
__extension__ typedef __int128 wide;

/* ---- Units ---- */

#define KIBI INT64_C(1024)
#define KILO INT64_C(1000)

static const struct unit {
    const char *name;
    int64_t bytes;
} units[] = {
    {"B", 1},
    {"kB", KILO},
    {"MB", KILO *KILO},
    {"GB", KILO *KILO *KILO},
    {"TB", KILO *KILO *KILO *KILO},
    {"PB", KILO *KILO *KILO *KILO *KILO},
    {"EB", KILO *KILO *KILO *KILO *KILO *KILO},
    {"KiB", KIBI},
    {"MiB", KIBI *KIBI},
    {"GiB", KIBI *KIBI *KIBI},
    {"TiB", KIBI *KIBI *KIBI *KIBI},
    {"PiB", KIBI *KIBI *KIBI *KIBI *KIBI},
    {"EiB", KIBI *KIBI *KIBI *KIBI *KIBI *KIBI},
};

/* Bytes of a unit; 0 = it is none of bytes. */
static int64_t
bytes_of(const char *name)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(units[i].name, name) == 0) {
            return units[i].bytes;
        }
    }
    return 0;
}

static int64_t
pieces_of(const char *unit)
{
    int64_t bytes = bytes_of(unit);
    return bytes == 0 ? THOUSANDTHS : bytes;
}

bool
amount_is_of_bytes(const char *unit)
{
    return bytes_of(unit) != 0;
}

bool
amount_goes_with(const char *unit, const char *other)
{
    return strcmp(unit, other) == 0 || (bytes_of(unit) != 0 && bytes_of(other) != 0);
}

/* ---- Decimals ---- */

/* Reads up to a number of digits; answers how many. */
static int
read_digits(const char **text, int most, wide *number)
{
    int n = 0;
    while (n < most && **text >= '0' && **text <= '9') {
        *number = 10 * *number + (*(*text)++ - '0');
        n++;
    }
    return n;
}

/* More digits than the rules take: what was counted in bytes is read back. */
static bool
read_decimal(const char *text, wide *billionths)
{
    wide number = 0;
    if (read_digits(&text, WHOLE_DIGITS, &number) == 0) {
        return false;
    }
    int n = 0;
    if (*text == '.') {
        text++;
        n = read_digits(&text, FRACTION_DIGITS, &number);
        if (n == 0) {
            return false;
        }
    }
    for (; n < FRACTION_DIGITS; n++) {
        number *= 10;
    }
    if (*text != '\0') {
        return false;
    }
    *billionths = number;
    return true;
}

static wide
divided_up(wide number, wide by)
{
    return (number + by - 1) / by;
}

static char *
text_of(wide billionths, struct arena *arena)
{
    int64_t whole = (int64_t)(billionths / BILLION);
    int64_t fraction = (int64_t)(billionths % BILLION);
    int digits = FRACTION_DIGITS;
    if (fraction == 0) {
        return arena_print(arena, "%" PRId64, whole);
    }
    for (; fraction % 10 == 0; fraction /= 10) {
        digits--;
    }
    return arena_print(arena, "%" PRId64 ".%0*" PRId64, whole, digits, fraction);
}

static Kontor__V1__Amount *
new_amount(wide billionths, const char *unit, struct arena *arena)
{
    Kontor__V1__Amount *amount = arena_alloc(arena, sizeof *amount);
    kontor__v1__amount__init(amount);
    amount->value = text_of(billionths, arena);
    amount->unit = arena_copy(arena, unit);
    return amount;
}

/* ---- Amounts ---- */

bool
amount_pieces(const Kontor__V1__Amount *amount, int64_t *pieces)
{
    wide billionths;
    if (amount == NULL || !read_decimal(amount->value, &billionths)) {
        return false;
    }
    /* In two parts: all at once does not fit. */
    wide each = pieces_of(amount->unit);
    wide number =
        billionths / BILLION * each + divided_up(billionths % BILLION * each, BILLION);
    if (number > AMOUNT_MAX_PIECES) {
        return false;
    }
    *pieces = (int64_t)number;
    return true;
}

bool
amount_times(const Kontor__V1__Amount *amount, const char *times, struct arena *arena,
             Kontor__V1__Amount **product)
{
    wide one, other, number;
    if (!read_decimal(amount->value, &one) || !read_decimal(times, &other) ||
        __builtin_mul_overflow(one, other, &number)) {
        return false;
    }
    number = divided_up(number, BILLION);
    if (number / BILLION > AMOUNT_MAX_PIECES) {
        return false;
    }
    *product = new_amount(number, amount->unit, arena);
    return true;
}

Kontor__V1__Amount *
amount_of(int64_t pieces, const char *unit, struct arena *arena)
{
    return new_amount((wide)pieces * BILLION / pieces_of(unit), unit, arena);
}

Kontor__V1__Amount *
amount_exact(int64_t pieces, const char *unit, struct arena *arena)
{
    return amount_of(pieces, amount_is_of_bytes(unit) ? "B" : unit, arena);
}
