#include "server/order/placed_bundle.h"

#include <string.h>

#include "server/catalogue/offer_bundle.h"

static Kontor__V1__OrderMode
mode_of(const Kontor__V1__Bundle *bundle)
{
    return bundle->is_all_or_nothing ? KONTOR__V1__ORDER_MODE__ALL_OR_NOTHING
                                     : KONTOR__V1__ORDER_MODE__BEST_EFFORT;
}

static enum status
refuse(struct call *call, const Kontor__V1__Bundle *bundle,
       const struct offer_bundle_conflicts *conflicts)
{
    const char *text = "";
    for (size_t i = 0; i < conflicts->n_rows; i++) {
        text = arena_print(call->arena, "%s%s%s", text, i == 0 ? "" : "; ",
                           conflicts->rows[i]->text);
    }
    call_value(call, "bundle", "%s", bundle->id);
    return call_fail(call, REASON_BUNDLE_CONFLICT, "bundle %s: %s", bundle->id, text);
}

/* What is there already was ordered before, of the bundle or not. */
static void
judge_actions(struct call *call, const Kontor__V1__PlaceOrderRequest *request,
              const struct placed *items, char **offers)
{
    for (size_t i = 0; i < request->n_items; i++) {
        offers[i] = (char *)(uintptr_t)items[i].offer;
        if (items[i].action != KONTOR__V1__ITEM_ACTION__ADD) {
            call_fault(call, arena_print(call->arena, "%s.action", items[i].path),
                       "a bundle is ordered anew: leave bundle out to change or end "
                       "what is there");
        }
    }
}

enum status
placed_bundle(struct call *call, const Kontor__V1__PlaceOrderRequest *request,
              const struct placed *items, Kontor__V1__Bundle **out)
{
    struct document document;
    struct offer_bundle_conflicts conflicts = {.rows = NULL};
    *out = NULL;
    if (request->bundle[0] == '\0') {
        return STATUS_OK;
    }
    enum status status = call_get(call, KIND_BUNDLE, request->bundle, &document);
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__Bundle *bundle = call_record(call, &document);
    if (request->mode != 0 && request->mode != mode_of(bundle)) {
        call_fault(call, "mode", "is not that of bundle %s; leave it out", bundle->id);
    }
    char **offers = arena_alloc(call->arena, (request->n_items + 1) * sizeof(*offers));
    judge_actions(call, request, items, offers);
    status = call_check_faults(call);
    if (status != STATUS_OK) {
        return status;
    }
    status = offer_bundle_judge(call, bundle, offers, request->n_items, &conflicts);
    if (status != STATUS_OK) {
        return status;
    }
    *out = bundle;
    return conflicts.n_rows == 0 ? STATUS_OK : refuse(call, bundle, &conflicts);
}
