#include "server/rpc/park_key.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/wire.h"
#include "store/split.h"

/* FNV-1a. Source: draft-eastlake-fnv. */
static const uint64_t basis = UINT64_C(0xcbf29ce484222325);

static uint64_t
add(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static uint64_t
add_text(uint64_t hash, const char *text)
{
    return add(hash, text, strlen(text));
}

uint64_t
park_key_hash(const char *key)
{
    return add_text(basis, key);
}

uint64_t
park_key_soft(const char *key)
{
    return add_text(add_text(basis, "soft/"), key);
}

static int64_t
timestamp_ms(struct bytes bytes)
{
    int64_t seconds = 0;
    int64_t nanos = 0;
    struct wire_field field;
    while (wire_next(&bytes, &field)) {
        *(field.number == 1 ? &seconds : &nanos) = (int64_t)field.value;
    }
    return seconds * 1000 + nanos / 1000000;
}

static uint64_t
add_value(uint64_t hash, const struct declared *declared,
          const struct wire_field *field)
{
    if (declared->type == DECLARED_TEXT) {
        return add(hash, field->content.data, field->content.size);
    }
    int64_t value = declared->type == DECLARED_TIME ? timestamp_ms(field->content)
                                                    : (int64_t)field->value;
    char text[24];
    int size = snprintf(text, sizeof text, "%" PRId64, value);
    return add(hash, text, (size_t)size);
}

void
park_keys_of(const Kontor__V1__Change *change, struct park_keys *out)
{
    uint64_t name = add_text(basis, change->kind);
    out->hashes[0] = add_text(add(name, "/", 1), change->id);
    out->n_hashes = 1;
    const struct kind *kind = kind_by_name(kind_table, change->kind);
    if (kind == NULL || change->op != KONTOR__V1__CHANGE__OP__PUT) {
        return;
    }
    struct bytes doc = {change->doc.data, change->doc.len};
    struct wire_field fields[KIND_MAX_DECLARED] = {{0}};
    (void)split_fields(kind, doc, fields);
    size_t n = split_n_declared(kind);
    for (size_t i = 0; i < n; i++) {
        const struct declared *declared = &kind->declared[i];
        if (fields[i].number == 0) {
            continue;
        }
        uint64_t hash = add_text(add(name, ".", 1), declared->name);
        hash = add_value(add(hash, "=", 1), declared, &fields[i]);
        out->hashes[out->n_hashes++] = hash;
    }
}
