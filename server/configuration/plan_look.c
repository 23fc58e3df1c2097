#include "server/configuration/plan_look.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "server/catalogue/offer.h"

enum { SCAN_PAGE = 100, ENDPOINT_PAGE = 100 };

/* ---- The offers of a service ---- */

static bool
has_service(const struct plan_place *place, const char *service)
{
    for (size_t i = 0; i < place->n_offers; i++) {
        if (strcmp(place->offers[i].service->id, service) == 0) {
            return true;
        }
    }
    return false;
}

static void
add_offers(struct plan_looking *looking, const Kontor__V1__Service *service)
{
    struct plan_place *place = looking->place;
    struct call *call = looking->call;
    if (has_service(place, service->id)) {
        return;
    }
    if (service->n_offers == 0) {
        place->why_not =
            arena_print(call->arena, "service %s has no offer", service->id);
    }
    for (size_t i = 0; i < service->n_offers; i++) {
        const Kontor__V1__Offer *offer = service->offers[i];
        const char *id = arena_print(call->arena, "%s/%s", service->id, offer->iid);
        const char *why_not =
            offer_why_not(call, service, offer, service->is_suspended);
        if (why_not == NULL && place->n_offers == PLAN_MAX_OFFERS) {
            place->is_cut = true;
        } else if (why_not == NULL) {
            place->offers[place->n_offers++] = (struct plan_offer){id, service, offer};
        } else if (place->why_not == NULL) {
            place->why_not = arena_print(
                call->arena, "offer %s cannot be ordered here: %s", id, why_not);
        }
    }
}

/* ---- Comparing ---- */

/* Takes a service whose address fits better than all before; one that fits as well
 * stands beside them. */
static void
take(struct plan_looking *looking, const Kontor__V1__Service *service,
     enum plan_fit fit, size_t n_path, const char *matched_by)
{
    struct plan_place *place = looking->place;
    if (fit < place->fit || (fit == place->fit && n_path < looking->n_path)) {
        return;
    }
    if (fit > place->fit || n_path > looking->n_path) {
        place->fit = fit;
        looking->n_path = n_path;
        place->n_offers = 0;
        place->is_cut = false;
        place->why_not = NULL;
        place->matched_by = matched_by;
    }
    add_offers(looking, service);
}

static void
compare(struct plan_looking *looking, const char *address,
        const Kontor__V1__Service *service, const char *what)
{
    struct call *call = looking->call;
    struct host host;
    enum plan_fit fit = PLAN_FIT_NONE;
    if (address[0] == '\0' || !host_read(address, call->arena, &host)) {
        return;
    }
    bool is_within = host_is_within(&looking->host, &host);
    bool is_below = host_is_within(&host, &looking->host);
    fit = is_within && is_below ? PLAN_FIT_SAME
          : is_within           ? PLAN_FIT_WITHIN
          : is_below            ? PLAN_FIT_NAME
                                : PLAN_FIT_NONE;
    if (fit != PLAN_FIT_NONE) {
        /* Of what lies below the plan's host nothing is nearer than another. */
        size_t n_path = fit == PLAN_FIT_NAME ? 0 : strlen(host.path);
        take(looking, service, fit, n_path,
             arena_print(call->arena, "%s of %s: %s", what, service->id, address));
    }
}

/* ---- Services ---- */

static void
compare_service(struct plan_looking *looking, const Kontor__V1__Service *service)
{
    compare(looking, service->webpage, service, "the webpage");
    compare(looking, service->order_url, service, "the order page");
    for (size_t i = 0; i < service->n_urls; i++) {
        compare(looking, service->urls[i], service, "an address");
    }
    /* What another register calls it, such as https://www.re3data.org/repository/... */
    for (size_t i = 0; i < service->n_alternative_ids; i++) {
        compare(looking, service->alternative_ids[i]->id, service, "an alternative id");
    }
}

/* All hosts being looked for, and the two letters that any of their names begins with:
 * most services never have to be unpacked, and each is read once for all hosts. */
struct names {
    struct plan_looking *lookings;
    size_t n;
    bool *is_there; /* One a host: its name stands in the document that was read. */
    bool begins[256][256];
};

/* A name that DNS writes in another way than people, or that is one letter, cannot be
 * looked for: it may stand anywhere. */
static bool
is_findable(const char *name)
{
    return strcspn(name, ":") >= 2 && strstr(name, "xn--") == NULL;
}

static struct names *
names_of(struct call *call, struct plan_looking *lookings, size_t n)
{
    struct names *names = arena_alloc(call->arena, sizeof *names);
    names->lookings = lookings;
    names->n = n;
    names->is_there = arena_alloc(call->arena, n * sizeof *names->is_there);
    for (size_t i = 0; i < n; i++) {
        const unsigned char *name = (const unsigned char *)lookings[i].host.name;
        names->begins[name[0]][name[1]] = true;
    }
    return names;
}

/* Notes which names stand at a place of a document with so many bytes left. */
static void
note_names(struct names *names, const char *at, size_t n_left)
{
    for (size_t i = 0; i < names->n; i++) {
        const char *name = names->lookings[i].host.name;
        size_t n = strcspn(name, ":");
        names->is_there[i] =
            names->is_there[i] || (n <= n_left && strncasecmp(at, name, n) == 0);
    }
}

static void
read_names(struct names *names, const struct document *document)
{
    const uint8_t *doc = document->w.data;
    for (size_t i = 0; i < names->n; i++) {
        names->is_there[i] = !is_findable(names->lookings[i].host.name);
    }
    for (size_t i = 0; i + 2 <= document->w.size; i++) {
        if (names->begins[tolower(doc[i])][tolower(doc[i + 1])]) {
            note_names(names, (const char *)doc + i, document->w.size - i);
        }
    }
}

enum status
plan_look_services(struct call *call, struct plan_looking *lookings, size_t n_lookings)
{
    struct find find = {.kind = KIND_SERVICE, .limit = SCAN_PAGE, .token = ""};
    struct names *names = names_of(call, lookings, n_lookings);
    struct page page;
    do {
        enum status status = call_find(call, &find, false, &page);
        if (status != STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < page.n_documents; i++) {
            const Kontor__V1__Service *service = NULL;
            read_names(names, &page.documents[i]);
            for (size_t k = 0; k < n_lookings; k++) {
                if (!names->is_there[k]) {
                    continue;
                }
                service =
                    service == NULL ? call_record(call, &page.documents[i]) : service;
                compare_service(&lookings[k], service);
            }
        }
        find.token = page.next_token;
    } while (page.next_token[0] != '\0');
    return STATUS_OK;
}

/* ---- Endpoints ---- */

static enum status
compare_endpoint(struct plan_looking *looking, const Kontor__V1__Endpoint *endpoint)
{
    struct call *call = looking->call;
    struct document document;
    const char *what = arena_print(call->arena, "endpoint %s", endpoint->id);
    if (endpoint->service[0] == '\0') {
        return STATUS_OK;
    }
    enum status status =
        call_get_as_of(call, KIND_SERVICE, endpoint->service, NULL, &document);
    if (status == STATUS_NOT_FOUND) {
        /* It belongs to what the caller may not see, or to nothing. */
        call->error = (struct error){.status = STATUS_OK};
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        return status;
    }
    const Kontor__V1__Service *service = call_record(call, &document);
    compare(looking, endpoint->host, service, what);
    compare(looking, endpoint->url, service, what);
    for (size_t i = 0; i < endpoint->n_interfaces; i++) {
        compare(looking, endpoint->interfaces[i]->url, service, what);
    }
    return STATUS_OK;
}

static enum status
find_endpoints(struct plan_looking *looking, const char *host)
{
    struct find find = {.kind = KIND_ENDPOINT,
                        .index = "host",
                        .equal = {{.text = host}},
                        .n_equal = 1,
                        .limit = ENDPOINT_PAGE};
    struct page page = {.next_token = ""};
    do {
        find.token = page.next_token;
        enum status status = call_find(looking->call, &find, false, &page);
        for (size_t i = 0; status == STATUS_OK && i < page.n_documents; i++) {
            status = compare_endpoint(looking,
                                      call_record(looking->call, &page.documents[i]));
        }
        if (status != STATUS_OK) {
            return status;
        }
    } while (page.next_token[0] != '\0');
    return STATUS_OK;
}

enum status
plan_look_endpoints(struct plan_looking *looking)
{
    struct arena *arena = looking->call->arena;
    const char *name = looking->host.name;
    const char *bare = arena_copy_n(arena, name, strcspn(name, ":"));
    enum status status = find_endpoints(looking, bare);
    return status == STATUS_OK
               ? find_endpoints(looking, arena_print(arena, "www.%s", bare))
               : status;
}
