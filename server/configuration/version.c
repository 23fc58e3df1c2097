#include "server/configuration/version.h"

#include <string.h>

#include "kontor/v1/configuration_service.pb-c.h"
#include "proto/digest.h"
#include "proto/moment.h"
#include "proto/rules.h"
#include "server/configuration/endpoint.h"
#include "server/configuration/site.h"
#include "server/rpc/import.h"

enum { ID_DIGITS = 16 };

/* ---- Over time ---- */

static Kontor__V1__VersionSpan *
span_new(struct arena *arena, const char *seen, int64_t at_ms)
{
    Kontor__V1__VersionSpan *span = arena_alloc(arena, sizeof(*span));
    kontor__v1__version_span__init(span);
    span->version = arena_copy(arena, seen);
    span->since = moment_new(arena, at_ms);
    span->until = span->since;
    return span;
}

/* A span more at a place; of too many the oldest goes. */
static void
insert(struct arena *arena, Kontor__V1__Version *version, size_t at,
       Kontor__V1__VersionSpan *span)
{
    Kontor__V1__VersionSpan **spans =
        arena_alloc(arena, (version->n_spans + 1) * sizeof(*spans));
    for (size_t i = 0; i < version->n_spans; i++) {
        spans[i < at ? i : i + 1] = version->spans[i];
    }
    spans[at] = span;
    version->spans = spans;
    version->n_spans++;
    if (version->n_spans > VERSION_SPANS) {
        version->spans++;
        version->n_spans--;
    }
}

/* Two spans of one version that have become neighbours are one. */
static void
close_gap(Kontor__V1__Version *version, size_t at)
{
    if (at + 1 >= version->n_spans ||
        strcmp(version->spans[at]->version, version->spans[at + 1]->version) != 0) {
        return;
    }
    version->spans[at]->until = version->spans[at + 1]->until;
    for (size_t i = at + 1; i + 1 < version->n_spans; i++) {
        version->spans[i] = version->spans[i + 1];
    }
    version->n_spans--;
}

enum version_sighting
version_see(struct arena *arena, Kontor__V1__Version *version, const char *seen,
            int64_t at_ms)
{
    size_t at = 0; /* The first span that does not end before. */
    while (at < version->n_spans &&
           moment_ms(version->spans[at]->until, INT64_MAX) < at_ms) {
        at++;
    }
    Kontor__V1__VersionSpan *behind = at < version->n_spans ? version->spans[at] : NULL;
    Kontor__V1__VersionSpan *before = at > 0 ? version->spans[at - 1] : NULL;
    if (behind != NULL && moment_ms(behind->since, INT64_MIN) <= at_ms) {
        return strcmp(behind->version, seen) == 0 ? VERSION_KNOWN : VERSION_DISPUTED;
    }
    if (before != NULL && strcmp(before->version, seen) == 0) {
        before->until = moment_new(arena, at_ms);
        close_gap(version, at - 1);
    } else if (behind != NULL && strcmp(behind->version, seen) == 0) {
        behind->since = moment_new(arena, at_ms);
    } else {
        insert(arena, version, at, span_new(arena, seen, at_ms));
    }
    return VERSION_NEW;
}

/* ---- Of what ---- */

const Kontor__V1__Vocabulary *
version_types(struct call *call, const char *registry)
{
    struct document document;
    const char *id = arena_print(call->arena, "%s/SERVICE_TYPE", registry);
    enum status status = store_get(call->reader, KIND_VOCABULARY, id,
                                   &call->who->scopes, 0, call->arena, &document);
    return status == STATUS_OK ? call_record(call, &document) : NULL;
}

static bool
has_extra(const Kontor__V1__Term *term, const char *key, const char *value)
{
    for (size_t i = 0; i < term->n_extras; i++) {
        if (strcmp(term->extras[i]->key, key) == 0 &&
            strcmp(term->extras[i]->value, value) == 0) {
            return true;
        }
    }
    return false;
}

const char *
version_type_of(const Kontor__V1__Vocabulary *types, const char *source,
                const char *alias)
{
    for (size_t i = 0; types != NULL && source[0] != '\0' && i < types->n_terms; i++) {
        if (has_extra(types->terms[i], source, alias)) {
            return types->terms[i]->id;
        }
    }
    return NULL;
}

/* An endpoint's type names the component ("b2find.ckan"), or does not, or the
 * registry's vocabulary says what the source means. */
static enum status
find_endpoint(struct call *call, const char *source,
              const Kontor__V1__VersionReport *report, const char **endpoint)
{
    const char *types[] = {
        report->component[0] == '\0'
            ? NULL
            : arena_print(call->arena, "%s.%s", report->type, report->component),
        report->type,
        source[0] == '\0' ? NULL
                          : version_type_of(version_types(call, call->who->registry),
                                            source, report->type),
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const struct endpoint_name name = {
            .site = report->site, .host = report->host, .type = types[i]};
        struct endpoint_ids ids;
        if (types[i] == NULL) {
            continue;
        }
        enum status status = endpoint_named(call, call->who->registry, &name, 0, &ids);
        *endpoint = endpoint_one(&ids, &name);
        if (status != STATUS_OK || *endpoint != NULL) {
            return status;
        }
    }
    *endpoint = "";
    return STATUS_OK;
}

static char *
id_of(struct call *call, const Kontor__V1__VersionReport *report)
{
    uint8_t hash[DIGEST_SIZE];
    struct digest *digest = digest_new(call->arena);
    digest_add_text(digest, report->host);
    digest_add_text(digest, report->type);
    digest_add_text(digest, report->component);
    if (report->site[0] != '\0') {
        digest_add_text(digest, report->site);
    }
    digest_end(digest, hash);
    return arena_print(call->arena, "%s/v-%.*s", call->who->registry, ID_DIGITS,
                       digest_hex(call->arena, hash));
}

/* ---- Reports ---- */

/* What became of each report; made when the first is decided. */
struct note {
    bool is_decided, is_news;
    const char *endpoint, *before;
};

static struct note *
note_of(struct call *call, const Kontor__V1__ReportVersionsRequest *request)
{
    if (call->batch == NULL) {
        call->batch =
            arena_alloc(call->arena, (request->n_reports + 1) * sizeof(struct note));
    }
    return (struct note *)call->batch + call->record;
}

static enum status
judge(struct call *call, const Kontor__V1__VersionReport *report)
{
    rules_check(&report->base, call->faults);
    if (moment_ms(report->seen_at, call->now_ms) > call->now_ms) {
        call_fault(call, "seen_at", "lies ahead");
    }
    enum status status = call_check_faults(call);
    return status == STATUS_OK ? call_must_have(call, arena_print(call->arena, "r:%s",
                                                                  call->who->registry))
                               : status;
}

/* The version as it is known, or a new one. */
static enum status
read_version(struct call *call, const Kontor__V1__VersionReport *report,
             Kontor__V1__Version **out)
{
    struct document document;
    char *id = id_of(call, report);
    enum status status = call_get_any(call, KIND_VERSION, id, &document);
    if (status == STATUS_OK) {
        *out = call_record(call, &document);
        return STATUS_OK;
    }
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    *out = arena_alloc(call->arena, sizeof(**out));
    kontor__v1__version__init(*out);
    (*out)->id = id;
    (*out)->host = report->host;
    (*out)->type = report->type;
    (*out)->component = report->component;
    return STATUS_OK;
}

static const char *
last_of(const Kontor__V1__Version *version)
{
    return version->n_spans == 0 ? "" : version->spans[version->n_spans - 1]->version;
}

static enum status
see(struct call *call, const Kontor__V1__VersionReport *report,
    Kontor__V1__Version *version, struct note *note)
{
    const char *before = arena_copy(call->arena, last_of(version));
    int64_t at_ms = moment_ms(report->seen_at, call->now_ms);
    switch (version_see(call->arena, version, report->version, at_ms)) {
    case VERSION_DISPUTED:
        call_fault(call, "seen_at", "another version was seen at that time");
        return call_check_faults(call);
    case VERSION_KNOWN:
        return STATUS_OK;
    case VERSION_NEW:
        break;
    }
    note->is_news = true;
    note->before = strcmp(before, last_of(version)) == 0 ? "" : before;
    return STATUS_OK;
}

static enum status
decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__ReportVersionsRequest *request = message;
    const Kontor__V1__VersionReport *report = request->reports[call->record];
    struct note *note = note_of(call, request);
    Kontor__V1__Version *version;
    char **scope;
    size_t n_scope;
    *note = (struct note){.is_decided = true, .endpoint = "", .before = ""};
    enum status status = judge(call, report);
    if (status == STATUS_OK) {
        status = read_version(call, report, &version);
    }
    if (status == STATUS_OK) {
        status = find_endpoint(call, request->source, report, &note->endpoint);
    }
    if (status != STATUS_OK) {
        return status;
    }
    bool is_again =
        report->report[0] != '\0' && strcmp(report->report, version->last_report) == 0;
    status = is_again ? STATUS_OK : see(call, report, version, note);
    if (status != STATUS_OK || !note->is_news) {
        decision_reply(decision, NULL);
        return status;
    }
    version->endpoint = (char *)(uintptr_t)note->endpoint;
    version->last_report = report->report;
    version->operating_system = report->operating_system;
    version->reporter = (char *)(uintptr_t)call->actor;
    site_scope(call, version->id, &scope, &n_scope);
    decision_put(call, decision, KIND_VERSION, version->id, version->revision, scope,
                 n_scope, &version->base);
    return STATUS_OK;
}

static size_t
count(const void *message)
{
    const Kontor__V1__ReportVersionsRequest *request = message;
    return request->n_reports;
}

static void *
reply_new(struct call *call, const void *message)
{
    size_t n = count(message);
    Kontor__V1__ReportVersionsResponse *reply =
        arena_alloc(call->arena, sizeof(*reply));
    kontor__v1__report_versions_response__init(reply);
    reply->results = arena_alloc(call->arena, (n + 1) * sizeof(*reply->results));
    reply->n_results = n;
    for (size_t i = 0; i < n; i++) {
        reply->results[i] = arena_alloc(call->arena, sizeof(*reply->results[i]));
        kontor__v1__version_result__init(reply->results[i]);
    }
    return reply;
}

/* A repeated batch has commits but no notes. */
static void
note(struct call *call, const void *message, size_t record, enum status status,
     const Kontor__V1__Commit *commit, void *message_out)
{
    const Kontor__V1__ReportVersionsRequest *request = message;
    Kontor__V1__ReportVersionsResponse *reply = message_out;
    Kontor__V1__VersionResult *result = reply->results[record];
    const struct note *notes = call->batch;
    result->id = id_of(call, request->reports[record]);
    result->is_news = commit != NULL;
    if (status != STATUS_OK) {
        import_violations(call, &result->violations, &result->n_violations);
        return;
    }
    if (notes != NULL && notes[record].is_decided) {
        result->is_news = notes[record].is_news;
        result->endpoint = (char *)(uintptr_t)notes[record].endpoint;
        result->before = (char *)(uintptr_t)notes[record].before;
    }
}

const struct row_batch version_batch = {
    .count = count,
    .decide = decide,
    .note = note,
    .reply = reply_new,
};
