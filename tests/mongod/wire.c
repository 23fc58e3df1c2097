#include "tests/mongod/wire.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum {
    HEADER = 16,
    OP_REPLY = 1,
    OP_QUERY = 2004,
    OP_MSG = 2013,
    FLAG_CHECKSUM = 1,
    FLAG_MORE_TO_COME = 2,
    FLAGS_REQUIRED = 0xffff, /* Who does not know one of these must give up. */
    CHECKSUM = 4,
    AWAIT_CAPABLE = 8
};

/* What is left of a message while it is parsed. */
struct rest {
    const uint8_t *at;
    size_t size;
};

static int32_t
load_int32(const uint8_t *at)
{
    uint32_t value = 0;
    memcpy(&value, at, sizeof value);
    return (int32_t)le32toh(value);
}

static void
store_int32(uint8_t *at, int32_t value)
{
    uint32_t little = htole32((uint32_t)value);
    memcpy(at, &little, sizeof little);
}

static bool
receive(int fd, uint8_t *at, size_t size)
{
    while (size > 0) {
        ssize_t n = recv(fd, at, size, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static bool
send_all(int fd, const uint8_t *at, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, at, size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return false;
        }
        at += n;
        size -= (size_t)n;
    }
    return true;
}

bool
mongod_message_read(int fd, struct message *message)
{
    uint8_t length[sizeof(int32_t)];
    *message = (struct message){.bytes = NULL};
    if (!receive(fd, length, sizeof length)) {
        return false;
    }
    int32_t size = load_int32(length);
    if (size < HEADER || size > MONGOD_MESSAGE_MAX) {
        return false;
    }
    message->size = (size_t)size;
    message->bytes = bson_malloc(message->size);
    memcpy(message->bytes, length, sizeof length);
    if (!receive(fd, message->bytes + sizeof length, message->size - sizeof length)) {
        mongod_message_done(message);
        return false;
    }
    return true;
}

void
mongod_message_done(struct message *message)
{
    bson_free(message->bytes);
    *message = (struct message){.bytes = NULL};
}

static bool
skip(struct rest *rest, size_t size)
{
    if (rest->size < size) {
        return false;
    }
    rest->at += size;
    rest->size -= size;
    return true;
}

static bool
take_int32(struct rest *rest, int32_t *out)
{
    const uint8_t *at = rest->at;
    if (!skip(rest, sizeof *out)) {
        return false;
    }
    *out = load_int32(at);
    return true;
}

static bool
take_text(struct rest *rest, const char **out)
{
    const char *text = (const char *)rest->at;
    size_t length = strnlen(text, rest->size);
    *out = text;
    return length < rest->size && skip(rest, length + 1);
}

static bool
take_view(struct rest *rest, struct view *view)
{
    struct rest copy = *rest;
    int32_t size = 0;
    bson_t bson;
    if (!take_int32(&copy, &size) || size < 0 || (size_t)size > rest->size ||
        !bson_init_static(&bson, rest->at, (size_t)size)) {
        return false;
    }
    *view = (struct view){.data = rest->at, .size = (uint32_t)size};
    return skip(rest, view->size);
}

static bool
take_body(struct rest *rest, bson_t *body)
{
    struct view view;
    return take_view(rest, &view) && bson_init_static(body, view.data, view.size);
}

static bool
parse_query(struct message *message, struct rest rest, struct trouble *trouble)
{
    int32_t number = 0;
    const char *collection = NULL;
    message->is_query = true;
    if (!take_int32(&rest, &number) || !take_text(&rest, &collection) ||
        !skip(&rest, 2 * sizeof number) || !take_body(&rest, &message->body)) {
        return mongod_refuse(trouble, "a malformed OP_QUERY");
    }
    return strcmp(collection, "admin.$cmd") == 0 ||
           mongod_refuse(trouble, "OP_QUERY on %s", collection);
}

static bool
take_sequence(struct message *message, struct rest *rest)
{
    int32_t size = 0;
    struct rest section = *rest;
    if (!take_int32(&section, &size) || size < (int32_t)sizeof size ||
        !skip(rest, (size_t)size)) {
        return false;
    }
    section.size = (size_t)size - sizeof size;
    if (message->sequence_name != NULL ||
        !take_text(&section, &message->sequence_name)) {
        return false;
    }
    message->sequence = section.at;
    message->sequence_size = section.size;
    return true;
}

static bool
take_section(struct message *message, struct rest *rest, bool *has_body)
{
    uint8_t kind = rest->at[0];
    if (!skip(rest, 1)) {
        return false;
    }
    if (kind == 1) {
        return take_sequence(message, rest);
    }
    if (kind != 0 || *has_body) {
        return false;
    }
    *has_body = true;
    return take_body(rest, &message->body);
}

static bool
parse_msg(struct message *message, struct rest rest, struct trouble *trouble)
{
    int32_t flags = 0;
    bool has_body = false;
    if (!take_int32(&rest, &flags)) {
        return mongod_refuse(trouble, "a malformed OP_MSG");
    }
    if ((flags & FLAGS_REQUIRED & ~FLAG_CHECKSUM) != 0) {
        return mongod_refuse(trouble, "%s",
                             (flags & FLAG_MORE_TO_COME) != 0
                                 ? "moreToCome, which is w:0"
                                 : "an unknown flag of OP_MSG");
    }
    if ((flags & FLAG_CHECKSUM) != 0) {
        if (rest.size < CHECKSUM) {
            return mongod_refuse(trouble, "a malformed OP_MSG");
        }
        rest.size -= CHECKSUM;
    }
    while (rest.size > 0) {
        if (!take_section(message, &rest, &has_body)) {
            return mongod_refuse(trouble, "a malformed section, or one too many");
        }
    }
    return has_body || mongod_refuse(trouble, "an OP_MSG without a body");
}

bool
mongod_message_parse(struct message *message, struct trouble *trouble)
{
    enum { REQUEST_ID = 4, OPCODE = 12 };
    struct rest rest = {.at = message->bytes + HEADER, .size = message->size - HEADER};
    int32_t opcode = load_int32(message->bytes + OPCODE);
    message->request_id = load_int32(message->bytes + REQUEST_ID);
    if (opcode == OP_MSG) {
        return parse_msg(message, rest, trouble);
    }
    if (opcode == OP_QUERY) {
        return parse_query(message, rest, trouble);
    }
    return mongod_refuse(trouble, "the opcode %d", opcode);
}

static void
batch_add(struct batch *batch, struct view view)
{
    /* Room is made for powers of two. */
    if ((batch->n & (batch->n + 1)) == 0) {
        batch->views =
            bson_realloc(batch->views, (batch->n + 1) * 2 * sizeof *batch->views);
    }
    batch->views[batch->n++] = view;
}

static bool
batch_from_sequence(const struct message *message, struct batch *batch)
{
    struct rest rest = {.at = message->sequence, .size = message->sequence_size};
    struct view view;
    while (rest.size > 0) {
        if (!take_view(&rest, &view)) {
            return false;
        }
        batch_add(batch, view);
    }
    return true;
}

static bool
batch_from_array(const struct message *message, const char *name, struct batch *batch)
{
    bson_iter_t iter;
    bson_iter_t element;
    if (!bson_iter_init_find(&iter, &message->body, name) ||
        !BSON_ITER_HOLDS_ARRAY(&iter) || !bson_iter_recurse(&iter, &element)) {
        return false;
    }
    while (bson_iter_next(&element)) {
        struct view view;
        if (!BSON_ITER_HOLDS_DOCUMENT(&element)) {
            return false;
        }
        bson_iter_document(&element, &view.size, &view.data);
        batch_add(batch, view);
    }
    return true;
}

bool
mongod_message_batch(const struct message *message, const char *name,
                     struct batch *batch, struct trouble *trouble)
{
    bool is_sequence = message->sequence_name != NULL;
    *batch = (struct batch){.n = 0};
    if (is_sequence && strcmp(message->sequence_name, name) != 0) {
        return mongod_refuse(trouble, "a sequence %s", message->sequence_name);
    }
    if (!(is_sequence ? batch_from_sequence(message, batch)
                      : batch_from_array(message, name, batch))) {
        mongod_batch_done(batch);
        return mongod_refuse(trouble, "no documents as %s", name);
    }
    if (batch->n == 0 || batch->n > MONGOD_BATCH_MAX) {
        size_t n = batch->n;
        mongod_batch_done(batch);
        return mongod_refuse(trouble, "%zu documents as %s", n, name);
    }
    return true;
}

void
mongod_batch_done(struct batch *batch)
{
    bson_free(batch->views);
    *batch = (struct batch){.n = 0};
}

/* In one piece: two sends of a reply could be two packets, one of which is lost when
 * the connection is cut between them. */
bool
mongod_message_reply(int fd, const struct message *message, const bson_t *reply)
{
    /* OP_REPLY: flags, cursor id (8 bytes), first, number. OP_MSG: flags, kind. */
    enum { QUERY_HEAD = HEADER + 20, MSG_HEAD = HEADER + 5, NUMBER = QUERY_HEAD - 4 };
    size_t head = message->is_query ? QUERY_HEAD : MSG_HEAD;
    size_t size = head + reply->len;
    uint8_t *bytes = bson_malloc0(size);
    store_int32(bytes, (int32_t)size);
    store_int32(bytes + 4, message->request_id);
    store_int32(bytes + 8, message->request_id);
    store_int32(bytes + 12, message->is_query ? OP_REPLY : OP_MSG);
    if (message->is_query) {
        store_int32(bytes + HEADER, AWAIT_CAPABLE);
        store_int32(bytes + NUMBER, 1);
    }
    memcpy(bytes + head, bson_get_data(reply), reply->len);
    bool is_sent = send_all(fd, bytes, size);
    bson_free(bytes);
    return is_sent;
}
