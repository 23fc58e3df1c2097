/* What of a plan became true with what was delivered for it, as a patch. Only what is
 * known here is said, and what the plan says more exactly stays. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "catalogue/offer_form.h"
#include "kontor/v1/configuration_service.pb-c.h"
#include "kontor/v1/order.pb-c.h"
#include "plan/madmp_table.h"
#include "plan/patch.h"
#include "proto/moment.h"
#include "server/catalogue/offer.h"
#include "server/configuration/plan_delivered.h"
#include "server/order/value.h"

struct writing {
    struct call *call;
    const Kontor__V1__WriteBackPlanRequest *request;
    const Kontor__V1__Plan *plan;
    const struct json_value *document;
    struct plan_places places;
    struct plan_findings findings;
    struct plan_delivered *delivered; /* One a place. */
    struct patch patch;
    bool is_id_untested; /* People were taken out of the plan's id. */
};

#define ID_POINTER "/dmp/dmp_id/identifier"

/* ---- The end ---- */

static const char *
pointer_of(struct call *call, const struct wanted *part, const char *rest)
{
    return arena_print(call->arena, "/dmp/dataset/%zu/distribution/%zu%s",
                       part->dataset, part->distribution, rest);
}

static void
write_end(struct writing *writing, const struct wanted *part,
          const Kontor__V1__Instance *instance)
{
    struct call *call = writing->call;
    int64_t until_ms = moment_ms(instance->valid_until, INT64_MAX);
    if (plan_is_over(instance)) {
        int64_t over_ms = moment_ms(instance->updated_at, call->now_ms);
        until_ms = over_ms < until_ms ? over_ms : until_ms;
    }
    if (until_ms != INT64_MAX) {
        patch_set(&writing->patch, part->value, pointer_of(call, part, ""),
                  "available_until", patch_text(value_date(until_ms, call->arena)));
    }
}

/* ---- What the agent said ---- */

static const Kontor__V1__Value *
output_of(const Kontor__V1__Instance *instance, const char *id)
{
    const Kontor__V1__Delivery *delivery = instance->delivery;
    for (size_t i = 0; delivery != NULL && i < delivery->n_outputs; i++) {
        if (strcmp(delivery->outputs[i]->id, id) == 0) {
            return delivery->outputs[i]->value;
        }
    }
    return NULL;
}

/* A text of an output in a form; NULL = there is none. */
static const char *
text_output(struct writing *writing, const struct wanted *part,
            const Kontor__V1__Instance *instance, const char *id, enum madmp_form form)
{
    const Kontor__V1__Value *value = output_of(instance, id);
    const char *wanted = "a text";
    if (value == NULL) {
        return NULL;
    }
    if (value->kind_case == KONTOR__V1__VALUE__KIND_TEXT &&
        madmp_form_is(form, MADMP_1_2, value->text, &wanted)) {
        return value->text;
    }
    plan_find(writing->call, &writing->findings, part->path,
              "output %s of %s is left out: it must be %s", id, instance->id, wanted);
    return NULL;
}

static void
write_size(struct writing *writing, const struct wanted *part,
           const Kontor__V1__Instance *instance)
{
    const Kontor__V1__Value *value = output_of(instance, "byte_size");
    if (value == NULL) {
        return;
    }
    if (value->kind_case != KONTOR__V1__VALUE__KIND_INTEGER || value->integer < 0) {
        plan_find(writing->call, &writing->findings, part->path,
                  "output byte_size of %s is left out: it must be a whole number",
                  instance->id);
        return;
    }
    patch_set(&writing->patch, part->value, pointer_of(writing->call, part, ""),
              "byte_size", patch_integer(value->integer));
}

static void
write_doi(struct writing *writing, const struct wanted *part,
          const Kontor__V1__Instance *instance)
{
    const char *doi = text_output(writing, part, instance, "doi", FORM_ANY);
    if (doi == NULL || strncmp(doi, "10.", 3) != 0) {
        return;
    }
    const char *pointer =
        arena_print(writing->call->arena, "/dmp/dataset/%zu/dataset_id", part->dataset);
    const struct json_value *id = json_tree_get(part->dataset_value, "dataset_id");
    /* A dataset that lies in several places has one id. */
    if (patch_is_set(&writing->patch,
                     arena_print(writing->call->arena, "%s/identifier", pointer))) {
        return;
    }
    patch_set(&writing->patch, id, pointer, "identifier", patch_text(doi));
    patch_set(&writing->patch, id, pointer, "type", patch_text("doi"));
}

/* What the delivery says of one distribution; where several lie at the place it is not
 * said which one is meant. */
static void
write_outputs(struct writing *writing, const struct plan_place *place,
              const Kontor__V1__Instance *instance)
{
    struct call *call = writing->call;
    const struct wanted *part = place->parts[0];
    static const char *const ids[] = {"access_url", "download_url", "byte_size", "doi"};
    for (size_t i = 0; place->n_parts > 1 && i < sizeof ids / sizeof ids[0]; i++) {
        if (output_of(instance, ids[i]) != NULL) {
            plan_find(call, &writing->findings, part->path,
                      "output %s of %s is left out: %zu distributions lie there",
                      ids[i], instance->id, place->n_parts);
        }
    }
    if (place->n_parts > 1) {
        return;
    }
    const char *pointer = pointer_of(call, part, "");
    const char *access = text_output(writing, part, instance, "access_url", FORM_ANY);
    const char *download =
        text_output(writing, part, instance, "download_url", FORM_URI);
    if (access != NULL) {
        patch_set(&writing->patch, part->value, pointer, "access_url",
                  patch_text(access));
    }
    if (download != NULL) {
        patch_set(&writing->patch, part->value, pointer, "download_url",
                  patch_text(download));
    }
    write_size(writing, part, instance);
    write_doi(writing, part, instance);
}

/* ---- The host ---- */

/* The address of the first endpoint that carries it; "" = none has one. */
static enum status
endpoint_url(struct call *call, const Kontor__V1__Instance *instance, const char **url)
{
    const Kontor__V1__Delivery *delivery = instance->delivery;
    *url = "";
    for (size_t i = 0; delivery != NULL && i < delivery->n_endpoints; i++) {
        struct document document;
        enum status status = call_get_as_of(call, KIND_ENDPOINT, delivery->endpoints[i],
                                            NULL, &document);
        if (status == STATUS_NOT_FOUND) {
            call->error = (struct error){.status = STATUS_OK};
            continue;
        }
        if (status != STATUS_OK) {
            return status;
        }
        const Kontor__V1__Endpoint *endpoint = call_record(call, &document);
        const char *interface =
            endpoint->n_interfaces == 0 ? "" : endpoint->interfaces[0]->url;
        *url = endpoint->url[0] != '\0' ? endpoint->url : interface;
        if (*url[0] != '\0') {
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

/* A host that is called by another register's name gets its own address. */
static void
write_url(struct writing *writing, const struct wanted *part, const char *address)
{
    struct call *call = writing->call;
    const char *wanted;
    struct host host;
    bool is_uri = madmp_form_is(FORM_URI, MADMP_1_2, address, &wanted);
    if (is_uri && host_read(address, call->arena, &host) &&
        strcmp(host.name, part->host.name) != 0) {
        patch_set(&writing->patch, part->host_value, pointer_of(call, part, "/host"),
                  "url", patch_text(address));
    }
}

/* Percent as plans write them: 99.95. */
static const char *
percent_text(struct call *call, int32_t ppm)
{
    char *text = arena_print(call->arena, "%d.%04d", ppm / 10000, ppm % 10000);
    size_t n = strlen(text);
    while (text[n - 1] == '0' && text[n - 2] != '.') {
        text[--n] = '\0';
    }
    return text;
}

static void
write_host(struct writing *writing, const struct wanted *part,
           const struct offer_found *found)
{
    struct call *call = writing->call;
    const Kontor__V1__Service *service = found->service;
    const Kontor__V1__OfferTargets *targets = offer_targets(service, found->offer);
    const char *pointer = pointer_of(call, part, "/host");
    bool has_place = service->n_geographic_locations == 1 &&
                     madmp_is_among(madmp_countries, service->geographic_locations[0]);
    if (has_place) {
        patch_set(&writing->patch, part->host_value, pointer, "geo_location",
                  patch_text(service->geographic_locations[0]));
    }
    if (targets != NULL && targets->availability_ppm > 0) {
        patch_set(&writing->patch, part->host_value, pointer, "availability",
                  patch_text(percent_text(call, targets->availability_ppm)));
    }
    if (service->kind_case == KONTOR__V1__SERVICE__KIND_DATA_SOURCE) {
        patch_set(&writing->patch, part->host_value, pointer, "support_versioning",
                  patch_text(service->data_source->has_version_control ? "yes" : "no"));
    }
}

/* ---- A place ---- */

static enum status
write_part(struct writing *writing, const struct wanted *part,
           const Kontor__V1__Instance *instance, const struct offer_found *found)
{
    const char *url;
    write_end(writing, part, instance);
    if (plan_is_over(instance)) {
        return STATUS_OK;
    }
    enum status status = endpoint_url(writing->call, instance, &url);
    if (status != STATUS_OK) {
        return status;
    }
    /* What the plan says is nearer to the data than the way in to all of it. */
    bool has_access = json_tree_get(part->value, "access_url") != NULL ||
                      output_of(instance, "access_url") != NULL;
    if (!has_access && url[0] != '\0') {
        patch_set(&writing->patch, part->value, pointer_of(writing->call, part, ""),
                  "access_url", patch_text(url));
    }
    if (found->service != NULL) {
        write_url(writing, part, url[0] != '\0' ? url : found->service->webpage);
        write_host(writing, part, found);
    }
    return STATUS_OK;
}

static enum status
write_place(struct writing *writing, const struct plan_delivered *delivered)
{
    struct call *call = writing->call;
    struct offer_found found = {.service = NULL};
    if (delivered->open != NULL) {
        plan_find(call, &writing->findings, delivered->place->parts[0]->path,
                  "%s is not done yet", delivered->open->id);
    }
    if (delivered->instance == NULL) {
        return STATUS_OK;
    }
    enum status status = offer_find(call, delivered->instance->offer, &found);
    if (status == STATUS_NOT_FOUND) {
        /* It is taken out of the catalogue since: what was delivered still is. */
        call->error = (struct error){.status = STATUS_OK};
        found = (struct offer_found){.service = NULL};
        status = STATUS_OK;
    }
    for (size_t i = 0; status == STATUS_OK && i < delivered->place->n_parts; i++) {
        status = write_part(writing, delivered->place->parts[i], delivered->instance,
                            &found);
    }
    if (status == STATUS_OK && !plan_is_over(delivered->instance)) {
        write_outputs(writing, delivered->place, delivered->instance);
    }
    return status;
}

/* ---- The answer ---- */

/* The patch is for this plan and no other, and says that it is a new state of it. */
static void
begin_patch(struct writing *writing)
{
    const struct json_value *dmp = json_tree_get(writing->document, "dmp");
    const struct json_value *id = json_tree_get(dmp, "dmp_id");
    writing->patch.arena = writing->call->arena;
    writing->patch.is_redacted = !writing->plan->keeps_names;
    if (!patch_test(&writing->patch, ID_POINTER, json_tree_get(id, "identifier"))) {
        /* What else of a plan stays, and names nobody. */
        writing->is_id_untested = true;
        (void)patch_test(&writing->patch, "/dmp/created",
                         json_tree_get(dmp, "created"));
    }
}

/* Where people stood the patch is for any plan: who applies it has to know. */
static void
tell_untested(struct writing *writing)
{
    struct call *call = writing->call;
    const struct patch *patch = &writing->patch;
    if (patch->n_changes > 0 && writing->is_id_untested) {
        plan_find(call, &writing->findings, patch_path(ID_POINTER, call->arena),
                  "is not tested by the patch, since people were taken out of it here: "
                  "look that the patch is applied to this plan and no other");
    }
    for (size_t i = 0; i < patch->n_untested; i++) {
        plan_find(call, &writing->findings, patch_path(patch->untested[i], call->arena),
                  "is written over without a test, since people were taken out of it "
                  "here");
    }
}

/* Later than it was, also where that lies ahead. */
static void
write_modified(struct writing *writing)
{
    struct call *call = writing->call;
    struct plan_facts facts;
    plan_read_facts(writing->document, &facts);
    if (facts.modified_ms >= PLAN_LAST_MS) {
        plan_find(call, &writing->findings, "$.dmp.modified",
                  "stays: nothing can come later");
        return;
    }
    int64_t next_ms = facts.modified_ms + 1000;
    int64_t now_ms = next_ms > call->now_ms ? next_ms : call->now_ms;
    time_t now = (time_t)(now_ms / 1000);
    char text[32];
    struct tm day;
    gmtime_r(&now, &day);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &day);
    patch_set(&writing->patch, json_tree_get(writing->document, "dmp"), "/dmp",
              "modified", patch_text(arena_copy(call->arena, text)));
}

static void
end_patch(struct writing *writing)
{
    if (writing->patch.n_changes == 0) {
        return;
    }
    write_modified(writing);
    size_t size = strlen(writing->plan->document);
    int64_t after = (int64_t)size + writing->patch.growth;
    if (after > MADMP_MAX_BYTES) {
        plan_find(writing->call, &writing->findings, "$",
                  "has %" PRId64 " bytes and more with the patch: at most %d are taken "
                  "in again",
                  after, MADMP_MAX_BYTES);
    }
}

static void
answer(struct writing *writing, struct decision *decision)
{
    struct call *call = writing->call;
    Kontor__V1__WriteBackPlanResponse *reply = arena_alloc(call->arena, sizeof *reply);
    kontor__v1__write_back_plan_response__init(reply);
    reply->instances = arena_alloc(call->arena, (writing->places.n_rows + 1) *
                                                    sizeof(*reply->instances));
    for (size_t i = 0; i < writing->places.n_rows; i++) {
        if (writing->delivered[i].instance != NULL) {
            reply->instances[reply->n_instances++] = writing->delivered[i].instance->id;
        }
    }
    reply->patch = patch_print(&writing->patch);
    reply->change_count = (int32_t)writing->patch.n_changes;
    reply->findings = writing->findings.rows;
    reply->n_findings = writing->findings.n_rows;
    reply->plan_revision = writing->plan->revision;
    decision_reply(decision, reply);
}

enum status
plan_write_back_decide(struct call *call, const void *message,
                       struct decision *decision)
{
    struct writing writing = {.call = call, .request = message};
    struct plan_findings ignored = {.rows = NULL};
    enum status status = plan_read(call, writing.request->id, &writing.plan);
    if (status != STATUS_OK) {
        return status;
    }
    writing.document = plan_document(call, writing.plan);
    if (writing.document == NULL) {
        return call->error.status;
    }
    /* What is missing for an order was said when it was proposed. */
    status = plan_places_read(call, writing.document, &ignored, &writing.places);
    if (status == STATUS_OK) {
        status =
            plan_delivered_read(call, writing.plan->id, writing.request->order,
                                &writing.places, &writing.findings, &writing.delivered);
    }
    begin_patch(&writing);
    for (size_t i = 0; status == STATUS_OK && i < writing.places.n_rows; i++) {
        status = write_place(&writing, &writing.delivered[i]);
    }
    if (status == STATUS_OK) {
        end_patch(&writing);
        tell_untested(&writing);
        answer(&writing, decision);
    }
    return status;
}
