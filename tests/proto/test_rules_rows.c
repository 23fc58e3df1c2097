/* The rule table against the copy that is kept by hand. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/arena.h"
#include "proto/rules_table.h"
#include "tests/proto/rule_rows.h"

enum { N_EXPECTED = sizeof expected_rules / sizeof expected_rules[0] };

static const char *const form_names[RULE_FORM_COUNT] = {
    [RULE_ANY] = "any",
    [RULE_TEXT] = "text",
    [RULE_NUMBER] = "number",
    [RULE_NUMBER_OR_0] = "number_or_0",
    [RULE_NAMED] = "named",
    [RULE_CHOICE] = "choice",
    [RULE_REGISTRY] = "registry",
    [RULE_ID] = "id",
    [RULE_PART] = "part",
    [RULE_PART_ID] = "part_id",
    [RULE_UUID] = "uuid",
    [RULE_URL] = "url",
    [RULE_WEB_URL] = "web_url",
    [RULE_EMAIL] = "email",
    [RULE_DECIMAL] = "decimal",
    [RULE_DATE] = "date",
    [RULE_DATE_OR_NOW] = "date_or_now",
    [RULE_CURRENCY] = "currency",
    [RULE_COUNTRY] = "country",
    [RULE_PERIOD] = "period",
    [RULE_DISPLAY] = "display",
    [RULE_PATTERN] = "pattern",
    [RULE_SCOPE] = "scope",
    [RULE_SPIFFE] = "spiffe",
    [RULE_SPIFFE_PATTERN] = "spiffe_pattern",
    [RULE_TRUST_DOMAIN] = "trust_domain",
    [RULE_HEX_DIGEST] = "hex_digest",
    [RULE_BUNDLE] = "bundle",
    [RULE_CERTIFICATE] = "certificate",
};

static const char *
told_flags(const struct rule *rule, struct arena *arena)
{
    return arena_print(arena, "%s%s%s%s", rule->flags & RULE_NEEDED ? "needed " : "",
                       rule->flags & RULE_UNIQUE ? "unique " : "",
                       rule->flags & RULE_PARTIAL ? "partial " : "",
                       rule->flags & RULE_DEFERRED ? "deferred " : "");
}

static const char *
told_most(int64_t most, struct arena *arena)
{
    if (most == INT64_MAX || most == INT32_MAX) {
        return most == INT64_MAX ? "any" : "any32";
    }
    return arena_print(arena, "%" PRId64, most);
}

/* What is asked of the value itself. */
static const char *
told_form(const struct rule *rule, struct arena *arena)
{
    const char *name = form_names[rule->form];
    if (rule->form == RULE_TEXT) {
        return arena_print(arena, "%s of %s", name, told_most(rule->max, arena));
    }
    if (rule->form == RULE_NUMBER || rule->form == RULE_NUMBER_OR_0) {
        return arena_print(arena, "%s %" PRId64 " to %s", name, rule->min,
                           told_most(rule->max, arena));
    }
    return name;
}

static const char *
told(const struct rule *rule, struct arena *arena)
{
    const char *message = rule->descriptor == NULL ? "*" : rule->descriptor->short_name;
    const char *count =
        rule->count == 0
            ? ""
            : arena_print(arena, " x %s", told_most((int64_t)rule->count, arena));
    return arena_print(arena, "%s.%s %s%s%s", message, rule->field,
                       told_flags(rule, arena), told_form(rule, arena), count);
}

static void
test_the_table_is_the_contracts_row_by_row(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    for (size_t i = 0; i < rules_table_size && i < N_EXPECTED; i++) {
        assert_string_equal(told(&rules_table[i], arena), expected_rules[i]);
    }
    assert_int_equal(rules_table_size, N_EXPECTED);
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_is_the_contracts_row_by_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
