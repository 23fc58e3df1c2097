#include "server/order/question.h"

#include <string.h>

#include "catalogue/parameter.h"
#include "catalogue/parameter_value.h"
#include "kontor/v1/fulfilment_service.pb-c.h"
#include "kontor/v1/order_service.pb-c.h"
#include "proto/moment.h"
#include "server/order/edit.h"
#include "server/order/hold.h"
#include "server/order/item.h"
#include "server/order/value.h"

#define S(name) KONTOR__V1__ITEM_STATE__##name

enum { MAX_QUESTIONS = 16, MAX_EXPECTS_BYTES = 2048 };

/* ---- Asking ---- */

/* What is asked, by whomever. */
struct asked {
    char *text;
    Kontor__V1__Parameter *expects; /* NULL = any text. */
    enum operation fallback;        /* Names the call where nothing can be asked. */
    bool is_holder;
};

/* A question whose every answer would be refused could never be answered. */
static enum status
judge_expectation(struct call *call, const Kontor__V1__Parameter *expects)
{
    if (expects == NULL) {
        return STATUS_OK;
    }
    if (expects->type_case == KONTOR__V1__PARAMETER__TYPE_CONSTANT) {
        call_fault(call, "expects.constant", "leaves nothing to answer");
    }
    if (protobuf_c_message_get_packed_size(&expects->base) > MAX_EXPECTS_BYTES) {
        call_fault(call, "expects", "takes more than %d bytes: ask in words",
                   MAX_EXPECTS_BYTES);
    }
    parameter_judge(call->faults, "expects", expects);
    return call_check_faults(call);
}

static void
add_question(struct call *call, Kontor__V1__OrderItem *item, const struct asked *asked)
{
    size_t n_old = item->n_questions;
    size_t n_kept = n_old < MAX_QUESTIONS ? n_old : MAX_QUESTIONS - 1;
    Kontor__V1__Question **questions =
        arena_alloc(call->arena, (n_kept + 1) * sizeof *questions);
    for (size_t i = 0; i < n_kept; i++) {
        questions[i] = item->questions[n_old - n_kept + i];
    }
    Kontor__V1__Question *question = arena_alloc(call->arena, sizeof *question);
    kontor__v1__question__init(question);
    question->text = asked->text;
    question->expects = asked->expects;
    question->asked_by = (char *)call->actor;
    question->asked_at = moment_new(call->arena, call->at_ms);
    questions[n_kept] = question;
    item->questions = questions;
    item->n_questions = n_kept + 1;
}

/* People and agents ask by different calls, but what it is to the item depends on where
 * it stands. */
static enum operation
asking_operation(Kontor__V1__ItemState state, enum operation fallback)
{
    if (item_state_next(state, OPERATION_ASK_INFO, 0) != NULL) {
        return OPERATION_ASK_INFO;
    }
    bool is_before = item_state_next(state, OPERATION_ASK_CUSTOMER, 0) != NULL;
    return is_before ? OPERATION_ASK_CUSTOMER : fallback;
}

static enum status
ask(struct edit *edit, size_t index, const struct asked *asked)
{
    struct call *call = edit->call;
    Kontor__V1__OrderItem *item = edit->items[index].item;
    struct edit_cause cause = {.operation =
                                   asking_operation(item->state, asked->fallback),
                               .text = asked->text,
                               .is_holder = asked->is_holder};
    enum status status = item_judge(call, item, cause.operation, 0);
    if (status == STATUS_OK) {
        status = judge_expectation(call, asked->expects);
    }
    if (status != STATUS_OK) {
        return status;
    }
    /* What was assigned is given up, so it is queued for anybody after the answer. */
    item->resume_to = item->state == S(ASSIGNED) ? S(QUEUED) : item->state;
    add_question(call, item, asked);
    return edit_move(edit, index, &cause);
}

enum status
question_ask(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__AskCustomerRequest *request = message;
    struct asked asked = {.text = request->question,
                          .expects = request->expects,
                          .fallback = OPERATION_ASK_CUSTOMER};
    struct edit *edit;
    size_t index;
    enum status status =
        edit_open_item(call, request->id, request->expected_revision, &edit, &index);
    if (status == STATUS_OK) {
        status = ask(edit, index, &asked);
    }
    return status == STATUS_OK ? edit_commit(edit, decision) : status;
}

enum status
question_ask_by_agent(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__AskInfoRequest *request = message;
    struct asked asked = {.text = request->question,
                          .expects = request->expects,
                          .fallback = OPERATION_ASK_INFO,
                          .is_holder = true};
    struct hold hold;
    enum status status = hold_open(call, request->item, OPERATION_ASK_INFO, &hold);
    if (status == STATUS_OK) {
        status = hold_check(call, &hold, request->fence, true);
    }
    if (status == STATUS_OK) {
        status = ask(hold.edit, hold.index, &asked);
    }
    return status == STATUS_OK ? edit_commit(hold.edit, decision) : status;
}

/* ---- Answering ---- */

/* The answer to a question that expects nothing in particular. */
static void
judge_words(struct call *call, const Kontor__V1__Value *answer)
{
    if (answer->kind_case != KONTOR__V1__VALUE__KIND_TEXT) {
        call_fault(call, "answer", "must be a text");
        return;
    }
    size_t size = strlen(answer->text);
    if (size == 0 || size > PARAMETER_MAX_TEXT) {
        call_fault(call, "answer", "is %zu bytes long: give 1 to %d", size,
                   PARAMETER_MAX_TEXT);
    }
}

/* The customer's side answers, the provider's takes back: neither does the other's
 * part. */
static enum status
judge_answer(struct call *call, const Kontor__V1__AnswerQuestionRequest *request,
             const Kontor__V1__OrderItem *item)
{
    const Kontor__V1__Question *question = item->questions[item->n_questions - 1];
    struct sides sides = side_of(call->who, item);
    bool is_customer = (sides.customer & (ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER))) != 0;
    bool is_provider = (sides.provider & ROLE_BIT(OPERATOR)) != 0;
    if (request->is_withdrawn && request->answer != NULL) {
        call_fault(call, "answer", "cannot go with is_withdrawn");
    } else if (request->is_withdrawn && !is_provider) {
        call_fault(call, "is_withdrawn",
                   "is for an operator of the provider, who asked: answer it");
    } else if (!request->is_withdrawn && !is_customer) {
        call_fault(call, "answer",
                   "is for the customer's side: set is_withdrawn to take it back");
    } else if (!request->is_withdrawn && request->answer == NULL) {
        call_fault(call, "answer", "is required: \"%s\"", question->text);
    } else if (request->answer != NULL && question->expects != NULL) {
        parameter_value_judge(question->expects, request->answer, "answer",
                              value_date(call->now_ms, call->arena), call->faults);
    } else if (request->answer != NULL) {
        judge_words(call, request->answer);
    }
    return call_check_faults(call);
}

static enum status
answer(struct edit *edit, size_t index,
       const Kontor__V1__AnswerQuestionRequest *request)
{
    struct call *call = edit->call;
    Kontor__V1__OrderItem *item = edit->items[index].item;
    bool is_begun = item->state == S(PENDING_INFO_BEGUN);
    struct edit_cause cause = {.operation = OPERATION_ANSWER_QUESTION,
                               .to = is_begun ? S(IN_PROGRESS) : item->resume_to,
                               .text = request->is_withdrawn ? "withdrawn" : NULL};
    enum status status = item_judge(call, item, cause.operation, cause.to);
    if (status == STATUS_OK) {
        status = judge_answer(call, request, item);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__Question *question = item->questions[item->n_questions - 1];
    question->answer = request->answer;
    question->answered_by = (char *)call->actor;
    question->answered_at = moment_new(call->arena, call->at_ms);
    item->resume_to = 0;
    return edit_move(edit, index, &cause);
}

enum status
question_answer(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__AnswerQuestionRequest *request = message;
    struct edit *edit;
    size_t index;
    enum status status =
        edit_open_item(call, request->id, request->expected_revision, &edit, &index);
    if (status == STATUS_OK) {
        status = answer(edit, index, request);
    }
    return status == STATUS_OK ? edit_commit(edit, decision) : status;
}
