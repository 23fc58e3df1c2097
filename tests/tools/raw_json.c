#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/rules.h"
#include "tests/tools/raw_json.h"

static const struct json_value *
parsed(struct import_fixture *fixture, struct bytes text)
{
    const struct json_value *root =
        json_tree_parse(text, "raw", fixture->arena, &fixture->faults);
    assert_non_null(root);
    return root;
}

const struct json_value *
raw_json_real(struct import_fixture *fixture, const char *name)
{
    return parsed(fixture, import_fixture_real(fixture, name));
}

const struct json_value *
raw_json_file(struct import_fixture *fixture, const char *path)
{
    if (!import_fixture_read(fixture, &path, 1)) {
        fail_msg("%s: %s", fixture->faults.rows[0].path,
                 fixture->faults.rows[0].description);
    }
    return parsed(fixture, real_data_read(path, fixture->arena));
}

size_t
raw_json_length(const struct json_value *value)
{
    return value == NULL ? 0 : value->n;
}

const char *
raw_json_text(const struct json_value *value)
{
    return value == NULL || value->type != JSON_TYPE_TEXT ? "" : value->text;
}

int64_t
raw_json_integer(const struct json_value *value)
{
    return value == NULL ? 0 : value->integer;
}

double
raw_json_number(const struct json_value *value)
{
    return value->type == JSON_TYPE_REAL ? value->real : (double)value->integer;
}

void
raw_json_judge(const struct import_fixture *fixture)
{
    struct faults faults = {.arena = fixture->arena};
    assert_true(fixture->set.n_providers > 0 && fixture->set.n_services > 0);
    for (size_t i = 0; i < fixture->set.n_services; i++) {
        rules_check(&fixture->set.services[i]->base, &faults);
    }
    for (size_t i = 0; i < fixture->set.n_providers; i++) {
        rules_check(&fixture->set.providers[i]->base, &faults);
    }
    if (faults.n_found > 0) {
        fail_msg("%s: %s", faults.rows[0].path, faults.rows[0].description);
    }
}
