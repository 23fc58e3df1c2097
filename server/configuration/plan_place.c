#include "server/configuration/plan_place.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server/catalogue/offer.h"

enum { SCAN_PAGE = 100, ITEM_MAX = 64, ENDPOINT_PAGE = 100 };
/* An order has no more items, and each host is looked for in every service. */
enum { MAX_HOSTS = 64 };

/* One host being looked for, and the best that was found. */
struct looking {
    struct call *call;
    struct host host;
    struct plan_place *place;
    size_t n_path; /* Of the address that fits best: the longer, the nearer. */
};

/* ---- The offers of a service ---- */

static int
compare_offers(const void *a, const void *b)
{
    const struct plan_offer *left = a;
    const struct plan_offer *right = b;
    return strcmp(left->id, right->id);
}

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
add_offers(struct looking *looking, const Kontor__V1__Service *service)
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
take(struct looking *looking, const Kontor__V1__Service *service, enum plan_fit fit,
     size_t n_path, const char *matched_by)
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
compare(struct looking *looking, const char *address,
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
compare_service(struct looking *looking, const Kontor__V1__Service *service)
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
    struct looking *lookings;
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
names_of(struct call *call, struct looking *lookings, size_t n)
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

/* All hosts of a plan are looked for in one pass over what the caller may see. */
static enum status
scan_services(struct call *call, struct looking *lookings, size_t n_lookings)
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
compare_endpoint(struct looking *looking, const Kontor__V1__Endpoint *endpoint)
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
find_endpoints(struct looking *looking, const char *host)
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

/* By name, with and without "www.": that is how inventories write hosts. */
static enum status
look_at_endpoints(struct looking *looking)
{
    struct arena *arena = looking->call->arena;
    const char *name = looking->host.name;
    const char *bare = arena_copy_n(arena, name, strcspn(name, ":"));
    enum status status = find_endpoints(looking, bare);
    return status == STATUS_OK
               ? find_endpoints(looking, arena_print(arena, "www.%s", bare))
               : status;
}

/* ---- Places ---- */

static void
add_part(struct call *call, struct plan_place *place, struct wanted *part)
{
    place->parts = arena_grown(call->arena, place->parts, place->n_parts, &place->room,
                               sizeof(*place->parts));
    place->parts[place->n_parts++] = part;
    for (size_t i = 0; i < place->n_hosts; i++) {
        if (strcmp(place->hosts[i], part->url) == 0) {
            return;
        }
    }
    place->hosts = arena_grown(call->arena, place->hosts, place->n_hosts,
                               &place->hosts_room, sizeof(*place->hosts));
    place->hosts[place->n_hosts++] = part->url;
}

static struct looking *
looking_of(struct call *call, struct looking **lookings, size_t *n, size_t *room,
           const struct wanted *part)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp((*lookings)[i].host.name, part->host.name) == 0 &&
            strcmp((*lookings)[i].host.path, part->host.path) == 0) {
            return &(*lookings)[i];
        }
    }
    if (*n == MAX_HOSTS) {
        return NULL;
    }
    *lookings = arena_grown(call->arena, *lookings, *n, room, sizeof(**lookings));
    struct looking *looking = &(*lookings)[(*n)++];
    *looking = (struct looking){.call = call, .host = part->host};
    looking->place = arena_alloc(call->arena, sizeof(*looking->place));
    return looking;
}

/* Says of a distribution that nothing can be looked for; true: it has a host. */
static bool
has_host(struct call *call, struct plan_findings *findings, const struct wanted *part)
{
    const char *host = arena_print(call->arena, "%s.host", part->path);
    if (part->is_reused) {
        plan_find(call, findings, part->path,
                  "is reused data, which lies where it is: nothing is ordered for it");
        return false;
    }
    if (part->url == NULL) {
        plan_find(call, findings, host,
                  "is not said: where \"%s\" is to lie is an open question",
                  part->title);
        return false;
    }
    if (part->host.name[0] == '\0') {
        plan_find(call, findings, arena_print(call->arena, "%s.url", host),
                  "\"%s\" names no host", part->url);
        return false;
    }
    return true;
}

/* The same offers: two names of one thing. */
static bool
is_same_place(const struct plan_place *a, const struct plan_place *b)
{
    if (a->n_offers == 0 || a->n_offers != b->n_offers) {
        return false;
    }
    for (size_t i = 0; i < a->n_offers; i++) {
        if (strcmp(a->offers[i].id, b->offers[i].id) != 0) {
            return false;
        }
    }
    return true;
}

static bool
is_item_taken(const struct plan_places *places, const char *item)
{
    for (size_t i = 0; i < places->n_rows; i++) {
        if (strcmp(places->rows[i].item, item) == 0) {
            return true;
        }
    }
    return false;
}

/* The host as an item's name, which people read in the order: zenodo.org. */
static const char *
item_of(struct call *call, const struct plan_places *places, const struct host *host)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    enum { SUFFIX_ROOM = 4 };
    char *item = arena_copy(call->arena, host_key(host, call->arena));
    if (strlen(item) > ITEM_MAX - SUFFIX_ROOM) {
        item[ITEM_MAX - SUFFIX_ROOM] = '\0';
    }
    for (char *at = item; *at != '\0'; at++) {
        *at = strchr(allowed, *at) == NULL ? '-' : *at;
    }
    const char *name = item;
    for (unsigned i = 2; is_item_taken(places, name); i++) {
        name = arena_print(call->arena, "%s-%u", item, i);
    }
    return name;
}

static void
add_weak(struct call *call, struct plan_place *place, const struct plan_place *host)
{
    if (host->fit != PLAN_FIT_NAME) {
        return;
    }
    place->weak = arena_grown(call->arena, place->weak, place->n_weak,
                              &place->weak_room, sizeof(*place->weak));
    place->weak[place->n_weak++] =
        (struct plan_weak){host->hosts[0], host->parts[0]->path, host->matched_by};
}

/* One more host of a place that is there. */
static void
add_host(struct call *call, struct plan_place *place, const struct plan_place *host)
{
    for (size_t i = 0; i < host->n_parts; i++) {
        add_part(call, place, host->parts[i]);
    }
    if (host->fit > place->fit) {
        place->fit = host->fit;
        place->matched_by = host->matched_by;
    }
    add_weak(call, place, host);
}

static void
add_place(struct call *call, struct plan_places *places, const struct looking *looking)
{
    struct plan_place *place = looking->place;
    qsort(place->offers, place->n_offers, sizeof(place->offers[0]), compare_offers);
    for (size_t i = 0; i < places->n_rows; i++) {
        if (is_same_place(&places->rows[i], place)) {
            add_host(call, &places->rows[i], place);
            return;
        }
    }
    add_weak(call, place, place);
    place->item = item_of(call, places, &looking->host);
    places->rows = arena_grown(call->arena, places->rows, places->n_rows, &places->room,
                               sizeof(*places->rows));
    places->rows[places->n_rows++] = *place;
}

enum status
plan_places_read(struct call *call, const struct json_value *document,
                 struct plan_findings *findings, struct plan_places *places)
{
    struct wanted *parts;
    struct looking *lookings = NULL;
    size_t n_lookings = 0, room = 0;
    size_t n_parts = wanted_read(document, call->arena, &parts);
    *places = (struct plan_places){.rows = NULL};
    for (size_t i = 0; i < n_parts; i++) {
        struct looking *looking =
            has_host(call, findings, &parts[i])
                ? looking_of(call, &lookings, &n_lookings, &room, &parts[i])
                : NULL;
        if (looking != NULL) {
            add_part(call, looking->place, &parts[i]);
        } else if (parts[i].host.name[0] != '\0' && !parts[i].is_reused) {
            plan_find(call, findings, parts[i].path,
                      "is left out: more than %d hosts are too many for one order",
                      MAX_HOSTS);
        }
    }
    enum status status =
        n_lookings == 0 ? STATUS_OK : scan_services(call, lookings, n_lookings);
    for (size_t i = 0; status == STATUS_OK && i < n_lookings; i++) {
        status = look_at_endpoints(&lookings[i]);
    }
    for (size_t i = 0; status == STATUS_OK && i < n_lookings; i++) {
        add_place(call, places, &lookings[i]);
    }
    return status;
}
