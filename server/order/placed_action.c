#include "server/order/placed_action.h"

#include <string.h>

#include "server/order/instance.h"
#include "server/order/placed_terms.h"

#define ACTION(name) KONTOR__V1__ITEM_ACTION__##name

static void
fault(struct call *call, const struct placed *placed, const char *field,
      const char *text)
{
    call_fault(call, arena_print(call->arena, "%s.%s", placed->path, field), "%s",
               text);
}

static void
judge_new(struct call *call, struct placed *placed)
{
    if (placed->wanted->instance[0] != '\0') {
        fault(call, placed, "instance",
              "goes with an action other than ADD: say which");
    }
    if (placed->wanted->offer[0] == '\0') {
        fault(call, placed, "offer", "is required");
    }
}

/* What exists may be ended, or rest, whatever became of its offer. */
static enum status
judge_end(struct call *call, struct placed *placed)
{
    placed_as_it_is(call, placed);
    return placed_terms_of_instance(call, placed);
}

/* A change is of the offer the instance came from. */
static enum status
judge_change(struct call *call, const char *project, struct placed *placed)
{
    const Kontor__V1__NewItem *wanted = placed->wanted;
    placed->offer = "";
    if (wanted->instance[0] == '\0') {
        fault(call, placed, "instance", "is required: say what is to be changed");
        return STATUS_OK;
    }
    enum status status = instance_judge(call, placed->path, wanted->instance,
                                        placed->action, project, &placed->instance);
    if (status != STATUS_OK || placed->instance == NULL) {
        return status;
    }
    placed->offer = placed->instance->offer;
    if (wanted->offer[0] != '\0' && strcmp(wanted->offer, placed->offer) != 0) {
        call_fault(call, arena_print(call->arena, "%s.offer", placed->path),
                   "must be %s, which the instance came from, or left out",
                   placed->offer);
    }
    return placed_asks_nothing(placed->action) ? judge_end(call, placed) : STATUS_OK;
}

enum status
placed_action(struct call *call, const Kontor__V1__PlaceOrderRequest *request,
              struct placed *placed)
{
    const Kontor__V1__NewItem *wanted = placed->wanted;
    placed->action = wanted->action == 0 ? ACTION(ADD) : wanted->action;
    placed->offer = wanted->offer;
    if (placed->action != ACTION(ADD)) {
        return judge_change(call, request->project, placed);
    }
    judge_new(call, placed);
    return STATUS_OK;
}

bool
placed_asks_nothing(Kontor__V1__ItemAction action)
{
    return action == ACTION(ACTION_TERMINATE) || action == ACTION(ACTION_SUSPEND) ||
           action == ACTION(ACTION_RESUME);
}

void
placed_as_it_is(struct call *call, struct placed *placed)
{
    if (placed->wanted->n_parameters > 0) {
        fault(call, placed, "parameters", "are asked for by ADD and MODIFY only");
    }
    placed->values.rows = placed->instance->parameters;
    placed->values.n_rows = placed->instance->n_parameters;
}

void
placed_once(struct call *call, struct placed *items, size_t n_items)
{
    for (size_t i = 0; i < n_items; i++) {
        for (size_t k = 0; k < i && items[i].instance != NULL; k++) {
            bool is_same = items[k].instance != NULL &&
                           strcmp(items[i].instance->id, items[k].instance->id) == 0;
            if (is_same) {
                fault(call, &items[i], "instance",
                      "is changed by another item of this order");
                items[i].verdict = PLACED_INVALID;
                break;
            }
        }
    }
}
