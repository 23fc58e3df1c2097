/* The customer's side of the scenario. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "player.h"

static enum kontor_status
whoami(struct player *player, struct caller *caller, json_t *request, json_t *got,
       struct kontor_error *error)
{
    (void)player, (void)request;
    Kontor__V1__WhoAmIRequest ask = KONTOR__V1__WHO_AM_IREQUEST__INIT;
    Kontor__V1__WhoAmIResponse *reply = NULL;
    enum kontor_status status = kontor_who_am_i(caller->kontor, &ask, &reply, error);
    if (status != KONTOR_OK) {
        return status;
    }
    json_object_set_new(got, "registered", json_boolean(reply->is_registered));
    json_object_set_new(got, "principal", json_string(reply->principal));
    json_t *roles = json_array();
    for (size_t i = 0; i < reply->n_roles; i++) {
        const char *role = name_of(&kontor__v1__role__descriptor, (int)reply->roles[i]);
        json_array_append_new(roles, json_string(role));
    }
    json_object_set_new(got, "roles", roles);
    kontor_reply_free(reply);
    return KONTOR_OK;
}

/* ---- Orders ---- */

/* The certificate access details are to be sealed to. */
static char *
read_file(const char *path)
{
    FILE *file = must(fopen(path, "rb"));
    char *text = must(calloc(1, 16384));
    size_t n = fread(text, 1, 16383, file);
    fclose(file);
    text[n] = '\0';
    return text;
}

enum { N_PARAMETERS = 8 };

/* A whole number a customer chose. */
struct number {
    Kontor__V1__ParameterValue parameter;
    Kontor__V1__Value value;
};

/* Fills a slot of an item's parameters. */
static Kontor__V1__ParameterValue *
integer(struct number *number, char *id, int64_t value)
{
    kontor__v1__value__init(&number->value);
    number->value.kind_case = KONTOR__V1__VALUE__KIND_INTEGER;
    number->value.integer = value;
    kontor__v1__parameter_value__init(&number->parameter);
    number->parameter.id = id;
    number->parameter.value = &number->value;
    return &number->parameter;
}

/*
 * Places an order of one item. Its id is ours and is kept before the call: whoever does
 * not know how a call ended places the same order again, and is answered with
 * is_replayed. Within its deadline the library does that by itself.
 */
static enum kontor_status
place_volume(struct kontor *kontor, Kontor__V1__PlaceOrderRequest *order,
             Kontor__V1__NewItem *volume, Kontor__V1__PlaceOrderResponse **reply,
             struct kontor_error *error)
{
    order->project = "coast/p1";
    order->items = &volume;
    order->n_items = 1;
    return kontor_place_order(kontor, order, reply, error);
}

static size_t
read_parameters(json_t *request, struct number *numbers,
                Kontor__V1__ParameterValue **parameters)
{
    json_t *given = json_object_get(request, "parameters");
    size_t n = json_array_size(given);
    for (size_t i = 0; i < n && i < N_PARAMETERS; i++) {
        json_t *each = json_array_get(given, i);
        parameters[i] = integer(&numbers[i], field(each, "id"), wide(each, "integer"));
    }
    return n;
}

static enum kontor_status
place_or_plan(struct caller *caller, json_t *request, bool is_plan,
              Kontor__V1__PlaceOrderResponse **reply, struct kontor_error *error)
{
    struct number numbers[N_PARAMETERS];
    Kontor__V1__ParameterValue *parameters[N_PARAMETERS];
    Kontor__V1__NewItem volume = KONTOR__V1__NEW_ITEM__INIT;
    volume.id = field(request, "item");
    volume.offer = field(request, "offer");
    volume.parameters = parameters;
    volume.n_parameters = read_parameters(request, numbers, parameters);
    Kontor__V1__PlaceOrderRequest order = KONTOR__V1__PLACE_ORDER_REQUEST__INIT;
    order.id = field(request, "order");
    order.validate_only = is_plan;
    char *certificate = NULL;
    if (json_is_true(json_object_get(request, "seal"))) {
        certificate = read_file(caller->cert);
        order.seal_to = &certificate;
        order.n_seal_to = 1;
    }
    enum kontor_status status =
        place_volume(caller->kontor, &order, &volume, reply, error);
    free(certificate);
    return status;
}

static enum kontor_status
place(struct player *player, struct caller *caller, json_t *request, json_t *got,
      struct kontor_error *error)
{
    (void)player;
    Kontor__V1__PlaceOrderResponse *reply = NULL;
    enum kontor_status status = place_or_plan(caller, request, false, &reply, error);
    if (status != KONTOR_OK) {
        return status;
    }
    json_object_set_new(got, "replayed", json_boolean(reply->is_replayed));
    json_object_set_new(got, "state",
                        json_string(name_of(&kontor__v1__order_state__descriptor,
                                            (int)reply->order->state)));
    kontor_reply_free(reply);
    return KONTOR_OK;
}

static enum kontor_status
plan(struct player *player, struct caller *caller, json_t *request, json_t *got,
     struct kontor_error *error)
{
    (void)player;
    Kontor__V1__PlaceOrderResponse *reply = NULL;
    enum kontor_status status = place_or_plan(caller, request, true, &reply, error);
    if (status != KONTOR_OK) {
        return status;
    }
    const Kontor__V1__Money *total = reply->plan->totals[0]->amount;
    json_object_set_new(got, "provider", json_string(reply->plan->items[0]->provider));
    json_object_set_new(
        got, "total",
        json_sprintf("%lld %s", (long long)total->units, total->currency));
    kontor_reply_free(reply);
    return KONTOR_OK;
}

static enum kontor_status
get_order(struct caller *caller, json_t *request, Kontor__V1__GetOrderResponse **reply,
          struct kontor_error *error)
{
    Kontor__V1__GetOrderRequest ask = KONTOR__V1__GET_ORDER_REQUEST__INIT;
    ask.id = field(request, "order");
    return kontor_get_order(caller->kontor, &ask, reply, error);
}

static void
show_item(json_t *got, const Kontor__V1__OrderItem *item)
{
    json_t *milestones = json_array();
    for (size_t i = 0; i < item->n_milestones; i++) {
        json_array_append_new(milestones, json_string(item->milestones[i]));
    }
    json_object_set_new(got, "milestones", milestones);
    json_object_set_new(
        got, "item_state",
        json_string(name_of(&kontor__v1__item_state__descriptor, (int)item->state)));
    json_object_set_new(got, "parameters",
                        values_by_id(item->parameters, item->n_parameters));
    if (item->delivery != NULL) {
        json_object_set_new(got, "backend_id", json_string(item->delivery->backend_id));
        json_object_set_new(
            got, "outputs",
            values_by_id(item->delivery->outputs, item->delivery->n_outputs));
    }
}

static enum kontor_status
get(struct player *player, struct caller *caller, json_t *request, json_t *got,
    struct kontor_error *error)
{
    (void)player;
    Kontor__V1__GetOrderResponse *reply = NULL;
    enum kontor_status status = get_order(caller, request, &reply, error);
    if (status != KONTOR_OK) {
        return status;
    }
    json_object_set_new(got, "order_state",
                        json_string(name_of(&kontor__v1__order_state__descriptor,
                                            (int)reply->order->state)));
    show_item(got, reply->items[0]);
    kontor_reply_free(reply);
    return KONTOR_OK;
}

/* ---- Watches ---- */

/* Opens a watch of an order; the library resumes it by itself. */
static enum kontor_status
open_watch(struct kontor *kontor, char *order, Kontor__V1__Position *after, bool follow,
           struct kontor_watch **watch, struct kontor_error *error)
{
    Kontor__V1__WatchRequest ask = KONTOR__V1__WATCH_REQUEST__INIT;
    ask.after = after;
    ask.id_prefix = order;
    ask.follow = follow;
    return kontor_watch_open(kontor,
                             kontor_method("/kontor.v1.OrderService/WatchOrders"), &ask,
                             watch, error);
}

static enum kontor_status
watch(struct player *player, struct caller *caller, json_t *request, json_t *got,
      struct kontor_error *error)
{
    (void)got;
    Kontor__V1__Position beginning = KONTOR__V1__POSITION__INIT;
    player->live.order = player->live.item = "";
    return open_watch(caller->kontor, field(request, "order"), &beginning, true,
                      &player->live.watch, error);
}

static void
note(struct watching *watching, const Kontor__V1__RecordChange *change)
{
    if (watching->n_seen < N_SEEN) {
        snprintf(watching->seen[watching->n_seen++], SEEN_MAX, "%lld %s %s %d",
                 (long long)change->seq, change->kind, change->id, (int)change->op);
    }
    if (change->record_case == KONTOR__V1__RECORD_CHANGE__RECORD_ORDER) {
        watching->order =
            name_of(&kontor__v1__order_state__descriptor, (int)change->order->state);
    }
    if (change->record_case == KONTOR__V1__RECORD_CHANGE__RECORD_ITEM) {
        watching->item =
            name_of(&kontor__v1__item_state__descriptor, (int)change->item->state);
    }
}

static bool
has_seen(const struct watching *watching, size_t from, size_t to, const char *line)
{
    for (size_t i = from; i < to; i++) {
        if (strcmp(watching->seen[i], line) == 0) {
            return true;
        }
    }
    return false;
}

static size_t
repeats(const struct watching *watching)
{
    size_t n = 0;
    for (size_t i = 0; i < watching->n_seen; i++) {
        n += has_seen(watching, 0, i, watching->seen[i]) ? 1 : 0;
    }
    return n;
}

/* Whether both stand where the step wants them, and all of that position was read. */
static bool
is_there(const struct watching *live, json_t *request, bool is_whole)
{
    return is_whole && strcmp(live->order, field(request, "order_state")) == 0 &&
           strcmp(live->item, field(request, "item_state")) == 0;
}

/* Where to go on, in this program or in another. */
static void
keep(struct player *player)
{
    const Kontor__V1__Position *position = kontor_watch_position(player->live.watch);
    free(player->middle.scope_tag);
    kontor__v1__position__init(&player->middle);
    player->middle.seq = position->seq;
    player->middle.scope_tag = must(strdup(position->scope_tag));
    player->n_middle = player->live.n_seen;
}

/* Reads on until order and item stand where they should. */
static enum kontor_status
see(struct player *player, struct caller *caller, json_t *request, json_t *got,
    struct kontor_error *error)
{
    (void)caller;
    const Kontor__V1__RecordChange *change = NULL;
    bool is_whole = true;
    while (!is_there(&player->live, request, is_whole)) {
        if (kontor_watch_next(player->live.watch, -1, &change, error) !=
            KONTOR_EVENT_RECORD) {
            return error->status;
        }
        note(&player->live, change);
        is_whole = !change->more;
    }
    if (field(request, "save")[0] != '\0') {
        keep(player);
    }
    json_object_set_new(got, "repeats",
                        json_integer((json_int_t)repeats(&player->live)));
    return KONTOR_OK;
}

/* What a watch from the kept position did not say, or said again of before it. */
static void
compare_rest(const struct player *player, const struct watching *again, json_t *got)
{
    const struct watching *live = &player->live;
    size_t missing = 0;
    size_t old = repeats(again);
    for (size_t i = 0; i < live->n_seen; i++) {
        bool is_seen = has_seen(again, 0, again->n_seen, live->seen[i]);
        missing += i >= player->n_middle && !is_seen ? 1 : 0;
        old += i < player->n_middle && is_seen ? 1 : 0;
    }
    json_object_set_new(got, "missing", json_integer((json_int_t)missing));
    json_object_set_new(got, "repeats", json_integer((json_int_t)old));
    json_object_set_new(got, "order_state", json_string(again->order));
}

static enum kontor_status
resume(struct player *player, struct caller *caller, json_t *request, json_t *got,
       struct kontor_error *error)
{
    struct watching *again = must(calloc(1, sizeof *again));
    again->order = again->item = "";
    enum kontor_status status =
        open_watch(caller->kontor, field(request, "order"), &player->middle, false,
                   &again->watch, error);
    const Kontor__V1__RecordChange *change = NULL;
    enum kontor_event event = KONTOR_EVENT_RECORD;
    while (status == KONTOR_OK && event == KONTOR_EVENT_RECORD) {
        event = kontor_watch_next(again->watch, -1, &change, error);
        if (event == KONTOR_EVENT_RECORD) {
            note(again, change);
        } else if (event != KONTOR_EVENT_END) {
            status = error->status;
        }
    }
    compare_rest(player, again, got);
    kontor_watch_free(again->watch);
    free(again);
    return status;
}

/* ---- Questions and access details ---- */

/* Presence of an optional field is told by its case. */
static json_t *
optional(bool is_set, int64_t value)
{
    return is_set ? json_sprintf("%lld", (long long)value) : json_null();
}

static enum kontor_status
question(struct player *player, struct caller *caller, json_t *request, json_t *got,
         struct kontor_error *error)
{
    (void)player;
    Kontor__V1__GetOrderResponse *reply = NULL;
    enum kontor_status status = get_order(caller, request, &reply, error);
    if (status != KONTOR_OK) {
        return status;
    }
    const Kontor__V1__OrderItem *item = reply->items[0];
    const Kontor__V1__Question *open = item->questions[item->n_questions - 1];
    const Kontor__V1__IntegerParameter *limits = open->expects->integer;
    json_object_set_new(got, "question", json_string(open->text));
    json_object_set_new(got, "minimum",
                        optional(limits->_minimum_case, limits->minimum));
    json_object_set_new(got, "maximum",
                        optional(limits->_maximum_case, limits->maximum));
    json_object_set_new(
        got, "default",
        optional(limits->_default_integer_case, limits->default_integer));
    kontor_reply_free(reply);
    return KONTOR_OK;
}

/* Answers the open question of an item. The library makes a request_id. */
static enum kontor_status
answer_number(struct kontor *kontor, char *item, int64_t number,
              Kontor__V1__OrderItem **reply, struct kontor_error *error)
{
    Kontor__V1__Value value = KONTOR__V1__VALUE__INIT;
    value.kind_case = KONTOR__V1__VALUE__KIND_INTEGER;
    value.integer = number;
    Kontor__V1__AnswerQuestionRequest ask = KONTOR__V1__ANSWER_QUESTION_REQUEST__INIT;
    ask.id = item;
    ask.answer = &value;
    return kontor_answer_question(kontor, &ask, reply, error);
}

static enum kontor_status
answer(struct player *player, struct caller *caller, json_t *request, json_t *got,
       struct kontor_error *error)
{
    (void)player;
    Kontor__V1__OrderItem *item = NULL;
    enum kontor_status status = answer_number(caller->kontor, field(request, "item"),
                                              wide(request, "answer"), &item, error);
    if (status == KONTOR_OK) {
        const char *state =
            name_of(&kontor__v1__item_state__descriptor, (int)item->state);
        json_object_set_new(got, "state", json_string(state));
    }
    kontor_reply_free(item);
    return status;
}

static enum kontor_status
unseal(const struct caller *caller, const ProtobufCBinaryData *sealed, json_t *got,
       struct kontor_error *error)
{
    char *cert = read_file(caller->cert);
    char *key = read_file(caller->key);
    struct kontor_bytes plain = {0};
    enum kontor_status status = kontor_unseal(
        (struct kontor_bytes){sealed->data, sealed->len}, cert, key, &plain, error);
    if (status == KONTOR_OK) {
        json_object_set_new(got, "access", json_stringn(plain.data, plain.size));
    }
    kontor_bytes_free(&plain);
    free(cert);
    free(key);
    return status;
}

static enum kontor_status
open_access(struct player *player, struct caller *caller, json_t *request, json_t *got,
            struct kontor_error *error)
{
    (void)player;
    Kontor__V1__OpenAccessRequest ask = KONTOR__V1__OPEN_ACCESS_REQUEST__INIT;
    ask.id = field(request, "item");
    Kontor__V1__OpenAccessResponse *reply = NULL;
    enum kontor_status status = kontor_open_access(caller->kontor, &ask, &reply, error);
    if (status == KONTOR_OK) {
        status = unseal(caller, &reply->sealed, got, error);
    }
    kontor_reply_free(reply);
    return status;
}

const struct operation portal_operations[] = {
    {"whoami", whoami},    {"place", place},       {"plan", plan},
    {"get", get},          {"watch", watch},       {"see", see},
    {"resume", resume},    {"question", question}, {"answer", answer},
    {"open", open_access}, {NULL, NULL},
};
