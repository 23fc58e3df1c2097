#include "plan/madmp.h"

#include <string.h>

#include "plan/madmp_judge.h"

static const char *const names[MADMP_VERSIONS] = {
    [MADMP_1_0] = "1.0", [MADMP_1_1] = "1.1", [MADMP_1_2] = "1.2"};

const char *
madmp_version_name(enum madmp_version version)
{
    return version < MADMP_VERSIONS ? names[version] : NULL;
}

enum madmp_version
madmp_version_of(const char *name)
{
    for (unsigned i = 0; i < MADMP_VERSIONS; i++) {
        if (strcmp(names[i], name) == 0) {
            return (enum madmp_version)i;
        }
    }
    return MADMP_NOT_NAMED;
}

const char *
madmp_versions_text(unsigned accepted_by, struct arena *arena)
{
    const char *text = "";
    for (unsigned i = 0; i < MADMP_VERSIONS; i++) {
        bool is_last = (accepted_by >> (i + 1)) == 0;
        const char *joint = text[0] == '\0' ? "" : is_last ? " and " : ", ";
        if ((accepted_by & (1U << i)) != 0) {
            text = arena_print(arena, "%s%s%s", text, joint, names[i]);
        }
    }
    return text[0] == '\0' ? "none" : text;
}

const struct json_value *
madmp_parse(struct bytes text, const char *name, struct arena *arena,
            struct faults *faults)
{
    if (text.size > MADMP_MAX_BYTES) {
        faults_add(faults, name, "%zu bytes are too many: at most %d", text.size,
                   MADMP_MAX_BYTES);
        return NULL;
    }
    const struct json_value *value = json_tree_parse(text, name, arena, faults);
    if (value != NULL && value->type != JSON_TYPE_OBJECT) {
        faults_add(faults, name, "is %s and must be an object with the member \"dmp\"",
                   json_tree_type(value));
        return NULL;
    }
    return value;
}

/* Whether version stands in the text, and is no part of another number. */
static bool
does_name(const char *text, const char *version)
{
    static const char number[] = "0123456789.";
    size_t n = strlen(version);
    for (const char *at = strstr(text, version); at != NULL;
         at = strstr(at + 1, version)) {
        bool begins = at == text || strchr(number, at[-1]) == NULL;
        bool ends = at[n] < '0' || at[n] > '9';
        if (begins && ends) {
            return true;
        }
    }
    return false;
}

/* By the address of its schema: .../1.2/maDMP-schema-1.2.json. */
static enum madmp_version
named_by_document(const struct json_value *document)
{
    const struct json_value *schema = json_tree_get(document, "$schema");
    for (unsigned i = 0;
         schema != NULL && schema->type == JSON_TYPE_TEXT && i < MADMP_VERSIONS; i++) {
        if (does_name(schema->text, names[i])) {
            return (enum madmp_version)i;
        }
    }
    return MADMP_NOT_NAMED;
}

void
madmp_judge(const struct json_value *document, enum madmp_version named,
            struct people *people, struct arena *arena, struct madmp_verdict *verdict)
{
    struct madmp_rows faults[MADMP_VERSIONS] = {{0}};
    struct madmp_rows notes[MADMP_VERSIONS] = {{0}};
    enum madmp_version newest = MADMP_1_2;
    *verdict = (struct madmp_verdict){.version = named};
    for (unsigned i = 0; i < MADMP_VERSIONS; i++) {
        faults[i].people = people;
        notes[i].people = people;
        madmp_judge_by(document, (enum madmp_version)i, arena, &faults[i], &notes[i]);
        if (faults[i].n_found == 0) {
            verdict->accepted_by |= 1U << i;
            newest = (enum madmp_version)i;
        }
    }
    if (named == MADMP_NOT_NAMED) {
        verdict->version = named_by_document(document);
    }
    verdict->is_named = verdict->version != MADMP_NOT_NAMED;
    if (!verdict->is_named) {
        verdict->version = newest;
    }
    verdict->faults = faults[verdict->version];
    verdict->notes = notes[verdict->version];
}
