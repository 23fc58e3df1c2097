/* The provider's side of the scenario: single calls, and the library's own agent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "player.h"

static enum kontor_status
register_agent(struct player *player, struct caller *caller, json_t *request,
               json_t *got, struct kontor_error *error)
{
    char *offer = field(request, "offer");
    Kontor__V1__JobKind kind = KONTOR__V1__JOB_KIND__PROVISION;
    Kontor__V1__RegisterAgentRequest ask = KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
    ask.offers = &offer;
    ask.n_offers = 1;
    ask.kinds = &kind;
    ask.n_kinds = 1;
    ask.lease_seconds =
        (int32_t)json_integer_value(json_object_get(request, "lease_seconds"));
    Kontor__V1__Session *session = NULL;
    enum kontor_status status =
        kontor_register_agent(caller->kontor, &ask, &session, error);
    if (status == KONTOR_OK) {
        snprintf(player->session, sizeof player->session, "%s", session->id);
        json_object_set_new(got, "lease_seconds", json_integer(session->lease_seconds));
    }
    kontor_reply_free(session);
    return status;
}

/* ---- Single calls about a job ---- */

static const Kontor__V1__ClaimedJob *
job_of(const struct player *player, json_t *request)
{
    for (size_t i = 0; i < N_NAMES; i++) {
        const char *name = player->jobs[i].name;
        if (name != NULL && strcmp(name, field(request, "job")) == 0) {
            return player->jobs[i].claimed->jobs[0];
        }
    }
    abort(); /* The scenario names a job it never claimed. */
}

static void
keep_job(struct player *player, json_t *request, Kontor__V1__ClaimResponse *claimed)
{
    size_t i = 0;
    while (player->jobs[i].name != NULL) {
        i++;
    }
    player->jobs[i].name = field(request, "job");
    player->jobs[i].claimed = claimed;
}

static enum kontor_status
claim(struct player *player, struct caller *caller, json_t *request, json_t *got,
      struct kontor_error *error)
{
    Kontor__V1__ClaimRequest ask = KONTOR__V1__CLAIM_REQUEST__INIT;
    ask.session = player->session;
    ask.wait_seconds = 10;
    Kontor__V1__ClaimResponse *reply = NULL;
    enum kontor_status status = kontor_claim(caller->kontor, &ask, &reply, error);
    if (status != KONTOR_OK || reply->n_jobs == 0) {
        kontor_reply_free(reply);
        return status;
    }
    keep_job(player, request, reply);
    const Kontor__V1__ClaimedJob *job = reply->jobs[0];
    json_t *answers = json_array();
    for (size_t i = 0; i < job->n_questions; i++) {
        json_array_append_new(answers, value_text(job->questions[i]->answer));
    }
    json_object_set_new(got, "answers", answers);
    json_object_set_new(got, "item", json_string(job->item));
    json_object_set_new(
        got, "kind",
        json_string(name_of(&kontor__v1__job_kind__descriptor, (int)job->kind)));
    json_object_set_new(got, "prior_intent", json_string(job->prior_intent));
    json_object_set_new(got, "parameters",
                        values_by_id(job->parameters, job->n_parameters));
    return KONTOR_OK;
}

/* Takes the item over. */
static enum kontor_status
show_state(enum kontor_status status, Kontor__V1__OrderItem *item, json_t *got)
{
    if (status == KONTOR_OK) {
        const char *state =
            name_of(&kontor__v1__item_state__descriptor, (int)item->state);
        json_object_set_new(got, "state", json_string(state));
    }
    kontor_reply_free(item);
    return status;
}

static enum kontor_status
ask_info(struct player *player, struct caller *caller, json_t *request, json_t *got,
         struct kontor_error *error)
{
    Kontor__V1__IntegerParameter limits = KONTOR__V1__INTEGER_PARAMETER__INIT;
    limits._minimum_case = KONTOR__V1__INTEGER_PARAMETER___MINIMUM_MINIMUM;
    limits.minimum = wide(request, "minimum");
    limits._maximum_case = KONTOR__V1__INTEGER_PARAMETER___MAXIMUM_MAXIMUM;
    limits.maximum = wide(request, "maximum");
    Kontor__V1__Parameter expects = KONTOR__V1__PARAMETER__INIT;
    expects.id = "answer";
    expects.label = "Answer";
    expects.required = true;
    expects.type_case = KONTOR__V1__PARAMETER__TYPE_INTEGER;
    expects.integer = &limits;
    const Kontor__V1__ClaimedJob *job = job_of(player, request);
    Kontor__V1__AskInfoRequest ask = KONTOR__V1__ASK_INFO_REQUEST__INIT;
    ask.item = job->item;
    ask.fence = job->fence;
    ask.question = field(request, "question");
    ask.expects = &expects;
    Kontor__V1__OrderItem *item = NULL;
    enum kontor_status status = kontor_ask_info(caller->kontor, &ask, &item, error);
    return show_state(status, item, got);
}

static enum kontor_status
begin(struct player *player, struct caller *caller, json_t *request, json_t *got,
      struct kontor_error *error)
{
    const Kontor__V1__ClaimedJob *job = job_of(player, request);
    Kontor__V1__BeginRequest ask = KONTOR__V1__BEGIN_REQUEST__INIT;
    ask.item = job->item;
    ask.fence = job->fence;
    ask.intent = job->intent;
    Kontor__V1__OrderItem *item = NULL;
    enum kontor_status status = kontor_begin(caller->kontor, &ask, &item, error);
    return show_state(status, item, got);
}

static enum kontor_status
renew(struct player *player, struct caller *caller, json_t *request, json_t *got,
      struct kontor_error *error)
{
    (void)request;
    Kontor__V1__RenewRequest ask = KONTOR__V1__RENEW_REQUEST__INIT;
    ask.session = player->session;
    Kontor__V1__RenewResponse *reply = NULL;
    enum kontor_status status = kontor_renew(caller->kontor, &ask, &reply, error);
    if (status != KONTOR_OK) {
        return status;
    }
    json_t *held = json_array();
    for (size_t i = 0; i < reply->n_jobs; i++) {
        json_array_append_new(held, json_string(reply->jobs[i]->item));
    }
    json_object_set_new(got, "held", held);
    kontor_reply_free(reply);
    return KONTOR_OK;
}

/* Which report of that name it is; a new one gets its request_id here. */
static size_t
report_of(struct player *player, json_t *request)
{
    size_t i = 0;
    while (player->reports[i].name != NULL &&
           strcmp(player->reports[i].name, field(request, "id")) != 0) {
        i++;
    }
    if (player->reports[i].name == NULL) {
        player->reports[i].name = field(request, "id");
        kontor_uuid(player->reports[i].id);
    }
    return i;
}

static enum kontor_status
report(struct player *player, struct caller *caller, json_t *request, json_t *got,
       struct kontor_error *error)
{
    const Kontor__V1__ClaimedJob *job = job_of(player, request);
    size_t i = report_of(player, request);
    Kontor__V1__ReportRequest ask = KONTOR__V1__REPORT_REQUEST__INIT;
    ask.item = job->item;
    ask.fence = job->fence;
    ask.milestone = field(request, "milestone");
    ask.note = field(request, "note");
    ask.progress = (int32_t)json_integer_value(json_object_get(request, "progress"));
    ask.request_id = player->reports[i].id;
    Kontor__V1__ReportResponse *reply = NULL;
    enum kontor_status status = kontor_report(caller->kontor, &ask, &reply, error);
    if (status != KONTOR_OK) {
        return status;
    }
    json_object_set_new(got, "same",
                        json_boolean(reply->seq == player->reports[i].seq));
    player->reports[i].seq = reply->seq;
    kontor_reply_free(reply);
    return KONTOR_OK;
}

static enum kontor_status
send_complete(struct caller *caller, const Kontor__V1__ClaimedJob *job,
              Kontor__V1__Delivery *delivery, json_t *got, struct kontor_error *error)
{
    Kontor__V1__CompleteRequest ask = KONTOR__V1__COMPLETE_REQUEST__INIT;
    ask.item = job->item;
    ask.fence = job->fence;
    ask.delivery = delivery;
    Kontor__V1__OrderItem *item = NULL;
    enum kontor_status status = kontor_complete(caller->kontor, &ask, &item, error);
    return show_state(status, item, got);
}

static enum kontor_status
complete(struct player *player, struct caller *caller, json_t *request, json_t *got,
         struct kontor_error *error)
{
    const Kontor__V1__ClaimedJob *job = job_of(player, request);
    Kontor__V1__Value text = KONTOR__V1__VALUE__INIT;
    text.kind_case = KONTOR__V1__VALUE__KIND_TEXT;
    text.text = field(request, "made_by");
    Kontor__V1__ParameterValue made_by = KONTOR__V1__PARAMETER_VALUE__INIT;
    Kontor__V1__ParameterValue *outputs = &made_by;
    made_by.id = "made_by";
    made_by.value = &text;
    Kontor__V1__Delivery delivery = KONTOR__V1__DELIVERY__INIT;
    delivery.backend_id = field(request, "backend_id");
    delivery.outputs = &outputs;
    delivery.n_outputs = 1;
    struct kontor_bytes sealed = {0};
    const char *access = field(request, "access");
    if (access[0] != '\0') {
        enum kontor_status status = kontor_seal(
            (struct kontor_bytes){access, strlen(access)},
            (const char *const *)job->seal_to, job->n_seal_to, &sealed, error);
        if (status != KONTOR_OK) {
            return status;
        }
        delivery.sealed = (ProtobufCBinaryData){sealed.size, (uint8_t *)sealed.data};
    }
    enum kontor_status status = send_complete(caller, job, &delivery, got, error);
    kontor_bytes_free(&sealed);
    return status;
}

/* ---- The library's agent ---- */

/* A backend whose first answers get lost. It would make a second object of one name. */
struct shelf {
    const char *language;
    char made[300]; /* The name of the one object there is. */
    int created;
    int found;
    int completed;
    int lost_answers;
};

static enum kontor_result
deliver(struct kontor_job *job, const struct shelf *shelf)
{
    bool is_said = kontor_job_backend_id(job, shelf->made) &&
                   kontor_job_output(job, "made_by", shelf->language);
    return is_said ? KONTOR_DONE : KONTOR_RETRY;
}

/* Called before provision whenever an earlier attempt may have made the object. */
static enum kontor_result
lookup(struct kontor_job *job, void *context)
{
    struct shelf *shelf = context;
    if (strcmp(shelf->made, kontor_job_claimed(job)->intent) != 0) {
        return KONTOR_ABSENT;
    }
    shelf->found++;
    return deliver(job, shelf);
}

/* Makes the object of the job's name: every attempt has the same. */
static enum kontor_result
provision(struct kontor_job *job, void *context)
{
    struct shelf *shelf = context;
    shelf->created++;
    snprintf(shelf->made, sizeof shelf->made, "%s", kontor_job_claimed(job)->intent);
    if (shelf->lost_answers > 0) {
        shelf->lost_answers--;
        return kontor_job_reason(job, "the backend did not answer")
                   ? KONTOR_NOBODY_KNOWS
                   : KONTOR_RETRY;
    }
    return deliver(job, shelf);
}

static void
count(const struct kontor_agent_event *event, void *context)
{
    struct shelf *shelf = context;
    shelf->completed += strcmp(event->what, "done") == 0 ? 1 : 0;
}

static enum kontor_status
serve(struct player *player, struct caller *caller, json_t *request, json_t *got,
      struct kontor_error *error)
{
    const char *offer = field(request, "offer");
    struct shelf shelf = {.language = player->language};
    shelf.lost_answers =
        (int)json_integer_value(json_object_get(request, "lost_answers"));
    struct kontor_agent_options options = {
        .offers = &offer,
        .n_offers = 1,
        .provision = provision,
        .lookup = lookup,
        .on_event = count,
        .context = &shelf,
    };
    /* Each lost answer is one more attempt. */
    options.max_jobs =
        json_integer_value(json_object_get(request, "deliveries")) + shelf.lost_answers;
    struct kontor_agent *agent = NULL;
    enum kontor_status status =
        kontor_agent_new(caller->kontor, &options, &agent, error);
    if (status == KONTOR_OK) {
        status = kontor_agent_run(agent, error);
    }
    kontor_agent_free(agent);
    json_object_set_new(got, "created", json_integer(shelf.created));
    json_object_set_new(got, "found", json_integer(shelf.found));
    json_object_set_new(got, "completed", json_integer(shelf.completed));
    return status;
}

/* ---- The broker's end ---- */

/* The broker is killed by whoever started this program, and started again at once. */
static enum kontor_status
kill_broker(struct player *player, struct caller *caller, json_t *request, json_t *got,
            struct kontor_error *error)
{
    (void)player, (void)caller, (void)request, (void)got, (void)error;
    char line[100];
    puts("{\"wants\": \"kill\"}");
    fflush(stdout);
    return fgets(line, sizeof line, stdin) != NULL ? KONTOR_OK : KONTOR_UNKNOWN;
}

const struct operation agent_operations[] = {
    {"register", register_agent},
    {"claim", claim},
    {"ask", ask_info},
    {"begin", begin},
    {"renew", renew},
    {"report", report},
    {"complete", complete},
    {"serve", serve},
    {"kill", kill_broker},
    {NULL, NULL},
};
