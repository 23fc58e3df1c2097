#include <string.h>

#include "proto/wire.h"
#include "server/rpc/named.h"
#include "server/rpc/record.h"

/* A page is cut in chunks so that large records do not make a reply too large: it ends
 * early, with a token. */
enum {
    DEFAULT_PAGE = 100,
    MAX_PAGE = 500,
    FIRST_CHUNK = 8,
    ENOUGH_BYTES = 1 << 20,         /* A page of so many bytes is full. */
    LARGE_BYTES = ENOUGH_BYTES / 4, /* From here on chunks no longer grow. */
    MAX_READ = 4096, /* Documents read for one page of a sparse filter. */
    VARINT_ROOM = 10,
    WIRE_LENGTH_DELIMITED = 2,
};

/* A reply being written. */
struct joined {
    uint8_t *data;
    size_t size, room;
};

static void
join(struct call *call, struct joined *joined, struct bytes bytes)
{
    uint8_t *wider;
    if (bytes.size == 0) {
        return;
    }
    if (joined->size + bytes.size > joined->room) {
        joined->room = 2 * (joined->size + bytes.size) + 256;
        wider = arena_alloc(call->arena, joined->room);
        if (joined->size > 0) {
            memcpy(wider, joined->data, joined->size);
        }
        joined->data = wider;
    }
    memcpy(joined->data + joined->size, bytes.data, bytes.size);
    joined->size += bytes.size;
}

/* The tag and length before a field's content. */
static void
join_head(struct call *call, struct joined *joined, uint32_t number, size_t size)
{
    uint8_t head[2 * VARINT_ROOM];
    size_t n = wire_varint((uint64_t)number << 3 | WIRE_LENGTH_DELIMITED, head);
    n += wire_varint(size, head + n);
    join(call, joined, (struct bytes){.data = head, .size = n});
}

static void
join_field(struct call *call, struct joined *joined, const char *name,
           struct bytes bytes)
{
    uint32_t number = named_number(call->row->reply, name);
    if (number != 0) {
        join_head(call, joined, number, bytes.size);
        join(call, joined, bytes);
    }
}

/* One record as Get would answer it. */
static void
join_record(struct call *call, struct joined *joined, const struct document *document)
{
    struct decision one = {.kind = DECISION_NONE};
    uint32_t number = named_number(call->row->reply, call->row->record->list_field);
    size_t size = 0;
    decision_document(call, &one, document);
    for (size_t i = 0; i < one.n_pieces; i++) {
        size += one.pieces[i].size;
    }
    join_head(call, joined, number, size);
    for (size_t i = 0; i < one.n_pieces; i++) {
        join(call, joined, one.pieces[i]);
    }
}

static void
join_end(struct call *call, struct joined *joined, const struct find *find,
         bool is_first)
{
    Kontor__V1__Position position = KONTOR__V1__POSITION__INIT;
    if (find->token != NULL && find->token[0] != '\0') {
        join_field(call, joined, "next_page_token",
                   (struct bytes){.data = (const uint8_t *)find->token,
                                  .size = strlen(find->token)});
    }
    if (is_first) {
        position.seq = find->as_of == 0 ? call->applied : find->as_of;
        position.scope_tag = (char *)call->who->scope_tag;
        join_field(call, joined, "position", wire_pack(&position.base, call->arena));
    }
}

static enum status
wanted_page(struct call *call, const void *request, size_t *wanted)
{
    int64_t size = named_integer(request, "page_size");
    if (size < 0) {
        call_fault(call, "page_size", "must be 0 (= %d) to %d", DEFAULT_PAGE, MAX_PAGE);
        return call_check_faults(call);
    }
    *wanted = size == 0 ? DEFAULT_PAGE : size > MAX_PAGE ? MAX_PAGE : (size_t)size;
    return STATUS_OK;
}

/* Joins the documents that are to be shown; answers how many. */
static size_t
join_documents(struct call *call, const void *request, const struct page *page,
               struct joined *joined)
{
    const struct record *row = call->row->record;
    size_t n_joined = 0;
    for (size_t i = 0; i < page->n_documents; i++) {
        if (row->keep == NULL || row->keep(call, request, &page->documents[i])) {
            join_record(call, joined, &page->documents[i]);
            n_joined++;
        }
    }
    return n_joined;
}

/* Fills the page chunk by chunk; find->token ends as the token of the next page. */
static enum status
join_page(struct call *call, const void *request, struct find *find, size_t wanted,
          struct joined *joined)
{
    size_t chunk = FIRST_CHUNK;
    size_t n_read = 0;
    struct page page;
    enum status status;
    do {
        find->limit = chunk < wanted ? chunk : wanted;
        status = call_find(call, find, false, &page);
        if (status != STATUS_OK) {
            return status;
        }
        wanted -= join_documents(call, request, &page, joined);
        n_read += page.n_documents;
        find->token = page.next_token;
        chunk = joined->size < LARGE_BYTES ? 4 * chunk : chunk;
    } while (wanted > 0 && find->token[0] != '\0' && joined->size < ENOUGH_BYTES &&
             n_read < MAX_READ);
    return STATUS_OK;
}

enum status
record_list(struct call *call, const void *request, struct decision *decision)
{
    const struct record *row = call->row->record;
    const char *token = named_text(request, "page_token");
    struct find find = {.kind = *row->kind, .token = token};
    struct joined joined = {.data = NULL};
    size_t wanted = 0;
    enum status status = wanted_page(call, request, &wanted);
    if (status == STATUS_OK) {
        status = call_as_of(call, named_message(request, "as_of"), &find.as_of);
    }
    if (status == STATUS_OK && row->filter != NULL) {
        status = row->filter(call, request, &find);
    }
    if (status == STATUS_OK) {
        status = join_page(call, request, &find, wanted, &joined);
    }
    if (status != STATUS_OK) {
        return status;
    }
    join_end(call, &joined, &find, token[0] == '\0');
    decision->kind = DECISION_RAW;
    decision->pieces[0] = (struct bytes){.data = joined.data, .size = joined.size};
    decision->n_pieces = 1;
    return STATUS_OK;
}
