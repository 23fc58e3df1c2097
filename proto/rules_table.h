/*
 * The rows behind proto/rules.h: one a field, and the rules that look at more than one
 * field.
 *
 * Memory: constant. Errors: none. Threads: any.
 */
#ifndef KONTOR_PROTO_RULES_TABLE_H
#define KONTOR_PROTO_RULES_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/* What a value must look like. Of a list, each element. */
enum rule_form {
    RULE_ANY,         /* Anything of its type. */
    RULE_TEXT,        /* Text of at most max bytes. */
    RULE_NUMBER,      /* min to max. */
    RULE_NUMBER_OR_0, /* min to max, or 0. */
    RULE_NAMED,       /* An enum value other than the unspecified one. */
    RULE_CHOICE,      /* The oneof the field belongs to has a member set. */
    RULE_REGISTRY,    /* Here and below: text in one of the forms of rules_form.h. */
    RULE_ID,
    RULE_PART,
    RULE_PART_ID,
    RULE_UUID,
    RULE_URL,
    RULE_WEB_URL,
    RULE_EMAIL,
    RULE_DECIMAL,
    RULE_DATE,
    RULE_DATE_OR_NOW,
    RULE_CURRENCY,
    RULE_COUNTRY,
    RULE_PERIOD,
    RULE_DISPLAY,
    RULE_PATTERN,
    RULE_SCOPE,
    RULE_SPIFFE,
    RULE_SPIFFE_PATTERN,
    RULE_TRUST_DOMAIN,
    RULE_HEX_DIGEST,
    RULE_BUNDLE,
    RULE_CERTIFICATE,
    RULE_FORM_COUNT,
};

enum rule_flags {
    RULE_FREE = 0,    /* May be left out. */
    RULE_NEEDED = 1,  /* Must be set; of a list, one element at least. */
    RULE_UNIQUE = 2,  /* No two elements alike: by id, iid or key, else as a whole. */
    RULE_PARTIAL = 4, /* A record of which only some fields are given: of its own needed
                         fields only its id is. */
    RULE_DEFERRED =
        8, /* Elements are judged one by one by the call, which answers for each. */
};

struct rule {
    const ProtobufCMessageDescriptor
        *descriptor; /* NULL: every message with a field of that name. */
    const char *field;
    unsigned flags;
    enum rule_form form;
    int64_t min;
    int64_t max;  /* Bytes of a text, or the largest number. */
    size_t count; /* Most elements of a list; 0 for what is no list. */
};

extern const struct rule rules_table[];
extern const size_t rules_table_size;

#endif
