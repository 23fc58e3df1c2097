#include "tests/mongod/raw.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER = 16, HEAD_MSG = HEADER + 5 };

/* Bytes that grow. */
struct bytes {
    uint8_t *at;
    size_t size;
};

static void
add(struct bytes *bytes, const void *more, size_t size)
{
    bytes->at = bson_realloc(bytes->at, bytes->size + size + 1);
    memcpy(bytes->at + bytes->size, more, size);
    bytes->size += size;
}

static void
add_int32(struct bytes *bytes, uint32_t value)
{
    uint32_t little = htole32(value);
    add(bytes, &little, sizeof little);
}

int
raw_connect(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd != -1 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void
raw_close(int fd)
{
    close(fd);
}

bool
raw_send(int fd, int32_t opcode, const void *bytes, size_t size)
{
    struct bytes message = {.at = NULL};
    add_int32(&message, (uint32_t)(HEADER + size));
    add_int32(&message, 1);
    add_int32(&message, 0);
    add_int32(&message, (uint32_t)opcode);
    add(&message, bytes, size);
    size_t sent = 0;
    while (sent < message.size) {
        ssize_t n = send(fd, message.at + sent, message.size - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) {
            break;
        }
        sent += n > 0 ? (size_t)n : 0;
    }
    bool is_sent = sent == message.size;
    bson_free(message.at);
    return is_sent;
}

bool
raw_send_msg(int fd, uint32_t flags, const bson_t *body, const char *name,
             bson_t *const *documents, size_t n)
{
    static const uint8_t kinds[] = {0, 1};
    struct bytes message = {.at = NULL};
    struct bytes sequence = {.at = NULL};
    add_int32(&message, flags);
    add(&message, &kinds[0], 1);
    add(&message, bson_get_data(body), body->len);
    if (name != NULL) {
        add(&sequence, name, strlen(name) + 1);
        for (size_t i = 0; i < n; i++) {
            add(&sequence, bson_get_data(documents[i]), documents[i]->len);
        }
        add(&message, &kinds[1], 1);
        add_int32(&message, (uint32_t)(sequence.size + sizeof(uint32_t)));
        add(&message, sequence.at, sequence.size);
    }
    if ((flags & RAW_CHECKSUM) != 0) {
        add_int32(&message, 0);
    }
    bool is_sent = raw_send(fd, RAW_OP_MSG, message.at, message.size);
    bson_free(message.at);
    bson_free(sequence.at);
    return is_sent;
}

static bool
receive(int fd, uint8_t *at, size_t size)
{
    size_t n_read = 0;
    while (n_read < size) {
        ssize_t n = recv(fd, at + n_read, size - n_read, 0);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return false;
        }
        n_read += n > 0 ? (size_t)n : 0;
    }
    return true;
}

bool
raw_receive(int fd, bson_t *reply)
{
    uint8_t head[HEAD_MSG];
    uint32_t size = 0;
    bson_t view;
    bson_init(reply);
    if (!receive(fd, head, sizeof head)) {
        return false;
    }
    memcpy(&size, head, sizeof size);
    size = le32toh(size);
    if (size <= sizeof head) {
        return false;
    }
    uint8_t *body = bson_malloc(size - sizeof head);
    bool is_fine = receive(fd, body, size - sizeof head) &&
                   bson_init_static(&view, body, size - sizeof head);
    if (is_fine) {
        bson_destroy(reply);
        bson_copy_to(&view, reply);
    }
    bson_free(body);
    return is_fine;
}

bool
raw_command(int fd, const char *command, bson_t *reply)
{
    bson_error_t error;
    char *json = bson_strdup(command);
    for (char *at = strchr(json, '\''); at != NULL; at = strchr(at, '\'')) {
        *at = '"';
    }
    bson_t *body = bson_new_from_json((const uint8_t *)json, -1, &error);
    bson_free(json);
    if (body == NULL || !raw_send_msg(fd, 0, body, NULL, NULL, 0)) {
        bson_destroy(body);
        bson_init(reply);
        return false;
    }
    bson_destroy(body);
    return raw_receive(fd, reply);
}

int64_t
raw_int(const bson_t *reply, const char *path)
{
    bson_iter_t iter;
    bson_iter_t found;
    if (!bson_iter_init(&iter, reply) ||
        !bson_iter_find_descendant(&iter, path, &found)) {
        return -1;
    }
    return bson_iter_as_int64(&found);
}
