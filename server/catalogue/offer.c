#include "server/catalogue/offer.h"

#include <string.h>

#include "catalogue/phase.h"
#include "proto/digest.h"
#include "proto/rules.h"
#include "server/rpc/import.h"

/* Fields of an offer that do not say what is ordered: names and words, and what only
 * its delivery must bring. */
static const char *const not_ordered[] = {"iid",
                                          "rev",
                                          "hash",
                                          "name",
                                          "description",
                                          "must_name_endpoints",
                                          "activation_text",
                                          "stock",
                                          "allocations",
                                          "targets",
                                          NULL};

/* ---- Capacities ---- */

/* An import may bring offers before there are capacities: until then they have nothing
 * to give. */
static enum status
judge_capacity(struct call *call, const Kontor__V1__Service *service, const char *path,
               const char *id)
{
    struct document document;
    /* Whose it is never changes: nothing to check at commit. */
    enum status status =
        store_get(call->reader, KIND_CAPACITY, id, NULL, 0, call->arena, &document);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    const Kontor__V1__Capacity *capacity =
        status == STATUS_OK ? call_record(call, &document) : NULL;
    if (capacity == NULL && import_is(call)) {
        import_find_reference(call, path, KIND_CAPACITY, id);
    } else if (capacity == NULL || strcmp(capacity->provider, service->provider) != 0) {
        call_fault(call, path, "there is no capacity %s of provider %s", id,
                   service->provider);
    }
    return STATUS_OK;
}

enum status
offer_judge_capacities(struct call *call, const Kontor__V1__Service *service)
{
    for (size_t i = 0; i < service->n_offers; i++) {
        const Kontor__V1__Offer *offer = service->offers[i];
        for (size_t j = 0; j < offer->n_allocations; j++) {
            const char *path = arena_print(
                call->arena, "offers[%s].allocations[%zu].capacity", offer->iid, j);
            enum status status =
                judge_capacity(call, service, path, offer->allocations[j]->capacity);
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
    return STATUS_OK;
}

/* ---- Finding ---- */

const Kontor__V1__Offer *
offer_named(const Kontor__V1__Service *service, const char *iid)
{
    for (size_t i = 0; i < service->n_offers; i++) {
        if (strcmp(service->offers[i]->iid, iid) == 0) {
            return service->offers[i];
        }
    }
    return NULL;
}

enum status
offer_find(struct call *call, const char *offer_id, struct offer_found *out)
{
    struct offer_found found = {.offer = NULL};
    const char *slash = strrchr(offer_id, '/');
    enum status status;
    /* What cannot be the id of an offer names nothing, and is answered like one that is
     * not there. */
    if (!rules_is_part_id(offer_id)) {
        return call_not_found(call, KIND_SERVICE, offer_id);
    }
    status = call_get(call, KIND_SERVICE,
                      arena_copy_n(call->arena, offer_id, (size_t)(slash - offer_id)),
                      &found.document);
    if (status != STATUS_OK) {
        return status;
    }
    found.service = call_record(call, &found.document);
    found.offer = offer_named(found.service, slash + 1);
    if (found.offer == NULL) {
        return call_not_found(call, KIND_SERVICE, offer_id);
    }
    *out = found;
    return STATUS_OK;
}

/* ---- Stamping ---- */

static void
hash_offer(const Kontor__V1__Service *service, const Kontor__V1__Offer *offer,
           uint8_t hash[DIGEST_SIZE])
{
    /* What an offer takes over from its service is part of what is ordered. */
    Kontor__V1__Offer effective = *offer;
    effective.order_type = offer_order_type(service, offer);
    effective.terms_of_use = (char *)offer_terms_of_use(service, offer);
    digest_message(&effective.base, not_ordered, hash);
}

/* A customer orders a rev, and CATALOGUE_CHANGED says that it moved. So it grows
 * exactly when what can be ordered changes, and never takes a value twice. */
static int64_t
next_rev(const Kontor__V1__Service *old, const Kontor__V1__Offer *before,
         const uint8_t hash[DIGEST_SIZE])
{
    if (old == NULL) {
        return 1;
    }
    /* Every rev is at most the revision of the service that holds it, so this is above
     * whatever an offer of this iid had before it was taken out. */
    if (before == NULL) {
        return old->revision + 1;
    }
    bool is_same = before->hash.len == DIGEST_SIZE &&
                   memcmp(before->hash.data, hash, DIGEST_SIZE) == 0;
    return is_same ? before->rev : before->rev + 1;
}

void
offer_stamp(struct call *call, const Kontor__V1__Service *old,
            Kontor__V1__Service *service)
{
    Kontor__V1__Offer **stamped =
        arena_alloc(call->arena, (service->n_offers + 1) * sizeof(*stamped));
    for (size_t i = 0; i < service->n_offers; i++) {
        const Kontor__V1__Offer *offer = service->offers[i];
        uint8_t *hash = arena_alloc(call->arena, DIGEST_SIZE);
        hash_offer(service, offer, hash);
        /* The offers may still be the caller's own: the request stays as it came. */
        stamped[i] = arena_alloc(call->arena, sizeof(**stamped));
        *stamped[i] = *offer;
        stamped[i]->rev =
            next_rev(old, old == NULL ? NULL : offer_named(old, offer->iid), hash);
        stamped[i]->hash = (ProtobufCBinaryData){.data = hash, .len = DIGEST_SIZE};
    }
    service->offers = stamped;
}

/* ---- Ordering ---- */

/* Phases in which new orders are taken. Source: CATALOGUE design, "Portfolio phases".
 */
static bool
is_open_phase(Kontor__V1__Phase phase)
{
    return phase == KONTOR__V1__PHASE__PRE_PRODUCTION ||
           phase == KONTOR__V1__PHASE__PRODUCTION;
}

static bool
is_open_access(Kontor__V1__OrderType type)
{
    return type == KONTOR__V1__ORDER_TYPE__OPEN_ACCESS ||
           type == KONTOR__V1__ORDER_TYPE__FULLY_OPEN_ACCESS;
}

const char *
offer_why_not(struct call *call, const Kontor__V1__Service *service,
              const Kontor__V1__Offer *offer, bool is_ended)
{
    if (!is_open_phase(service->phase)) {
        return arena_print(call->arena, "its service is %s",
                           phase_name(service->phase));
    }
    /* At once, while the service itself is still being taken along. */
    if (is_ended) {
        return "its provider is suspended or retired";
    }
    if (offer->is_internal || is_open_access(offer_order_type(service, offer))) {
        return NULL;
    }
    const char *url =
        offer->order_url[0] != '\0' ? offer->order_url : service->order_url;
    return arena_print(call->arena, "it is ordered elsewhere%s%s",
                       url[0] == '\0' ? "" : ": ", url);
}
