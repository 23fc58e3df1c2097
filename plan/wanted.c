#include "plan/wanted.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A forecast is told in TiB (easyDMP), and no more than a file system holds. */
#define FORECAST_UNIT 1099511627776.0
#define FORECAST_MOST 1e6

static const char *
text_of(const struct json_value *value, const char *name)
{
    const struct json_value *member = json_tree_get(value, name);
    return member != NULL && member->type == JSON_TYPE_TEXT ? member->text : "";
}

/* A list's elements; none of anything else. */
static const struct json_value *
list_of(const struct json_value *value, const char *name, size_t *n)
{
    const struct json_value *member = json_tree_get(value, name);
    bool is_list = member != NULL && member->type == JSON_TYPE_LIST;
    *n = is_list ? member->n : 0;
    return is_list ? member->elements : NULL;
}

/* ---- The plan ---- */

/* The offset behind a time of day, in minutes; 0 where there is none: then it is read
 * as UTC. */
static int
offset_of(const char *text)
{
    const char *sign = strpbrk(text, "+-");
    char *colon = NULL;
    long minutes = sign == NULL ? 0 : strtol(sign + 1, &colon, 10) * 60;
    if (colon != NULL && *colon == ':') {
        minutes += strtol(colon + 1, NULL, 10);
    }
    return (int)(sign != NULL && *sign == '-' ? -minutes : minutes);
}

/* Milliseconds of a time whose form was judged. */
static int64_t
moment_of(const char *text)
{
    struct tm time = {0};
    char *rest = strptime(text, "%Y-%m-%d", &time);
    if (rest == NULL || *rest == '\0') {
        return INT64_MIN;
    }
    rest = strptime(rest + 1, "%H:%M", &time);
    if (rest == NULL) {
        return INT64_MIN;
    }
    double seconds = *rest == ':' ? strtod(rest + 1, &rest) : 0;
    time_t minute = timegm(&time);
    int64_t moment_ms =
        ((int64_t)minute - offset_of(rest) * 60) * 1000 + (int64_t)(seconds * 1000);
    /* A leap second, or a zone, may lie behind it. */
    return moment_ms < PLAN_LAST_MS ? moment_ms : PLAN_LAST_MS;
}

void
plan_read_facts(const struct json_value *document, struct plan_facts *facts)
{
    const struct json_value *dmp = json_tree_get(document, "dmp");
    const struct json_value *id = json_tree_get(dmp, "dmp_id");
    size_t n_projects;
    const struct json_value *projects = list_of(dmp, "project", &n_projects);
    facts->title = text_of(dmp, "title");
    facts->identifier = text_of(id, "identifier");
    facts->identifier_type = text_of(id, "type");
    facts->modified_ms = moment_of(text_of(dmp, "modified"));
    facts->project_end = "";
    for (size_t i = 0; i < n_projects; i++) {
        const char *end = text_of(&projects[i], "end");
        /* Dates of four digits a year are in order as texts. */
        facts->project_end =
            strcmp(end, facts->project_end) > 0 ? end : facts->project_end;
    }
}

/* ---- Its distributions ---- */

static bool
number_of(const struct json_value *value, double *out)
{
    char *end = NULL;
    if (value == NULL) {
        return false;
    }
    switch (value->type) {
    case JSON_TYPE_INTEGER:
        *out = (double)value->integer;
        return true;
    case JSON_TYPE_REAL:
        *out = value->real;
        return true;
    case JSON_TYPE_TEXT:
        *out = strtod(value->text, &end);
        return end != value->text && *end == '\0';
    default:
        return false;
    }
}

/* Says that what stands there is no size. */
static void
refuse_size(struct wanted *wanted, const char *path, const struct json_value *value,
            const char *what, struct arena *arena)
{
    bool is_number = value != NULL && (value->type == JSON_TYPE_INTEGER ||
                                       value->type == JSON_TYPE_REAL);
    const char *said = value == NULL ? "it"
                       : is_number && value->type == JSON_TYPE_REAL
                           ? arena_print(arena, "%g", value->real)
                       : is_number ? json_tree_print(value, arena)
                                   : json_tree_type(value);
    wanted->no_size = arena_print(arena, "%s is %s", said, what);
    wanted->no_size_path = path;
}

/* The most of the years of a forecast, in bytes; -1 = there is none. */
static int64_t
forecast_of(struct wanted *wanted, const struct json_value *value, const char *path,
            struct arena *arena)
{
    const struct json_value *forecast = json_tree_get(value, "storageforecast");
    double most = -1;
    if (forecast != NULL && forecast->type != JSON_TYPE_LIST) {
        wanted->no_size =
            arena_print(arena, "is %s and no list of years", json_tree_type(forecast));
        wanted->no_size_path = arena_print(arena, "%s.storageforecast", path);
        return -1;
    }
    for (size_t i = 0; forecast != NULL && i < forecast->n; i++) {
        const struct json_value *estimate =
            json_tree_get(&forecast->elements[i], "storage_estimate");
        double amount;
        if (!number_of(estimate, &amount) || !(amount >= 0) || amount > FORECAST_MOST) {
            refuse_size(
                wanted,
                arena_print(arena, "%s.storageforecast[%zu].storage_estimate", path, i),
                estimate, "no number of TiB", arena);
            return -1;
        }
        most = amount > most ? amount : most;
    }
    int64_t bytes = (int64_t)(most * FORECAST_UNIT);
    return most < 0 ? -1 : bytes + ((double)bytes < most * FORECAST_UNIT ? 1 : 0);
}

/* A whole number, which may be written as 1e3. */
static int64_t
whole_of(const struct json_value *size)
{
    if (size->type == JSON_TYPE_REAL) {
        /* The first that does not fit. */
        const double beyond = 9223372036854775808.0;
        return size->real >= 0 && size->real < beyond ? (int64_t)size->real : -1;
    }
    return size->type == JSON_TYPE_INTEGER && size->integer >= 0 ? size->integer : -1;
}

/* What is said wrongly is not said otherwise. */
static void
read_size(struct wanted *wanted, bool is_only, struct arena *arena)
{
    const struct json_value *size = json_tree_get(wanted->value, "byte_size");
    if (size != NULL) {
        wanted->byte_size = whole_of(size);
        if (wanted->byte_size < 0) {
            refuse_size(wanted, arena_print(arena, "%s.byte_size", wanted->path), size,
                        "no size", arena);
        }
        return;
    }
    wanted->byte_size = forecast_of(wanted, wanted->value, wanted->path, arena);
    /* Of a dataset that lies in several places it does not say how much lies where. */
    if (wanted->byte_size < 0 && wanted->no_size == NULL && is_only) {
        const char *path = arena_print(arena, "$.dmp.dataset[%zu]", wanted->dataset);
        wanted->byte_size = forecast_of(wanted, wanted->dataset_value, path, arena);
    }
    wanted->is_forecast = wanted->byte_size >= 0;
}

static void
read_one(struct wanted *wanted, const char *project_end, struct arena *arena)
{
    const struct json_value *reused = json_tree_get(wanted->dataset_value, "is_reused");
    const char *until = text_of(wanted->value, "available_until");
    wanted->path = arena_print(arena, "$.dmp.dataset[%zu].distribution[%zu]",
                               wanted->dataset, wanted->distribution);
    wanted->title = text_of(wanted->value, "title");
    wanted->until = until[0] == '\0' ? project_end : until;
    wanted->is_reused =
        reused != NULL && reused->type == JSON_TYPE_BOOLEAN && reused->boolean;
    wanted->host_value = json_tree_get(wanted->value, "host");
    wanted->host = (struct host){"", ""};
    if (wanted->host_value != NULL) {
        wanted->url = text_of(wanted->host_value, "url");
        if (!host_read(wanted->url, arena, &wanted->host)) {
            wanted->host = (struct host){"", ""};
        }
    }
}

size_t
wanted_read(const struct json_value *document, struct arena *arena, struct wanted **out)
{
    const struct json_value *dmp = json_tree_get(document, "dmp");
    struct plan_facts facts;
    size_t n_datasets, n_rows = 0, room = 0;
    const struct json_value *datasets = list_of(dmp, "dataset", &n_datasets);
    struct wanted *rows = NULL;
    plan_read_facts(document, &facts);
    for (size_t i = 0; i < n_datasets; i++) {
        size_t n;
        const struct json_value *list = list_of(&datasets[i], "distribution", &n);
        for (size_t k = 0; k < n; k++) {
            rows = arena_grown(arena, rows, n_rows, &room, sizeof *rows);
            rows[n_rows] = (struct wanted){.dataset = i,
                                           .distribution = k,
                                           .dataset_value = &datasets[i],
                                           .value = &list[k]};
            read_one(&rows[n_rows], facts.project_end, arena);
            read_size(&rows[n_rows++], n == 1, arena);
        }
    }
    *out = rows;
    return n_rows;
}

const char *
wanted_host_id(const struct wanted *wanted, size_t index)
{
    size_t n;
    const struct json_value *ids = list_of(wanted->host_value, "host_id", &n);
    return index < n ? text_of(&ids[index], "identifier") : NULL;
}

/* ---- What else is expected ---- */

/* Whose member it is. */
enum whose { OF_DATASET, OF_DISTRIBUTION, OF_HOST };
static const struct {
    const char *name;
    enum whose whose;
} constraints[] = {
    {"sensitive_data", OF_DATASET},   {"personal_data", OF_DATASET},
    {"data_access", OF_DISTRIBUTION}, {"geo_location", OF_HOST},
    {"backup_type", OF_HOST},         {"backup_frequency", OF_HOST},
    {"availability", OF_HOST},        {"storage_type", OF_HOST},
    {"support_versioning", OF_HOST},  {"certified_with", OF_HOST},
    {"pid_system", OF_HOST},
};

const size_t wanted_n_constraints = sizeof constraints / sizeof constraints[0];

const char *
wanted_constraint_name(size_t constraint)
{
    return constraints[constraint].name;
}

const char *
wanted_constraint_path(const struct wanted *wanted, size_t constraint,
                       struct arena *arena)
{
    const char *name = constraints[constraint].name;
    switch (constraints[constraint].whose) {
    case OF_DATASET:
        return arena_print(arena, "$.dmp.dataset[%zu].%s", wanted->dataset, name);
    case OF_DISTRIBUTION:
        return arena_print(arena, "%s.%s", wanted->path, name);
    case OF_HOST:
        break;
    }
    return arena_print(arena, "%s.host.%s", wanted->path, name);
}

size_t
wanted_constraint(const struct wanted *wanted, size_t constraint, const char **texts,
                  size_t n)
{
    const struct json_value *const from[] = {[OF_DATASET] = wanted->dataset_value,
                                             [OF_DISTRIBUTION] = wanted->value,
                                             [OF_HOST] = wanted->host_value};
    const struct json_value *value = json_tree_get(from[constraints[constraint].whose],
                                                   constraints[constraint].name);
    size_t n_texts = 0;
    if (value != NULL && value->type == JSON_TYPE_TEXT && n > 0) {
        bool is_said = value->text[0] != '\0' && strcmp(value->text, "unknown") != 0;
        texts[0] = value->text;
        return is_said ? 1 : 0;
    }
    for (size_t i = 0;
         value != NULL && value->type == JSON_TYPE_LIST && i < value->n && n_texts < n;
         i++) {
        if (value->elements[i].type == JSON_TYPE_TEXT) {
            texts[n_texts++] = value->elements[i].text;
        }
    }
    return n_texts;
}
