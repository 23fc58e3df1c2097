/*
 * People are taken out of what GOCDB says: all texts of all records are walked by their
 * descriptors, so that a new field is looked at, too. What is a contact or a name by
 * its field goes whole; in any other text people are replaced.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "proto/field.h"
#include "tools/import/gocdb.h"
#include "tools/import/gocdb_people.h"
#include "tools/import/gocdb_subject.h"
#include "tools/import/kind.h"

struct redacting {
    struct arena *arena;
    struct gocdb_people *people;
    size_t n_contacts, n_subjects, n_texts, n_urls, n_changes;
};

/* ---- What a field is ---- */

enum holding {
    HOLDS_TEXT,    /* Anything: people in it are replaced. */
    HOLDS_ID,      /* What records are known by: without it they are others. */
    HOLDS_NAME,    /* A text that no other record may have. */
    HOLDS_SOMEONE, /* Who did something. */
    HOLDS_SUBJECT, /* A certificate's, which a host may have. */
};

#define FIELD(record, field, holding)                                                  \
    {                                                                                  \
        &kontor__v1__##record##__descriptor, field, holding                            \
    }

/* Ids and what they are made of: a record has to be the same one when it comes again,
 * and to be found by those that name it. */
static const struct {
    const ProtobufCMessageDescriptor *record; /* NULL: in any. */
    const char *field;
    enum holding holding;
} fields[] = {
    {NULL, "id", HOLDS_ID},
    FIELD(source, "format", HOLDS_ID),      /* Written by the importer. */
    FIELD(source, "key", HOLDS_ID),         /* The id is made of it. */
    FIELD(site, "short_name", HOLDS_ID),    /* The same: of a site. */
    FIELD(role_contact, "role", HOLDS_ID),  /* Written by the importer. */
    FIELD(endpoint, "site", HOLDS_ID),      /* An id. */
    FIELD(endpoint, "host", HOLDS_ID),      /* Downtimes and reports name it. */
    FIELD(endpoint, "type", HOLDS_ID),      /* The same; a term's id. */
    FIELD(endpoint, "service", HOLDS_ID),   /* An id. */
    FIELD(endpoint, "component", HOLDS_ID), /* An id. */
    FIELD(group, "endpoints", HOLDS_ID),    /* Ids. */
    FIELD(group, "sites", HOLDS_ID),        /* Ids. */
    FIELD(group, "groups", HOLDS_ID),       /* Ids. */
    FIELD(affected, "site", HOLDS_ID),      /* A site's short name. */
    FIELD(affected, "host", HOLDS_ID),      /* An endpoint's. */
    FIELD(affected, "type", HOLDS_ID),      /* An endpoint's. */
    FIELD(affected, "endpoint", HOLDS_ID),  /* An id. */
    FIELD(affected, "site_id", HOLDS_ID),   /* An id. */
    FIELD(downtime, "groups", HOLDS_ID),    /* Ids. */
    FIELD(downtime, "instances", HOLDS_ID), /* Ids. */
    FIELD(downtime, "split_from", HOLDS_ID),
    FIELD(certification_change, "site", HOLDS_ID), /* An id. */
    FIELD(vocabulary, "parents", HOLDS_ID),        /* An id. */
    FIELD(vocabulary, "name", HOLDS_ID),           /* Written by the importer. */
    FIELD(term, "name", HOLDS_ID),                 /* The same as its id. */
    FIELD(term, "parent", HOLDS_ID),               /* A term's id. */
    FIELD(group, "name", HOLDS_NAME),
    FIELD(certification_change, "changed_by", HOLDS_SOMEONE),
    FIELD(endpoint, "host_dn", HOLDS_SUBJECT),
};

static enum holding
holding_of(const ProtobufCMessageDescriptor *record, const char *field)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if ((fields[i].record == NULL || fields[i].record == record) &&
            strcmp(fields[i].field, field) == 0) {
            return fields[i].holding;
        }
    }
    return HOLDS_TEXT;
}

bool
gocdb_is_identity(const ProtobufCMessageDescriptor *record, const char *field)
{
    return holding_of(record, field) == HOLDS_ID;
}

/* ---- Texts ---- */

/* Half a URL leads nowhere, and mail is sent to no less than an address. */
static bool
is_url(const char *field)
{
    size_t size = strlen(field);
    return size >= 3 && strcmp(field + size - 3, "url") == 0;
}

static char *
text_without(struct redacting *redacting, const char *field, char *text)
{
    static char none[] = "";
    char *clean = gocdb_people_out(redacting->people, text);
    if (clean == text) {
        return text;
    }
    if (is_url(field)) {
        redacting->n_urls++;
        return none;
    }
    redacting->n_texts++;
    return clean;
}

/* Two that are called after people would become one: the key tells them apart. */
static char *
name_without(struct redacting *redacting, const Kontor__V1__Group *group, char *name)
{
    char *clean = text_without(redacting, "name", name);
    const char *slash = strchr(group->id, '/');
    return clean == name || slash == NULL
               ? clean
               : arena_print(redacting->arena, "%s %s", clean, slash + 1);
}

static char *
redacted(struct redacting *redacting, const ProtobufCMessage *message,
         const ProtobufCFieldDescriptor *field, char *text)
{
    static char none[] = "";
    switch (holding_of(message->descriptor, field->name)) {
    case HOLDS_TEXT:
        return text_without(redacting, field->name, text);
    case HOLDS_ID:
        return text;
    case HOLDS_NAME:
        return name_without(redacting, (const Kontor__V1__Group *)message, text);
    case HOLDS_SOMEONE:
        redacting->n_changes += text[0] != '\0';
        return none;
    case HOLDS_SUBJECT:
        break;
    }
    const Kontor__V1__Endpoint *endpoint = (const Kontor__V1__Endpoint *)message;
    if (text[0] == '\0' || gocdb_is_hosts_subject(text, endpoint->host)) {
        return text;
    }
    redacting->n_subjects++;
    return none;
}

/* ---- Extensions ---- */

static bool
is_word_of(const char *word, size_t size, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strlen(words[i]) == size && strncasecmp(word, words[i], size) == 0) {
            return true;
        }
    }
    return false;
}

/* Words of a key that say its value is how to reach somebody. */
static bool
is_contact_word(const char *word, size_t size)
{
    static const char *const whole[] = {"tel",      "phone",    "mobile",
                                        "fax",      "mail",     "contact",
                                        "contacts", "csirttel", "emergencytel"};
    static const char *const ends[] = {"email", "emails", "telephone", "phones"};
    static const char *const others[] = {"voicemail", "voicemails"};
    if (is_word_of(word, size, others, sizeof others / sizeof others[0])) {
        return false;
    }
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t n = strlen(ends[i]);
        if (n <= size && strncasecmp(word + size - n, ends[i], n) == 0) {
            return true;
        }
    }
    return is_word_of(word, size, whole, sizeof whole / sizeof whole[0]);
}

/* Words behind one of those that leave it what it is: PHONE_NUMBER. */
static bool
is_of_contact(const char *word, size_t size)
{
    static const char *const words[] = {"number",    "numbers", "address",
                                        "addresses", "name",    "person"};
    return is_word_of(word, size, words, sizeof words / sizeof words[0]);
}

/* HELPDESK_EMAIL, contact.tel, securityContact: the last word says what the value is,
 * MAIL_SERVER is how to reach nobody. */
static bool
is_contact(const char *key)
{
    bool is_one = false;
    while (*key != '\0') {
        size_t size = 0;
        while (isalpha((unsigned char)key[size]) &&
               !(size > 0 && isupper((unsigned char)key[size]) &&
                 islower((unsigned char)key[size - 1]))) {
            size++;
        }
        if (size > 0) {
            is_one = is_contact_word(key, size) || (is_one && is_of_contact(key, size));
        }
        key += size == 0 ? 1 : size;
    }
    return is_one;
}

/* A key that names somebody says that the value is about nobody else; two such keys
 * would be the same one. */
static void
redact_extensions(struct redacting *redacting, Kontor__V1__KeyValue **rows, size_t *n)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < *n; i++) {
        char *key = rows[i]->key;
        if (is_contact(key) || gocdb_people_out(redacting->people, key) != key) {
            redacting->n_contacts++;
            continue;
        }
        rows[i]->value = text_without(redacting, "value", rows[i]->value);
        rows[i]->unit = text_without(redacting, "unit", rows[i]->unit);
        rows[n_kept++] = rows[i];
    }
    *n = n_kept;
}

/* ---- Records ---- */

static void redact(struct redacting *redacting, ProtobufCMessage *message);

static void *
place_of(ProtobufCMessage *message, size_t offset)
{
    return (char *)message + offset;
}

static void
redact_messages(struct redacting *redacting, ProtobufCMessage *message,
                const ProtobufCFieldDescriptor *field)
{
    void *at = place_of(message, field->offset);
    size_t n = field_count(message, field);
    bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
    if (field->descriptor == &kontor__v1__contact__descriptor && !is_list) {
        redacting->n_contacts += n;
        memset(at, 0, sizeof(void *));
    } else if (field->descriptor == &kontor__v1__role_contact__descriptor && is_list) {
        redacting->n_contacts += n;
        *(size_t *)place_of(message, field->quantifier_offset) = 0;
    } else if (field->descriptor == &kontor__v1__key_value__descriptor && is_list) {
        redact_extensions(redacting, *(Kontor__V1__KeyValue ***)at,
                          place_of(message, field->quantifier_offset));
    } else {
        for (size_t i = 0; i < n; i++) {
            redact(redacting, (ProtobufCMessage *)(uintptr_t)field_message(
                                  field_at(message, field, i)));
        }
    }
}

static void
redact(struct redacting *redacting, ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        size_t n = field_count(message, field);
        void *at = place_of(message, field->offset);
        char **texts =
            field->label == PROTOBUF_C_LABEL_REPEATED ? *(char ***)at : (char **)at;
        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            redact_messages(redacting, message, field);
        }
        for (size_t j = 0; field->type == PROTOBUF_C_TYPE_STRING && j < n; j++) {
            texts[j] = redacted(redacting, message, field, texts[j]);
        }
    }
}

/* Whom the set itself names, before anybody is taken out of it. */
static void
know_people(struct redacting *redacting, const struct import_set *set)
{
    for (size_t i = 0; i < set->n_sites; i++) {
        const Kontor__V1__Site *site = set->sites[i];
        for (size_t j = 0; j < site->n_contacts; j++) {
            gocdb_people_know_phone(redacting->people,
                                    site->contacts[j]->contact->phone);
        }
    }
    for (size_t i = 0; i < set->n_certification_changes; i++) {
        gocdb_people_know(redacting->people, set->certification_changes[i]->changed_by);
    }
    for (size_t i = 0; i < set->n_endpoints; i++) {
        const Kontor__V1__Endpoint *endpoint = set->endpoints[i];
        if (!gocdb_is_hosts_subject(endpoint->host_dn, endpoint->host)) {
            gocdb_people_know_subject(redacting->people, endpoint->host_dn);
        }
    }
}

static void
redact_records(struct redacting *redacting, const struct import_set *set)
{
    for (size_t i = 0; i < IMPORT_KINDS; i++) {
        size_t n;
        ProtobufCMessage **records = import_kind_records(set, &import_kinds[i], &n);
        for (size_t j = 0; j < n; j++) {
            redact(redacting, records[j]);
        }
    }
}

/* ---- Masks and findings ---- */

/* What is taken out is not the source's to empty. */
static void
disown(Google__Protobuf__FieldMask *mask)
{
    static const char *const owned[] = {"contact", "contacts", "changed_by"};
    size_t n_kept = 0;
    for (size_t i = 0; i < mask->n_paths; i++) {
        bool is_personal = false;
        for (size_t j = 0; j < sizeof owned / sizeof owned[0]; j++) {
            is_personal = is_personal || strcmp(mask->paths[i], owned[j]) == 0;
        }
        if (!is_personal) {
            mask->paths[n_kept++] = mask->paths[i];
        }
    }
    mask->n_paths = n_kept;
}

static void
say(const struct redacting *redacting, struct import_set *set, size_t n,
    const char *what)
{
    if (n == 0) {
        return;
    }
    set->findings = source_grow(redacting->arena, set->findings, set->n_findings,
                                sizeof *set->findings);
    set->findings[set->n_findings++] = (struct import_finding){
        .place = "people",
        .text =
            arena_print(redacting->arena, "%zu %s; --keep-names keeps them", n, what)};
}

/* What is odd is told with the words of the file. */
static void
redact_findings(const struct redacting *redacting, struct import_set *set)
{
    for (size_t i = 0; i < set->n_findings; i++) {
        set->findings[i].text = gocdb_people_out(
            redacting->people, (char *)(uintptr_t)set->findings[i].text);
    }
}

void
gocdb_redact(struct import_set *set, struct arena *arena)
{
    struct redacting redacting = {.arena = arena, .people = gocdb_people_new(arena)};
    know_people(&redacting, set);
    redact_records(&redacting, set);
    redact_findings(&redacting, set);
    gocdb_people_free(redacting.people);
    disown(set->site_fields);
    disown(set->endpoint_fields);
    disown(set->group_fields);
    disown(set->certification_change_fields);
    say(&redacting, set, redacting.n_contacts,
        "addresses and telephone numbers are not taken");
    say(&redacting, set, redacting.n_subjects,
        "subjects of certificates that are no host's are not taken");
    say(&redacting, set, redacting.n_changes,
        "names of who changed a certification are not taken");
    say(&redacting, set, redacting.n_urls, "URLs that name somebody are not taken");
    say(&redacting, set, redacting.n_texts,
        "texts have addresses, subjects or names replaced by " GOCDB_REDACTED);
}
