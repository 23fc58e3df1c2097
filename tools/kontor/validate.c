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
#include "tools/import/source.h"

/* A list is for people; beyond this only the first are told, as the broker does. */
enum { MAX_FINDINGS = 64 };

/* The ids of a kind, sorted once all are noted. */
struct ids {
    const char **rows;
    size_t n;
};

struct vocabulary {
    const char *id;
    const Kontor__V1__Vocabulary *record;
    const struct term_list *terms; /* NULL = not yet. */
};

struct validating {
    int64_t now_ms;
    const char *registry; /* Of whoever would import; NULL = each record's own. */
    validate_take take;
    void *context;
    struct arena *kept;  /* Of the whole run. */
    struct arena *arena; /* Of one record. */
    struct ids providers, services, bundles, vocabulary_ids, endpoints, offers;
    struct ids refused; /* Providers: what is theirs is refused, too. */
    bool is_refused_sorted;
    struct vocabulary *vocabularies;
    size_t n_vocabularies;
    bool is_sorted;
    struct faults faults;
    Kontor__V1__ImportResult result; /* Of the record being judged. */
    Kontor__V1__Violation *findings[MAX_FINDINGS];
};

/* ---- What is known ---- */

static void
add_id(struct validating *run, struct ids *ids, const char *id)
{
    ids->rows = source_grow(run->kept, ids->rows, ids->n, sizeof *ids->rows);
    ids->rows[ids->n++] = id;
}

static void
note_service(struct validating *run, const Kontor__V1__Service *service)
{
    add_id(run, &run->services, arena_copy(run->kept, service->id));
    for (size_t i = 0; i < service->n_offers; i++) {
        const char *iid = service->offers[i]->iid;
        if (strchr(iid, '/') == NULL) {
            add_id(run, &run->offers,
                   arena_print(run->kept, "%s/%s", service->id, iid));
        }
    }
}

/* The terms are looked up again and again, so a vocabulary is kept. */
static void
note_vocabulary(struct validating *run, const Kontor__V1__Vocabulary *vocabulary)
{
    size_t size = kontor__v1__vocabulary__get_packed_size(vocabulary);
    uint8_t *packed = arena_alloc(run->arena, size + 1);
    kontor__v1__vocabulary__pack(vocabulary, packed);
    const Kontor__V1__Vocabulary *copy = kontor__v1__vocabulary__unpack(
        arena_allocator(run->kept, SIZE_MAX), size, packed);
    arena_reset(run->arena);
    if (copy == NULL) {
        abort();
    }
    run->vocabularies = source_grow(run->kept, run->vocabularies, run->n_vocabularies,
                                    sizeof *run->vocabularies);
    run->vocabularies[run->n_vocabularies++] =
        (struct vocabulary){.id = copy->id, .record = copy};
}

void
validate_note(struct validating *run, const struct import_set *part)
{
    for (size_t i = 0; i < part->n_vocabularies; i++) {
        note_vocabulary(run, part->vocabularies[i]);
        add_id(run, &run->vocabulary_ids,
               run->vocabularies[run->n_vocabularies - 1].id);
    }
    for (size_t i = 0; i < part->n_bundles; i++) {
        add_id(run, &run->bundles, arena_copy(run->kept, part->bundles[i]->id));
    }
    for (size_t i = 0; i < part->n_providers; i++) {
        add_id(run, &run->providers, arena_copy(run->kept, part->providers[i]->id));
    }
    for (size_t i = 0; i < part->n_services; i++) {
        note_service(run, part->services[i]);
    }
    for (size_t i = 0; i < part->n_endpoints; i++) {
        add_id(run, &run->endpoints, arena_copy(run->kept, part->endpoints[i]->id));
    }
}

/* Rows of both kinds begin with their id. */
static int
compare(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

static void
sort(const struct ids *ids)
{
    if (ids->n > 0) {
        qsort(ids->rows, ids->n, sizeof *ids->rows, compare);
    }
}

static void
sort_all(struct validating *run)
{
    sort(&run->providers);
    sort(&run->services);
    sort(&run->bundles);
    sort(&run->vocabulary_ids);
    sort(&run->endpoints);
    sort(&run->offers);
    if (run->n_vocabularies > 0) {
        qsort(run->vocabularies, run->n_vocabularies, sizeof *run->vocabularies,
              compare);
    }
    run->is_sorted = true;
}

static const char **
look_up(const struct ids *ids, const char *id)
{
    return ids->n == 0 ? NULL
                       : bsearch(&id, ids->rows, ids->n, sizeof *ids->rows, compare);
}

static bool
is_there(const struct ids *ids, const char *id)
{
    return look_up(ids, id) != NULL;
}

static bool
is_twice(const struct ids *ids, const char *id)
{
    const char **row = look_up(ids, id);
    if (row == NULL) {
        return false;
    }
    size_t at = (size_t)(row - ids->rows);
    return (at > 0 && strcmp(row[-1], id) == 0) ||
           (at + 1 < ids->n && strcmp(row[1], id) == 0);
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
            return is_there(rows[i].ids, id);
        }
    }
    return is_there(&run->offers, id);
}

static const struct term_list *
terms(void *context, const char *id)
{
    struct validating *run = context;
    struct vocabulary *found =
        run->n_vocabularies == 0 ? NULL
                                 : bsearch(&id, run->vocabularies, run->n_vocabularies,
                                           sizeof *run->vocabularies, compare);
    if (found == NULL) {
        return NULL;
    }
    if (found->terms == NULL) {
        found->terms = term_list_new(run->kept, found->record);
    }
    return found->terms;
}

/* ---- Results ---- */

/* Every record has its id as its first field. */
static const char *
id_of(const ProtobufCMessage *record)
{
    return field_text(field_at(record, &record->descriptor->fields[0], 0));
}

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
    if (run->faults.n_found > 0 && strcmp(kind, "provider") == 0) {
        add_id(run, &run->refused, arena_copy(run->kept, result->id));
        run->is_refused_sorted = false;
    }
    if (run->faults.n_found > 0) {
        result->outcome = KONTOR__V1__IMPORT_OUTCOME__REFUSED;
        result->n_findings = 0;
    }
    run->take(run->context, kind, result, run->arena);
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

static bool
is_refused(struct validating *run, const char *provider)
{
    if (!run->is_refused_sorted) {
        sort(&run->refused);
        run->is_refused_sorted = true;
    }
    return is_there(&run->refused, provider);
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
    } else if (is_refused(run, provider)) {
        faults_add(&run->faults, "provider", "there is no provider %s; create it first",
                   provider);
    } else if (!is_there(&run->providers, provider)) {
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

/* How the records of a kind are judged. */
struct judging {
    const char *kind;
    const struct ids *ids; /* All of the kind. */
    void (*judge)(struct validating *run, const void *record);
};

/* An import writes in the caller's own registry only. */
static bool
is_ours(struct validating *run, const char *kind, const char *id)
{
    size_t size = run->registry == NULL ? 0 : strlen(run->registry);
    if (size == 0 || (strncmp(id, run->registry, size) == 0 && id[size] == '/')) {
        return true;
    }
    faults_add(&run->faults, "id", "cannot write %s %s: you write in registry %s only",
               kind, id, run->registry);
    return false;
}

/* First its form, so that the kind's own judge may rely on it. */
static void
judge_record(struct validating *run, const struct judging *judging,
             const ProtobufCMessage *record)
{
    const char *id = id_of(record);
    arena_reset(run->arena);
    run->faults = (struct faults){.arena = run->arena};
    kontor__v1__import_result__init(&run->result);
    run->result.id = (char *)(uintptr_t)id;
    rules_check(record, &run->faults);
    if (run->faults.n_found == 0 && is_ours(run, judging->kind, id)) {
        judging->judge(run, record);
    }
    if (is_twice(judging->ids, id)) {
        tell(run, "id",
             "is there more than once in these files: an import keeps the last one");
    }
    end_record(run, judging->kind);
}

void
validate_judge(struct validating *run, const struct import_set *part)
{
    const struct judging vocabulary = {"vocabulary", &run->vocabulary_ids,
                                       judge_vocabulary};
    const struct judging provider = {"provider", &run->providers, judge_provider};
    const struct judging service = {"service", &run->services, judge_service};
    const struct judging bundle = {"bundle", &run->bundles, judge_bundle};
    if (!run->is_sorted) {
        sort_all(run);
    }
    for (size_t i = 0; i < part->n_vocabularies; i++) {
        judge_record(run, &vocabulary, &part->vocabularies[i]->base);
    }
    for (size_t i = 0; i < part->n_providers; i++) {
        judge_record(run, &provider, &part->providers[i]->base);
    }
    for (size_t i = 0; i < part->n_services; i++) {
        judge_record(run, &service, &part->services[i]->base);
    }
    for (size_t i = 0; i < part->n_bundles; i++) {
        judge_record(run, &bundle, &part->bundles[i]->base);
    }
}

struct validating *
validate_new(int64_t now_ms, const char *registry, validate_take take, void *context)
{
    struct validating *run = calloc(1, sizeof(*run));
    if (run == NULL) {
        abort();
    }
    *run = (struct validating){.now_ms = now_ms,
                               .registry = registry,
                               .take = take,
                               .context = context,
                               .kept = arena_new(),
                               .arena = arena_new()};
    return run;
}

void
validate_free(struct validating *run)
{
    if (run != NULL) {
        arena_free(run->arena);
        arena_free(run->kept);
    }
    free(run);
}
