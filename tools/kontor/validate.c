#include "tools/kontor/validate.h"

#include <stdlib.h>
#include <string.h>

#include "catalogue/bundle_form.h"
#include "catalogue/finder_record.h"
#include "catalogue/offer_form.h"
#include "catalogue/phase.h"
#include "catalogue/term.h"
#include "proto/field.h"
#include "proto/rules.h"

/* A list is for people; beyond this only the first are told, as the broker does. */
enum { MAX_FINDINGS = 64 };

/* The records of one kind by id. */
struct ids {
    const ProtobufCMessage **by_id;
    size_t n;
};

struct validating {
    const struct import_set *set;
    int64_t now_ms;
    validate_take take;
    void *context;
    struct arena *kept;  /* Of the whole run. */
    struct arena *arena; /* Of one record. */
    struct ids providers, services, endpoints, vocabularies;
    const struct term_list **terms; /* Beside vocabularies.by_id; NULL = not yet. */
    struct faults faults;
    Kontor__V1__ImportResult result; /* Of the record being judged. */
    Kontor__V1__Violation *findings[MAX_FINDINGS];
};

/* ---- What is known ---- */

/* Every record has its id as its first field. */
static const char *
id_of(const ProtobufCMessage *record)
{
    return field_text(field_at(record, &record->descriptor->fields[0], 0));
}

static int
compare(const void *a, const void *b)
{
    const ProtobufCMessage *const *left = a;
    const ProtobufCMessage *const *right = b;
    return strcmp(id_of(*left), id_of(*right));
}

static struct ids
ids_of(struct arena *arena, const void *rows, size_t n)
{
    struct ids ids = {.by_id = arena_alloc(arena, (n + 1) * sizeof(*ids.by_id)),
                      .n = n};
    if (n > 0) {
        memcpy(ids.by_id, rows, n * sizeof(*ids.by_id));
    }
    qsort(ids.by_id, n, sizeof(*ids.by_id), compare);
    return ids;
}

/* Its place, or n. */
static size_t
place_of(const struct ids *ids, const char *id)
{
    size_t low = 0;
    size_t high = ids->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(id_of(ids->by_id[middle]), id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool is_there = low < ids->n && strcmp(id_of(ids->by_id[low]), id) == 0;
    return is_there ? low : ids->n;
}

static bool
is_offer_known(const struct validating *run, const char *id)
{
    const char *slash = strrchr(id, '/');
    if (slash == NULL) {
        return false;
    }
    const char *service_id = arena_copy_n(run->arena, id, (size_t)(slash - id));
    size_t at = place_of(&run->services, service_id);
    if (at == run->services.n) {
        return false;
    }
    const Kontor__V1__Service *service =
        (const Kontor__V1__Service *)run->services.by_id[at];
    for (size_t i = 0; i < service->n_offers; i++) {
        if (strcmp(service->offers[i]->iid, slash + 1) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_known(void *context, const char *kind, const char *id)
{
    const struct validating *run = context;
    const struct {
        const char *kind;
        const struct ids *ids;
    } rows[] = {{"provider", &run->providers},
                {"service", &run->services},
                {"endpoint", &run->endpoints}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].kind, kind) == 0) {
            return place_of(rows[i].ids, id) < rows[i].ids->n;
        }
    }
    return is_offer_known(run, id);
}

static const struct term_list *
terms(void *context, const char *id)
{
    struct validating *run = context;
    size_t at = place_of(&run->vocabularies, id);
    if (at == run->vocabularies.n) {
        return NULL;
    }
    if (run->terms[at] == NULL) {
        run->terms[at] = term_list_new(
            run->kept, (const Kontor__V1__Vocabulary *)run->vocabularies.by_id[at]);
    }
    return run->terms[at];
}

/* ---- Results ---- */

static Kontor__V1__Violation *
violation(struct arena *arena, const char *path, const char *text)
{
    Kontor__V1__Violation *made = arena_alloc(arena, sizeof(*made));
    kontor__v1__violation__init(made);
    made->field = (char *)(uintptr_t)path;
    made->description = (char *)(uintptr_t)text;
    return made;
}

static void
tell(void *context, const char *path, const char *text)
{
    struct validating *run = context;
    if (run->result.n_findings < MAX_FINDINGS) {
        run->findings[run->result.n_findings++] = violation(run->arena, path, text);
    }
}

static void
end_record(struct validating *run, const char *kind)
{
    Kontor__V1__ImportResult *result = &run->result;
    result->findings = run->findings;
    result->n_violations = run->faults.n_rows;
    result->violations =
        arena_alloc(run->arena, (run->faults.n_rows + 1) * sizeof(*result->violations));
    for (size_t i = 0; i < run->faults.n_rows; i++) {
        result->violations[i] = violation(run->arena, run->faults.rows[i].path,
                                          run->faults.rows[i].description);
    }
    if (run->faults.n_found > 0) {
        result->outcome = KONTOR__V1__IMPORT_OUTCOME__REFUSED;
        result->n_findings = 0;
    }
    run->take(run->context, kind, result);
}

/* ---- Judging ---- */

static struct finder
finder_of(struct validating *run, const char *id)
{
    size_t size = strcspn(id, "/");
    return (struct finder){.arena = run->arena,
                           .context = run,
                           .registry = arena_copy_n(run->arena, id, size),
                           .is_known = is_known,
                           .terms = terms,
                           .tell = tell};
}

static void
judge_vocabulary(struct validating *run, const void *record)
{
    const Kontor__V1__Vocabulary *vocabulary = record;
    const struct finder finder = finder_of(run, vocabulary->id);
    finder_vocabulary(&finder, vocabulary);
}

static void
judge_provider(struct validating *run, const void *record)
{
    const Kontor__V1__Provider *provider = record;
    const struct finder finder = finder_of(run, provider->id);
    const struct fact_check check = {.table = fact_provider,
                                     .record = &provider->base,
                                     .now_ms = run->now_ms,
                                     .who = "a provider"};
    const char *lacks = fact_lacks(&check, run->arena);
    if (lacks[0] != '\0') {
        finder_lacking(&finder, "state", "an approved provider", lacks);
    }
    finder_provider(&finder, provider);
}

/* Whose it is has to be there, in a broker before it, here with it. */
static void
judge_owner(struct validating *run, const char *id, const char *provider)
{
    size_t size = strcspn(id, "/");
    if (strncmp(id, provider, size + 1) != 0) {
        faults_add(&run->faults, "provider",
                   "must be a provider of the record's own registry, %.*s", (int)size,
                   id);
    } else if (place_of(&run->providers, provider) == run->providers.n) {
        tell(run, "provider",
             arena_print(run->arena, "no provider %s is known here", provider));
    }
}

static void
judge_service(struct validating *run, const void *record)
{
    const Kontor__V1__Service *service = record;
    const struct finder finder = finder_of(run, service->id);
    const struct fact_check check =
        phase_check(service, NULL, service->phase, run->now_ms);
    const char *lacks = fact_lacks(&check, run->arena);
    judge_owner(run, service->id, service->provider);
    if (lacks[0] != '\0') {
        finder_lacking(&finder, "phase", phase_name(service->phase), lacks);
    }
    offer_judge(&run->faults, service);
    finder_service(&finder, service);
}

static void
judge_bundle(struct validating *run, const void *record)
{
    const Kontor__V1__Bundle *bundle = record;
    const struct finder finder = finder_of(run, bundle->id);
    judge_owner(run, bundle->id, bundle->provider);
    bundle_form_judge(&run->faults, bundle);
    finder_bundle(&finder, bundle);
}

/* First its form, so that the kind's own judge may rely on it. */
static void
judge_record(struct validating *run, const char *kind, const ProtobufCMessage *record,
             void (*judge)(struct validating *run, const void *record))
{
    arena_reset(run->arena);
    run->faults = (struct faults){.arena = run->arena};
    kontor__v1__import_result__init(&run->result);
    run->result.id = (char *)(uintptr_t)id_of(record);
    rules_check(record, &run->faults);
    if (run->faults.n_found == 0) {
        judge(run, record);
    }
    end_record(run, kind);
}

void
validate_set(const struct import_set *set, int64_t now_ms, validate_take take,
             void *context)
{
    struct validating *run = calloc(1, sizeof(*run));
    if (run == NULL) {
        abort();
    }
    *run = (struct validating){.set = set,
                               .now_ms = now_ms,
                               .take = take,
                               .context = context,
                               .kept = arena_new(),
                               .arena = arena_new()};
    run->providers = ids_of(run->kept, set->providers, set->n_providers);
    run->services = ids_of(run->kept, set->services, set->n_services);
    run->endpoints = ids_of(run->kept, set->endpoints, set->n_endpoints);
    run->vocabularies = ids_of(run->kept, set->vocabularies, set->n_vocabularies);
    run->terms =
        arena_alloc(run->kept, (set->n_vocabularies + 1) * sizeof(*run->terms));
    for (size_t i = 0; i < set->n_vocabularies; i++) {
        judge_record(run, "vocabulary", &set->vocabularies[i]->base, judge_vocabulary);
    }
    for (size_t i = 0; i < set->n_providers; i++) {
        judge_record(run, "provider", &set->providers[i]->base, judge_provider);
    }
    for (size_t i = 0; i < set->n_services; i++) {
        judge_record(run, "service", &set->services[i]->base, judge_service);
    }
    for (size_t i = 0; i < set->n_bundles; i++) {
        judge_record(run, "bundle", &set->bundles[i]->base, judge_bundle);
    }
    arena_free(run->arena);
    arena_free(run->kept);
    free(run);
}
