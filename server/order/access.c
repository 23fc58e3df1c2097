#include "server/order/access.h"

#include <string.h>

#include "proto/moment.h"
#include "server/order/edit.h"
#include "server/order/item.h"
#include "server/order/side.h"
#include "server/rpc/identity_seal.h"

/* ---- Placing ---- */

void
access_judge_seal_to(struct call *call, const Kontor__V1__PlaceOrderRequest *request)
{
    for (size_t i = 0; i < request->n_seal_to; i++) {
        if (!identity_seal_is_fit(request->seal_to[i])) {
            call_fault(call, arena_print(call->arena, "seal_to[%zu]", i),
                       "cannot be sealed to: give the PEM certificate of a key EC "
                       "P-256, or RSA of 2048 bits at least");
        }
    }
}

/* ---- Delivering ---- */

/* Length of a DER element with its head; 0 = that is none of a sane length. Source:
 * ITU-T X.690, 8.1.3 and 10.1. */
static size_t
der_size(const uint8_t *data, size_t size)
{
    enum { LONG_FORM = 0x80, MAX_DIGITS = 3 };
    if (size < 2) {
        return 0;
    }
    size_t n_digits = data[1] < LONG_FORM ? 0 : (size_t)data[1] - LONG_FORM;
    if (n_digits > MAX_DIGITS || size < 2 + n_digits || data[1] == LONG_FORM) {
        return 0;
    }
    size_t length = n_digits == 0 ? data[1] : 0;
    for (size_t i = 0; i < n_digits; i++) {
        length = length << 8 | data[2 + i];
    }
    return 2 + n_digits + length;
}

/* As much as can be told of a CMS message by whoever has no key to it: one SEQUENCE. */
static bool
looks_sealed(const ProtobufCBinaryData *sealed)
{
    enum { SEQUENCE = 0x30 };
    return sealed->len > 0 && sealed->data[0] == SEQUENCE &&
           der_size(sealed->data, sealed->len) == sealed->len;
}

void
access_judge_sealed(struct call *call, const Kontor__V1__OrderItem *item,
                    const Kontor__V1__Delivery *delivery)
{
    static const char path[] = "delivery.sealed";
    const ProtobufCBinaryData *sealed = &delivery->sealed;
    if (sealed->len == 0) {
        return;
    }
    if (item->n_seal_to == 0) {
        call_fault(call, path, "must be left out: the order names nobody to seal to");
    }
    if (sealed->len > ACCESS_MAX_SEALED) {
        call_fault(call, path, "is %zu bytes long: give %d at most", sealed->len,
                   ACCESS_MAX_SEALED);
    }
    if (!looks_sealed(sealed)) {
        call_fault(call, path, "must be one CMS message in DER form");
    }
}

void
access_deliver(struct call *call, Kontor__V1__OrderItem *item,
               const Kontor__V1__Delivery *delivery)
{
    if (delivery == NULL) {
        return;
    }
    /* The request stays as it was sent: a decision is made from it again after a
     * clash. */
    item->delivery = arena_alloc(call->arena, sizeof *item->delivery);
    *item->delivery = *delivery;
    item->delivery->sealed = (ProtobufCBinaryData){0};
    item->has_access = delivery->sealed.len > 0;
}

/* The customer's side alone: to the provider's it is as if it were not there. */
static void
access_scope(struct call *call, const Kontor__V1__OrderItem *item, char *scope[2])
{
    const char *registry = call_registry_of(call, item->order);
    scope[0] = arena_print(call->arena, "=r:%s", registry);
    scope[1] = arena_print(call->arena, "=j:%s", item->project);
}

void
access_keep(struct call *call, const Kontor__V1__OrderItem *item,
            const Kontor__V1__Delivery *delivery, struct decision *decision)
{
    if (delivery == NULL || delivery->sealed.len == 0) {
        return;
    }
    Kontor__V1__Access access = KONTOR__V1__ACCESS__INIT;
    char **scope = arena_alloc(call->arena, 2 * sizeof *scope);
    access.sealed = delivery->sealed;
    access_scope(call, item, scope);
    decision_put(call, decision, KIND_ACCESS, item->id, 0, scope, 2, &access.base);
}

/* ---- Opening ---- */

/* A role counts on the customer's side only: an order manager of the provider's
 * registry sees the item, too. */
static enum status
judge_opener(struct call *call, const Kontor__V1__OrderItem *item)
{
    const struct sides needed = {.customer = ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER)};
    struct sides sides = side_of(call->who, item);
    return (sides.customer & needed.customer) != 0
               ? STATUS_OK
               : item_role_missing(call, item, "OpenAccess", needed);
}

/* What is sealed; an erasure leaves an empty document. */
static enum status
read_access(struct call *call, const char *item_id, Kontor__V1__Access **out)
{
    struct document document;
    enum status status = call_get_any(call, KIND_ACCESS, item_id, &document);
    Kontor__V1__Access *access =
        status == STATUS_OK ? call_record(call, &document) : NULL;
    if (status == STATUS_NOT_FOUND ||
        (status == STATUS_OK && access->sealed.len == 0)) {
        call_value(call, "item", "%s", item_id);
        return call_fail(call, REASON_ACCESS_MISSING,
                         "no access details of %s were delivered, or they are erased",
                         item_id);
    }
    *out = access;
    return status;
}

static void
add_receipt(struct call *call, Kontor__V1__OrderItem *item)
{
    size_t n_old = item->n_receipts;
    size_t n_kept = n_old < ACCESS_MAX_RECEIPTS ? n_old : ACCESS_MAX_RECEIPTS - 1;
    Kontor__V1__Receipt **receipts =
        arena_alloc(call->arena, (n_kept + 1) * sizeof *receipts);
    for (size_t i = 0; i < n_kept; i++) {
        receipts[i] = item->receipts[n_old - n_kept + i];
    }
    Kontor__V1__Receipt *receipt = arena_alloc(call->arena, sizeof *receipt);
    kontor__v1__receipt__init(receipt);
    receipt->opened_by = (char *)call->actor;
    receipt->opened_at = moment_new(call->arena, call->at_ms);
    receipts[n_kept] = receipt;
    item->receipts = receipts;
    item->n_receipts = n_kept + 1;
}

static Kontor__V1__OpenAccessResponse *
new_reply(struct call *call)
{
    Kontor__V1__OpenAccessResponse *reply = arena_alloc(call->arena, sizeof *reply);
    kontor__v1__open_access_response__init(reply);
    return reply;
}

enum status
access_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__OpenAccessRequest *request = message;
    struct edit *edit;
    size_t index;
    Kontor__V1__Access *access = NULL;
    enum status status = edit_open_item(call, request->id, 0, &edit, &index);
    if (status == STATUS_OK) {
        status = judge_opener(call, edit->items[index].item);
    }
    if (status == STATUS_OK) {
        status = read_access(call, request->id, &access);
    }
    if (status != STATUS_OK) {
        return status;
    }
    /* Nobody gets them without a receipt. */
    if (call->is_validate_only) {
        decision_reply(decision, new_reply(call));
        return STATUS_OK;
    }
    call->batch = access;
    add_receipt(call, edit->items[index].item);
    edit_touch(edit, index);
    return edit_commit(edit, decision);
}

/* A replay has kept nothing: what was delivered never changes, so it is read again, and
 * who asks was judged when the receipt was made. */
enum status
access_answer(struct call *call, const void *message, const Kontor__V1__Commit *commit,
              void **out)
{
    const Kontor__V1__OpenAccessRequest *request = message;
    Kontor__V1__Access *access = call->batch;
    (void)commit;
    if (access == NULL) {
        struct document document;
        enum status status = call_get(call, KIND_ACCESS, request->id, &document);
        if (status != STATUS_OK) {
            return status;
        }
        access = call_record(call, &document);
    }
    Kontor__V1__OpenAccessResponse *reply = new_reply(call);
    reply->sealed = access->sealed;
    *out = reply;
    return STATUS_OK;
}
