#include "server/configuration/plan.h"

#include <stdarg.h>
#include <string.h>

#include "kontor/v1/configuration_service.pb-c.h"
#include "plan/judgement.h"
#include "plan/redact.h"
#include "plan/wanted.h"
#include "proto/digest.h"
#include "proto/moment.h"
#include "proto/rules.h"
#include "server/order/project.h"

enum { SHOWN_TEXT = 1024 /* Bytes of what a plan says of itself. */ };
/* Of a Timestamp: the beginning of year 1. */
#define LEAST_TIME_MS INT64_C(-62135596800000)

/* ---- The record ---- */

static enum status
filter(struct call *call, const void *request, struct find *find)
{
    const Kontor__V1__ListPlansRequest *list = request;
    (void)call;
    if (list->project[0] != '\0') {
        find->index = "project";
        find->equal[0].text = list->project;
        find->n_equal = 1;
    }
    return STATUS_OK;
}

/* Only read by the generic handlers: it is written by ImportPlan alone. */
const struct record plan_record = {
    .kind = &KIND_PLAN,
    .field = "plan",
    .list_field = "plans",
    .filter = filter,
};

enum status
plan_read(struct call *call, const char *id, const Kontor__V1__Plan **out)
{
    struct document document;
    enum status status = call_get(call, KIND_PLAN, id, &document);
    if (status == STATUS_OK) {
        status = call_must_own(call, &document);
    }
    if (status == STATUS_OK) {
        *out = call_record(call, &document);
    }
    return status;
}

const struct json_value *
plan_document(struct call *call, const Kontor__V1__Plan *plan)
{
    struct faults faults = {.arena = call->arena};
    struct bytes text = {(const uint8_t *)plan->document, strlen(plan->document)};
    const struct json_value *document =
        madmp_parse(text, "document", call->arena, &faults);
    if (document == NULL) {
        (void)call_fail(call, REASON_INTERNAL, "the document of plan %s cannot be read",
                        plan->id);
    }
    return document;
}

enum status
plan_judge_ordered(struct call *call, const char *plan, const char *project)
{
    struct document document;
    if (plan[0] == '\0') {
        return STATUS_OK;
    }
    enum status status = call_get(call, KIND_PLAN, plan, &document);
    if (status == STATUS_NOT_FOUND) {
        /* A fault of the field that names it, like any other. */
        memset(&call->error, 0, sizeof call->error);
        call_fault(call, "plan", "there is no plan %s, or you may not see it", plan);
        return STATUS_OK;
    }
    if (status == STATUS_OK &&
        strcmp(call_registry_of(call, plan), call_registry_of(call, project)) != 0) {
        call_fault(call, "plan", "must be of the order's registry");
    }
    return status;
}

void
plan_find(struct call *call, struct plan_findings *findings, const char *path,
          const char *format, ...)
{
    Kontor__V1__Violation *finding = arena_alloc(call->arena, sizeof *finding);
    va_list args;
    kontor__v1__violation__init(finding);
    finding->field = arena_copy(call->arena, path);
    va_start(args, format);
    finding->description = arena_vprint(call->arena, format, args);
    va_end(args);
    findings->rows = arena_grown(call->arena, findings->rows, findings->n_rows,
                                 &findings->room, sizeof(*findings->rows));
    findings->rows[findings->n_rows++] = finding;
}

/* ---- Importing ---- */

/* The beginning of a text, whole characters. */
static char *
shown(struct call *call, const char *text)
{
    size_t n = strlen(text);
    for (n = n < SHOWN_TEXT ? n : SHOWN_TEXT;
         n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--) {
    }
    return arena_copy_n(call->arena, text, n);
}

/* A plan being taken in. */
struct importing {
    struct call *call;
    const Kontor__V1__ImportPlanRequest *request;
    struct document document; /* Of the plan that is there. */
    Kontor__V1__Plan *old;    /* NULL = it is new. */
    const char *project;
    const struct json_value *tree; /* NULL = it is no JSON. */
    struct madmp_verdict verdict;
    const struct json_value *kept; /* Of a valid plan what is stored. */
    size_t n_redacted;
};

static enum status
judge_id(struct call *call, const char *id)
{
    const char *registry = call_registry_of(call, id);
    if (strcmp(registry, call->who->registry) == 0) {
        return STATUS_OK;
    }
    call_value(call, "registry", "%s", registry);
    return call_fail(call, REASON_OTHER_REGISTRY,
                     "cannot write plan %s: you write in registry %s only", id,
                     call->who->registry);
}

/* Whether the plan is there, and the caller's to replace. */
static enum status
find_old(struct importing *importing)
{
    struct call *call = importing->call;
    const char *id = importing->request->id;
    enum status status = call_get(call, KIND_PLAN, id, &importing->document);
    if (status == STATUS_OK) {
        importing->old = call_record(call, &importing->document);
        status = call_must_own(call, &importing->document);
        return status == STATUS_OK ? call_expect(call, &importing->document,
                                                 importing->request->expected_revision)
                                   : status;
    }
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    /* The id may be another project's: that it is taken must be said. */
    call->error = (struct error){.status = STATUS_OK};
    status = call_get_any(call, KIND_PLAN, id, &importing->document);
    if (status == STATUS_OK) {
        call_value(call, "id", "%s", id);
        return call_fail(call, REASON_ALREADY_EXISTS, "there is a plan %s already", id);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
judge_project(struct importing *importing)
{
    struct call *call = importing->call;
    const Kontor__V1__ImportPlanRequest *request = importing->request;
    struct document document;
    importing->project = request->project;
    if (importing->old != NULL) {
        importing->project = importing->old->project;
        if (request->project[0] != '\0' &&
            strcmp(request->project, importing->project) != 0) {
            call_fault(call, "project", "stays: the plan is of %s", importing->project);
        }
        return STATUS_OK;
    }
    if (request->project[0] == '\0') {
        call_fault(call, "project", "is required: whose data does it plan?");
        return STATUS_OK;
    }
    enum status status = call_get(call, KIND_PROJECT, request->project, &document);
    if (status == STATUS_OK) {
        status = call_must_own(call, &document);
    }
    if (status == STATUS_OK && strcmp(call_registry_of(call, request->project),
                                      call_registry_of(call, request->id)) != 0) {
        call_fault(call, "project", "must be of the plan's registry");
    }
    return status;
}

/* Who is named in what cannot be read is not known: where it ends is told, and nothing
 * of what stands there. */
static void
tell_unread(struct importing *importing, const struct faults *faults)
{
    for (size_t i = 0; i < faults->n_rows; i++) {
        const char *text = faults->rows[i].description;
        const char *near = strstr(text, " near ");
        bool is_told = importing->request->keep_names || near == NULL;
        call_fault(importing->call, faults->rows[i].path, "%.*s",
                   (int)(is_told ? strlen(text) : (size_t)(near - text)), text);
    }
}

static void
judge_document(struct importing *importing)
{
    struct call *call = importing->call;
    const Kontor__V1__ImportPlanRequest *request = importing->request;
    enum madmp_version named = MADMP_NOT_NAMED;
    if (request->version[0] != '\0') {
        named = madmp_version_of(request->version);
        if (named == MADMP_NOT_NAMED) {
            call_fault(call, "version", "must be 1.0, 1.1 or 1.2; empty = find it");
            return;
        }
    }
    struct bytes text = {(const uint8_t *)request->document, strlen(request->document)};
    struct faults faults = {.arena = call->arena};
    importing->tree = madmp_parse(text, "document", call->arena, &faults);
    if (importing->tree == NULL) {
        tell_unread(importing, &faults);
        return;
    }
    /* What is refused is told and logged, too. */
    struct people *people =
        request->keep_names ? NULL : redact_gather(importing->tree, call->arena);
    madmp_judge(importing->tree, named, people, call->arena, &importing->verdict);
}

/* Without its people, unless they are to stay. */
static void
redact_document(struct importing *importing)
{
    bool is_valid = importing->tree != NULL && importing->verdict.faults.n_found == 0;
    importing->kept = importing->tree;
    if (is_valid && !importing->request->keep_names) {
        importing->kept = redact_people(importing->tree, importing->call->arena,
                                        &importing->n_redacted);
    }
}

/* What a plan calls itself, as far as that is stored; without people where asked. */
static const char *
identifier_of(struct call *call, const struct json_value *document, bool has_people)
{
    struct plan_facts facts;
    size_t n_redacted;
    plan_read_facts(has_people ? document
                               : redact_people(document, call->arena, &n_redacted),
                    &facts);
    return shown(call, facts.identifier);
}

/* Its id may name people, and one of the two states may be without them: then both are
 * compared without. */
static bool
is_same_plan(struct importing *importing, const struct json_value *was)
{
    bool have_people = importing->old->keeps_names && importing->request->keep_names;
    return strcmp(identifier_of(importing->call, importing->tree, have_people),
                  identifier_of(importing->call, was, have_people)) == 0;
}

/* What is there is a state of the same plan, and not a later one. */
static enum status
judge_succession(struct importing *importing)
{
    struct call *call = importing->call;
    const Kontor__V1__Plan *old = importing->old;
    struct plan_facts facts;
    if (importing->kept == NULL || importing->verdict.faults.n_found > 0 ||
        old == NULL) {
        return STATUS_OK;
    }
    const struct json_value *was = plan_document(call, old);
    if (was == NULL) {
        return call->error.status;
    }
    if (!is_same_plan(importing, was)) {
        call_fault(call, "$.dmp.dmp_id.identifier",
                   "is another plan's: %s is that of \"%s\"", old->id, old->identifier);
    }
    plan_read_facts(importing->kept, &facts);
    if (facts.modified_ms < moment_ms(old->modified_at, INT64_MIN)) {
        call_fault(call, "$.dmp.modified",
                   "comes before that of the plan that is here");
    }
    return STATUS_OK;
}

/* A plan that no version takes is refused with all that is wrong; who only asks gets
 * the whole list, which an error has no room for. */
static enum status
refuse(struct importing *importing, struct decision *decision)
{
    struct call *call = importing->call;
    const struct madmp_verdict *verdict = &importing->verdict;
    if (call->is_validate_only && call->faults->n_found == 0) {
        Kontor__V1__ImportPlanResponse *reply = arena_alloc(call->arena, sizeof *reply);
        kontor__v1__import_plan_response__init(reply);
        reply->judgement = judgement_of(verdict, call->arena);
        reply->outcome = KONTOR__V1__IMPORT_OUTCOME__REFUSED;
        decision_reply(decision, reply);
        return STATUS_OK;
    }
    for (size_t i = 0; i < verdict->faults.n_rows; i++) {
        call_fault(call, verdict->faults.rows[i].path, "%s",
                   verdict->faults.rows[i].text);
    }
    call_value(call, "version", "%s", madmp_version_name(verdict->version));
    call_value(call, "acceptedBy", "%s",
               madmp_versions_text(verdict->accepted_by, call->arena));
    return call_check_faults(call);
}

/* ---- Storing ---- */

static Kontor__V1__Plan *
new_plan(struct importing *importing)
{
    struct call *call = importing->call;
    Kontor__V1__Plan *plan = arena_alloc(call->arena, sizeof *plan);
    struct plan_facts facts;
    kontor__v1__plan__init(plan);
    plan_read_facts(importing->kept, &facts);
    plan->id = importing->request->id;
    plan->project = (char *)(uintptr_t)importing->project;
    plan->title = shown(call, facts.title);
    plan->identifier = shown(call, facts.identifier);
    plan->identifier_type = shown(call, facts.identifier_type);
    plan->version =
        arena_copy(call->arena, madmp_version_name(importing->verdict.version));
    plan->n_accepted_by = judgement_versions(importing->verdict.accepted_by,
                                             call->arena, &plan->accepted_by);
    if (facts.modified_ms >= LEAST_TIME_MS) {
        plan->modified_at = moment_new(call->arena, facts.modified_ms);
    }
    plan->document = json_tree_print(importing->kept, call->arena);
    plan->keeps_names = importing->request->keep_names;
    plan->redacted_count = (int32_t)importing->n_redacted;
    return plan;
}

static void
fill_reply(struct call *call, Kontor__V1__Plan *plan, const struct json_value *tree,
           Kontor__V1__ImportOutcome outcome, Kontor__V1__ImportPlanResponse *reply)
{
    struct madmp_verdict verdict;
    kontor__v1__import_plan_response__init(reply);
    reply->plan = plan;
    reply->outcome = outcome;
    madmp_judge(tree, madmp_version_of(plan->version), NULL, call->arena, &verdict);
    reply->judgement = judgement_of(&verdict, call->arena);
}

/* A project has a plan once: under two ids it would be ordered twice. What people were
 * taken out of tells no plan from another. */
static enum status
hold_id(struct importing *importing, struct decision *decision)
{
    struct call *call = importing->call;
    struct plan_facts facts;
    struct document document;
    uint8_t digest[DIGEST_SIZE];
    size_t n_redacted;
    if (importing->old != NULL) {
        return STATUS_OK;
    }
    plan_read_facts(redact_people(importing->tree, call->arena, &n_redacted), &facts);
    if (redact_is_marked(facts.identifier)) {
        return STATUS_OK;
    }
    const char *id =
        arena_print(call->arena, "%s %s", facts.identifier_type, facts.identifier);
    digest_of(id, strlen(id), digest);
    const char *guard = arena_print(call->arena, "plan/%s/%s", importing->project,
                                    digest_hex(call->arena, digest));
    enum status status = call_get_any(call, KIND_GUARD, guard, &document);
    if (status == STATUS_OK) {
        call_fault(call, "$.dmp.dmp_id.identifier",
                   "is that of another plan of project %s already: hand it over under "
                   "the id it has here",
                   importing->project);
        return call_check_faults(call);
    }
    if (status == STATUS_NOT_FOUND) {
        decision_guard(call, decision, guard, 0);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
store(struct importing *importing, struct decision *decision)
{
    struct call *call = importing->call;
    Kontor__V1__Plan *plan = new_plan(importing);
    /* What stands for people may be longer than they are. */
    if (strlen(plan->document) > MADMP_MAX_BYTES) {
        call_fault(call, "document", "has more than %d bytes without its people",
                   MADMP_MAX_BYTES);
        return call_check_faults(call);
    }
    if (importing->old != NULL) {
        struct bytes was = call_pack(call, &importing->old->base);
        struct bytes is = call_pack(call, &plan->base);
        if (was.size == is.size && memcmp(was.data, is.data, is.size) == 0) {
            Kontor__V1__ImportPlanResponse *reply =
                arena_alloc(call->arena, sizeof *reply);
            fill_reply(call, importing->old, importing->kept,
                       KONTOR__V1__IMPORT_OUTCOME__SAME, reply);
            decision_reply(decision, reply);
            return STATUS_OK;
        }
    }
    enum status status = hold_id(importing, decision);
    if (status != STATUS_OK) {
        return status;
    }
    char **scope = arena_alloc(call->arena, 2 * sizeof *scope);
    scope[0] = arena_print(call->arena, "=r:%s", call_registry_of(call, plan->id));
    scope[1] = arena_print(call->arena, "=%s", project_scope(call, plan->project));
    decision_put(call, decision, KIND_PLAN, plan->id,
                 importing->old == NULL ? 0 : importing->document.revision, scope, 2,
                 &plan->base);
    return STATUS_OK;
}

enum status
plan_import_decide(struct call *call, const void *message, struct decision *decision)
{
    struct importing importing = {.call = call, .request = message};
    enum status status = judge_id(call, importing.request->id);
    if (status == STATUS_OK) {
        status = find_old(&importing);
    }
    if (status == STATUS_OK) {
        status = judge_project(&importing);
    }
    if (status != STATUS_OK) {
        return status;
    }
    judge_document(&importing);
    redact_document(&importing);
    status = judge_succession(&importing);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_refused = call->faults->n_found > 0 || importing.verdict.faults.n_found > 0;
    return is_refused ? refuse(&importing, decision) : store(&importing, decision);
}

enum status
plan_import_answer(struct call *call, const void *message,
                   const Kontor__V1__Commit *commit, void **out)
{
    const Kontor__V1__ImportPlanRequest *request = message;
    Kontor__V1__ImportPlanResponse *reply = arena_alloc(call->arena, sizeof *reply);
    void *plan;
    enum status status = answer_record(call, commit, KIND_PLAN, request->id, &plan);
    const struct json_value *tree =
        status == STATUS_OK ? plan_document(call, plan) : NULL;
    if (status != STATUS_OK || tree == NULL) {
        return status != STATUS_OK ? status : STATUS_INTERNAL;
    }
    bool is_new = commit_change(commit, KIND_PLAN, request->id)->was == 0;
    fill_reply(call, plan, tree,
               is_new ? KONTOR__V1__IMPORT_OUTCOME__CREATED
                      : KONTOR__V1__IMPORT_OUTCOME__CHANGED,
               reply);
    *out = reply;
    return STATUS_OK;
}
