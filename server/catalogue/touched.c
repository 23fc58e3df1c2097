#include "server/catalogue/touched.h"

#include "kontor/v1/order.pb-c.h"
#include "server/order/item_state.h"

enum {
    MAX_SHOWN = 100, /* Ids of one kind that are named. */
    PAGE = 200,
    MAX_READ = 2000,      /* Documents that are looked at. */
    MAX_SEARCHES = 10000, /* Searches for them; most find nothing. */
};

static struct touched_list
list_new(struct call *call)
{
    return (struct touched_list){
        .ids = arena_alloc(call->arena, MAX_SHOWN * sizeof(char *))};
}

void
touched_begin(struct call *call, struct touched *touched)
{
    *touched = (struct touched){.services = list_new(call),
                                .items = list_new(call),
                                .instances = list_new(call)};
}

static void
add(struct call *call, struct touched_list *list, const char *id)
{
    list->n++;
    if (list->n_ids < MAX_SHOWN) {
        list->ids[list->n_ids++] = arena_copy(call->arena, id);
    }
}

/* A page of a search, as long as not too much was read. */
static enum status
read_page(struct call *call, struct find *find, struct touched *touched,
          struct page *page)
{
    *page = (struct page){.next_token = ""};
    if (touched->n_read >= MAX_READ || touched->n_searches >= MAX_SEARCHES) {
        touched->is_more = true;
        return STATUS_OK;
    }
    find->limit = PAGE;
    enum status status = call_find(call, find, false, page);
    touched->n_read += status == STATUS_OK ? page->n_documents : 0;
    touched->n_searches++;
    return status;
}

/* All that a search finds. */
static enum status
add_found(struct call *call, struct find *find, struct touched *touched,
          struct touched_list *list)
{
    struct page page;
    do {
        enum status status = read_page(call, find, touched, &page);
        if (status != STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < page.n_documents; i++) {
            add(call, list, page.documents[i].id);
        }
        find->token = page.next_token;
    } while (page.next_token[0] != '\0');
    return STATUS_OK;
}

/* What has ended is not read, however much of it there is: each state is searched by
 * itself. */
static enum status
add_items(struct call *call, const char *offer, struct touched *touched)
{
    enum status status = STATUS_OK;
    for (int state = 1; state < ITEM_STATE_COUNT && status == STATUS_OK; state++) {
        struct find find = {.kind = KIND_ITEM, .index = "state", .n_equal = 2};
        find.equal[0].integer = state;
        find.equal[1].text = offer;
        if (!item_state_is_final((Kontor__V1__ItemState)state)) {
            status = add_found(call, &find, touched, &touched->items);
        }
    }
    return status;
}

static enum status
add_instances(struct call *call, const char *offer, struct touched *touched)
{
    static const Kontor__V1__InstanceState in_use[] = {
        KONTOR__V1__INSTANCE_STATE__INSTANCE_ACTIVE,
        KONTOR__V1__INSTANCE_STATE__INSTANCE_SUSPENDED,
    };
    enum status status = STATUS_OK;
    for (size_t i = 0; i < 2 && status == STATUS_OK; i++) {
        struct find find = {.kind = KIND_INSTANCE, .index = "offer", .n_equal = 2};
        find.equal[0].text = offer;
        find.equal[1].integer = in_use[i];
        status = add_found(call, &find, touched, &touched->instances);
    }
    return status;
}

static enum status
add_offer(struct call *call, const Kontor__V1__Service *service, const char *iid,
          struct touched *touched)
{
    const char *offer = arena_print(call->arena, "%s/%s", service->id, iid);
    enum status status = add_items(call, offer, touched);
    return status == STATUS_OK ? add_instances(call, offer, touched) : status;
}

enum status
touched_add_service(struct call *call, const Kontor__V1__Service *service,
                    struct touched *touched)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < service->n_offers && status == STATUS_OK; i++) {
        status = add_offer(call, service, service->offers[i]->iid, touched);
    }
    for (size_t i = 0; i < service->n_past_offers && status == STATUS_OK; i++) {
        status = add_offer(call, service, service->past_offers[i], touched);
    }
    return status;
}

enum status
touched_add_provider(struct call *call, const char *provider, struct touched *touched)
{
    struct find find = {.kind = KIND_SERVICE, .index = "provider", .n_equal = 1};
    struct page page;
    find.equal[0].text = provider;
    do {
        enum status status = read_page(call, &find, touched, &page);
        for (size_t i = 0; status == STATUS_OK && i < page.n_documents; i++) {
            const Kontor__V1__Service *service = call_record(call, &page.documents[i]);
            add(call, &touched->services, service->id);
            status = touched_add_service(call, service, touched);
        }
        if (status != STATUS_OK) {
            return status;
        }
        find.token = page.next_token;
    } while (page.next_token[0] != '\0');
    return STATUS_OK;
}
