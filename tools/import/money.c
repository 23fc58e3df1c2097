/* Money is counted in billionths, so that no price is rounded on its way in. */
#include "tools/import/money.h"

#include <stdlib.h>
#include <string.h>

#include "proto/rules.h"

enum { CODE_BYTES = 3, NANO_DIGITS = 9 };

static bool
is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* Source: ISO 4217. Catalogues write "usd" as well as "USD". */
static char *
currency_of(const struct source *source, const char *currency)
{
    char *code = arena_copy(source->arena, currency);
    if (strlen(code) != CODE_BYTES) {
        return NULL;
    }
    for (size_t i = 0; i < CODE_BYTES; i++) {
        if (!is_letter(code[i])) {
            return NULL;
        }
        code[i] = (char)(code[i] & ~0x20);
    }
    return code;
}

/* The digits behind the point, filled up to nine. */
static int32_t
nanos_of(const char *decimal)
{
    const char *point = strchr(decimal, '.');
    char digits[NANO_DIGITS + 1] = "000000000";
    if (point != NULL) {
        memcpy(digits, point + 1, strlen(point + 1));
    }
    return (int32_t)strtol(digits, NULL, 10);
}

Kontor__V1__Money *
money_of(const struct source *source, const char *currency, const char *decimal)
{
    char *code = currency_of(source, currency);
    if (code == NULL || decimal == NULL || !rules_is_decimal(decimal)) {
        return NULL;
    }
    Kontor__V1__Money *money = arena_alloc(source->arena, sizeof *money);
    kontor__v1__money__init(money);
    money->currency = code;
    money->units = strtoll(decimal, NULL, 10);
    money->nanos = decimal[0] == '-' ? -nanos_of(decimal) : nanos_of(decimal);
    return money;
}
