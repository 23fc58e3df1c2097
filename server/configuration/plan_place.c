#include "server/configuration/plan_place.h"

#include <stdlib.h>
#include <string.h>

#include "server/configuration/plan_look.h"

enum { ITEM_MAX = 64 };
/* An order has no more items, and each host is looked for in every service. */
enum { MAX_HOSTS = 64 };

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

static struct plan_looking *
looking_of(struct call *call, struct plan_looking **lookings, size_t *n, size_t *room,
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
    struct plan_looking *looking = &(*lookings)[(*n)++];
    *looking = (struct plan_looking){.call = call, .host = part->host};
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

static int
compare_offers(const void *a, const void *b)
{
    const struct plan_offer *left = a;
    const struct plan_offer *right = b;
    return strcmp(left->id, right->id);
}

static void
add_place(struct call *call, struct plan_places *places,
          const struct plan_looking *looking)
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

/* Registers know hosts by ids of their own: what no address answers to is looked for by
 * those its plan says. */
static enum status
look_at_ids(struct call *call, const struct plan_looking *lookings, size_t n_lookings)
{
    struct plan_looking ids[MAX_HOSTS];
    size_t n = 0;
    for (size_t i = 0; i < n_lookings; i++) {
        struct plan_place *place = lookings[i].place;
        const char *id = "";
        for (size_t k = 0; place->fit == PLAN_FIT_NONE && id != NULL && n < MAX_HOSTS;
             k++) {
            struct host host;
            id = wanted_host_id(place->parts[0], k);
            if (id != NULL && host_read(id, call->arena, &host)) {
                ids[n++] = (struct plan_looking){call, host, place, 0};
            }
        }
    }
    return n == 0 ? STATUS_OK : plan_look_services(call, ids, n);
}

enum status
plan_places_read(struct call *call, const struct json_value *document,
                 struct plan_findings *findings, struct plan_places *places)
{
    struct wanted *parts;
    struct plan_looking *lookings = NULL;
    size_t n_lookings = 0, room = 0;
    size_t n_parts = wanted_read(document, call->arena, &parts);
    *places = (struct plan_places){.rows = NULL};
    for (size_t i = 0; i < n_parts; i++) {
        struct plan_looking *looking =
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
        n_lookings == 0 ? STATUS_OK : plan_look_services(call, lookings, n_lookings);
    for (size_t i = 0; status == STATUS_OK && i < n_lookings; i++) {
        status = plan_look_endpoints(&lookings[i]);
    }
    if (status == STATUS_OK) {
        status = look_at_ids(call, lookings, n_lookings);
    }
    for (size_t i = 0; status == STATUS_OK && i < n_lookings; i++) {
        add_place(call, places, &lookings[i]);
    }
    return status;
}
