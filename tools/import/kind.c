#include "tools/import/kind.h"

#include <string.h>

#include "tools/import/source.h"

#define KIND(name_, list_, noun_)                                                      \
    {                                                                                  \
        .name = #name_, .list = #list_, .noun = noun_,                                 \
        .descriptor = &kontor__v1__##name_##__descriptor,                              \
        .at = offsetof(struct import_set, list_),                                      \
        .n_at = offsetof(struct import_set, n_##list_),                                \
        .mask_at = offsetof(struct import_set, name_##_fields)                         \
    }

const struct import_kind import_kinds[IMPORT_KINDS] = {
    KIND(vocabulary, vocabularies, "catalogue"),
    KIND(provider, providers, "catalogue"),
    KIND(service, services, "catalogue"),
    KIND(bundle, bundles, "catalogue"),
    KIND(operator_group, operator_groups, "config"),
    KIND(site, sites, "config"),
    KIND(certification_change, certification_changes, "config"),
    KIND(endpoint, endpoints, "config"),
    KIND(group, groups, "config"),
    KIND(downtime, downtimes, "config"),
};

/* The lists of a set differ only in the type their pointers point to. */
ProtobufCMessage **
import_kind_records(const struct import_set *set, const struct import_kind *kind,
                    size_t *n)
{
    ProtobufCMessage **records;
    memcpy(n, (const char *)set + kind->n_at, sizeof *n);
    memcpy(&records, (const char *)set + kind->at, sizeof records);
    return records;
}

void
import_kind_add(struct arena *arena, struct import_set *set,
                const struct import_kind *kind, ProtobufCMessage *record)
{
    size_t n;
    ProtobufCMessage **records = import_kind_records(set, kind, &n);
    records = source_grow(arena, records, n, sizeof(ProtobufCMessage *));
    records[n++] = record;
    memcpy((char *)set + kind->at, &records, sizeof records);
    memcpy((char *)set + kind->n_at, &n, sizeof n);
}
