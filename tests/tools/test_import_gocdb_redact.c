/*
 * Taking people out of records of which nothing is known but what their descriptors
 * say, and of texts: who is found there, whose a subject is, and that nothing is slow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "proto/field.h"
#include "tests/tools/import_fixture.h"
#include "tools/import/gocdb.h"
#include "tools/import/gocdb_people.h"
#include "tools/import/gocdb_subject.h"
#include "tools/import/kind.h"

#define N(rows) (sizeof(rows) / sizeof(rows)[0])

/* Who must be nowhere; the last is known from elsewhere in the set. */
static const char *const somebody[] = {"ada@alpine.example", "Eve Five", "Fay Six"};
static char everybody[] = "see ada@alpine.example, CN=Eve Five; or FAY Six, or Fay Six";

/* A message with people in every text there is, however deep. */
static ProtobufCMessage *
full_of_people(const ProtobufCMessageDescriptor *descriptor, struct arena *arena)
{
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
    descriptor->message_init(message);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        bool is_text = field->type == PROTOBUF_C_TYPE_STRING;
        if (is_text || field->type == PROTOBUF_C_TYPE_MESSAGE) {
            void *at =
                field_make(message, field, 1, arena_allocator(arena, 1024 * 1024));
            assert_non_null(at);
            *(void **)at = is_text ? (void *)everybody
                                   : (void *)full_of_people(field->descriptor, arena);
        }
    }
    return message;
}

/* Sees that nobody is left, and answers in which fields people were to stay. */
static const char *
look_through(const ProtobufCMessage *message, struct arena *arena)
{
    const char *kept = "";
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        for (size_t j = 0; j < field_count(message, field); j++) {
            const void *at = field_at(message, field, j);
            if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
                kept = arena_print(arena, "%s%s", kept,
                                   look_through(field_message(at), arena));
            } else if (field->type == PROTOBUF_C_TYPE_STRING &&
                       gocdb_is_identity(message->descriptor, field->name)) {
                kept = arena_print(arena, "%s %s.%s", kept,
                                   message->descriptor->short_name, field->name);
            } else if (field->type == PROTOBUF_C_TYPE_STRING) {
                for (size_t k = 0; k < N(somebody); k++) {
                    if (strcasestr(field_text(at), somebody[k]) != NULL) {
                        fail_msg("%s is in %s.%s", somebody[k],
                                 message->descriptor->short_name, field->name);
                    }
                }
            }
        }
    }
    return kept;
}

/* Records of which nothing is known but what their descriptors say: a field that comes
 * later is looked at as well, and what is to stay is written down here by hand. */
static void
test_nobody_is_left_in_any_field(void **state)
{
    static const struct {
        const char *kind;
        const char *kept;
    } rows[] = {
        {"vocabulary", " Vocabulary.id Vocabulary.name Term.id Term.name Term.parent "
                       "Vocabulary.parents Source.format Source.key"},
        {"operator_group", " OperatorGroup.id Source.format Source.key"},
        {"site", " Site.id Site.short_name Source.format Source.key"},
        {"certification_change", " CertificationChange.id CertificationChange.site "
                                 "Source.format Source.key"},
        {"endpoint", " Endpoint.id Endpoint.site Endpoint.host Endpoint.type "
                     "Endpoint.service Source.format Source.key Endpoint.component"},
        {"group", " Group.id Group.endpoints Group.sites Group.groups Source.format "
                  "Source.key"},
        {"downtime", " Downtime.id Affected.site Affected.host Affected.type "
                     "Affected.endpoint Affected.site_id Source.format Source.key "
                     "Downtime.groups Downtime.instances Downtime.split_from"},
    };
    struct import_fixture *fixture = *state;
    struct arena *arena = fixture->arena;
    struct import_set set = {.n_findings = 0};
    for (size_t i = 0; i < IMPORT_KINDS; i++) {
        Google__Protobuf__FieldMask *mask = source_mask(arena);
        memcpy((char *)&set + import_kinds[i].mask_at, &mask, sizeof(void *));
        for (size_t j = 0; j < N(rows); j++) {
            if (strcmp(rows[j].kind, import_kinds[i].name) == 0) {
                import_kind_add(arena, &set, &import_kinds[i],
                                full_of_people(import_kinds[i].descriptor, arena));
            }
        }
    }
    set.certification_changes[0]->changed_by = arena_copy(arena, "Fay Six");
    set.findings = arena_alloc(arena, sizeof *set.findings);
    set.findings[set.n_findings++] = (struct import_finding){"f", everybody};
    gocdb_redact(&set, arena);
    assert_null(strcasestr(set.findings[0].text, "Fay"));
    for (size_t i = 0; i < IMPORT_KINDS; i++) {
        size_t n;
        ProtobufCMessage **records = import_kind_records(&set, &import_kinds[i], &n);
        for (size_t j = 0; j < N(rows) && n > 0; j++) {
            if (strcmp(rows[j].kind, import_kinds[i].name) == 0) {
                assert_string_equal(look_through(records[0], arena), rows[j].kept);
            }
        }
    }
}

/* A text without those that a name, or a telephone number, says. */
static const char *
without(const char *name, const char *phone, const char *text, struct arena *arena)
{
    struct gocdb_people *people = gocdb_people_new(arena);
    gocdb_people_know(people, name);
    gocdb_people_know_phone(people, phone);
    const char *clean = gocdb_people_out(people, arena_copy(arena, text));
    gocdb_people_free(people);
    return clean;
}

/* Texts with R for what stands instead of people. */
static const struct {
    const char *name, *phone, *text, *clean;
} texts[] = {
    /* Whatever is between words, in any order, in pieces of code. */
    {"Ada Lovelace", "", "by Ada\n   Lovelace.", "by R."},
    {"Ada  Lovelace", "", "by Ada\tLovelace; ADA LOVELACE", "by R; R"},
    {"Ada Lovelace", "", "~ada.lovelace/ ?r=Ada+Lovelace&s", "~R/ ?r=R&s"},
    {"ada_lovelace", "", "Ada Lovelace-Ada-Lovelace", "R-R"},
    {"Ada Lovelace", "", "Lovelace, Ada asked", "R asked"},
    {"Lovelace, Ada", "", "Ada Lovelace, Lovelace Ada", "R, R"},
    {"Ada Mary Lovelace", "", "Lovelace, Ada Mary; Mary Lovelace, Ada", "R; R"},
    {"Ada Lovelace", "", "Ada, Lovelace Hall", "Ada, Lovelace Hall"},
    {"Ada Lovelace", "", "Ada Lovelaces, XAda Lovelace",
     "Ada Lovelaces, XAda Lovelace"},
    {"Ada Lovelace", "",
     "Ada Love\xc2\xadlace, A\xe2\x80\x8b"
     "da Lovelace",
     "R, R"},
    {"Ada Lovelace", "", "?q=Ada%2520Lovelace", "R"},
    {"Ada Lovelace", "", "?q=Ada%25252520Lovelace", "R"},
    {"Ada Lovelace", "", "100%2520 of Ada", "100%2520 of Ada"},
    {"/C=CH/CN=Ada Lovelace", "", "at /C=CH/CN=Ada  Lovelace, Ada.Lovelace", "at R, R"},
    {"ada.lovelace", "", "ada.lovelace@alpine.example!", "R!"},
    {"/C=CH/UID=ada/CN=b.x.y", "", "see /C=CH/UID=ada/CN=b.x.y", "see R"},
    /* Numbers by their digits. */
    {"", "+41 44 123 45 67", "+41 44 1234567 or +41-44-123-45-67", "R or R"},
    {"", "+41 44 123 45 67", "(0041) 44/123.45.67, 41441234567", "(R, R"},
    {"", "0041441234567",
     "tel:+41\xc2\xa0"
     "44 1234567, now",
     "tel:R, now"},
    {"", "+41 44 123 45 67 / 68, or +41441234599", "+41441234599.", "R."},
    {"", "+41 44 123 45 67", "+41 44 123 45 678", "+41 44 123 45 678"},
    {"", "+41 44 123 45 67", "+41 44 123 45 67 2 lines", "R 2 lines"},
    {"", "+41 44 123 45 67", "x41441234567", "x41441234567"},
    {"", "unknown", "unknown", "unknown"},
    {"", "ask 12 345", "12 345", "12 345"},
    /* One word is nobody's, unless it can be nothing else. */
    {"admin", "", "an admin", "an admin"},
    {"EGI", "", "EGI core", "EGI core"},
    {" Cert. ", "", "Cert checked", "Cert checked"},
    {"/C=CH/CN=robot", "", "robot, /C=CH/CN=robot", "robot, R"},
    {"/CN=", "", "/CN=a.alpine.example", "/CN=a.alpine.example"},
    {"/CN=.", "", "/CN=a.alpine.example", "/CN=a.alpine.example"},
    {"/C=CH/CN=[redacted]", "", "/C=CH/CN=Eve", "/C=CH/CN=R"},
    {"/CN=a.alpine.example", "", "of a.alpine.example", "of a.alpine.example"},
    /* Addresses that touch. */
    {"", "",
     "ada@x.org\xe2\x80\x93"
     "eve@y.org",
     "RR"},
    {"", "",
     "ada@x.org\xc2\xb7"
     "eve@y.org",
     "RR"},
    {"", "",
     "ada@x.org\xe3\x80\x81"
     "eve@y.org",
     "RR"},
    {"", "", "ada@x.org'eve@y.org, ada@x.org_eve@y.org", "RR, RR"},
    {"", "", "ada@x.org+eve@y.org+z", "RR+z"},
    {"Ada Lovelace", "", "ada@x.org_Ada Lovelace", "R_R"},
    /* Only what decoding shows goes with the rest. */
    {"", "", "50% down; /CN=Ada Lovelace, see 7%20", "50% down; /CN=R, see 7%20"},
    {"", "", "50%25 down; ada@x.org", "50%25 down; R"},
    {"", "", "down; ada@x.org, eve%40x.org", "R"},
    {"", "", "%43N=Eve", "R"},
};

static void
test_people_are_found_in_texts(void **state)
{
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < N(texts); i++) {
        const char *clean =
            without(texts[i].name, texts[i].phone, texts[i].text, fixture->arena);
        const char *wanted = "";
        for (const char *at = texts[i].clean; *at != '\0'; at++) {
            wanted = arena_print(fixture->arena, "%s%.*s", wanted, *at == 'R' ? 10 : 1,
                                 *at == 'R' ? GOCDB_REDACTED : at);
        }
        if (strcmp(clean, wanted) != 0) {
            fail_msg("%s becomes %s", texts[i].text, clean);
        }
        assert_string_equal(
            without(texts[i].name, texts[i].phone, clean, fixture->arena), clean);
    }
}

/* Texts of pieces that are made to meet: nobody who is known, and no address, is left,
 * and what is clean stays as it is. */
static void
test_nobody_is_left_in_any_text(void **state)
{
    static const char *const pieces[] = {" Ada Lovelace ",
                                         "Ada",
                                         "Lovelace",
                                         " ",
                                         "%20",
                                         "%2520",
                                         "\xc3\xa9",
                                         "\xc3",
                                         "\xff",
                                         "@",
                                         ".",
                                         "a@b.c",
                                         "/CN=",
                                         "-",
                                         "%",
                                         "%4",
                                         "+41",
                                         "44",
                                         "e\xcc\x81",
                                         "[redacted]",
                                         "host.x.y",
                                         "CN=",
                                         ",",
                                         "\xc2\xad",
                                         "x",
                                         "\n",
                                         "\xe2\x80\x93",
                                         "1234567",
                                         "(",
                                         "%40",
                                         "_",
                                         "+",
                                         "=",
                                         "/",
                                         "\xef\xac\x83"};
    struct import_fixture *fixture = *state;
    const char *given = getenv("KONTOR_TEST_SEED");
    unsigned seed =
        given == NULL ? (unsigned)time(NULL) : (unsigned)strtoul(given, NULL, 10);
    print_message("KONTOR_TEST_SEED=%u\n", seed);
    for (size_t i = 0; i < 20000; i++) {
        char text[512] = "";
        for (int n = rand_r(&seed) % 20; n > 0; n--) {
            strcat(text, pieces[(size_t)rand_r(&seed) % N(pieces)]);
        }
        const char *clean =
            without("Ada Lovelace", "+41 44 1234567", text, fixture->arena);
        const char *again =
            without("Ada Lovelace", "+41 44 1234567", clean, fixture->arena);
        if (strcmp(clean, again) != 0 || strstr(clean, " Ada Lovelace ") != NULL ||
            strstr(clean, " a@b.c") != NULL) {
            fail_msg("\"%s\" becomes \"%s\", that \"%s\"", text, clean, again);
        }
    }
}

/* A text takes what it is long, however many people are in it, and a time that grows
 * with it only. */
static void
test_a_long_text_takes_no_more_than_it_has_to(void **state)
{
    static const char *const pieces[] = {"a@b ", "CN=a.b.c ", "/a/", "ada example ",
                                         "plain text "};
    enum { SIZE = 512 * 1024 };
    struct import_fixture *fixture = *state;
    for (size_t i = 0; i < N(pieces); i++) {
        struct arena *arena = arena_new();
        struct import_set set = {.n_sites = 1};
        Kontor__V1__Site site = KONTOR__V1__SITE__INIT;
        Kontor__V1__Site *sites[] = {&site};
        size_t n = strlen(pieces[i]);
        for (size_t k = 0; k < IMPORT_KINDS; k++) {
            Google__Protobuf__FieldMask *mask = source_mask(arena);
            memcpy((char *)&set + import_kinds[k].mask_at, &mask, sizeof(void *));
        }
        set.sites = sites;
        site.description = arena_alloc(fixture->arena, SIZE + 1);
        for (size_t k = 0; k + n <= SIZE; k += n) {
            memcpy(site.description + k, pieces[i], n);
        }
        gocdb_redact(&set, arena);
        /* "a@b " becomes less than three times as long; what nobody is in stays. */
        assert_true(arena_used(arena) < (i == 0 ? 3 * SIZE : SIZE / 8));
        arena_free(arena);
    }
}

/* Nor is a text slow in which somebody is that is known. */
static void
test_a_long_text_with_people_is_not_slow(void **state)
{
    static const char *const pieces[] = {"ada.lovelace.",
                                         "ada ",
                                         "(((+",
                                         "41 44 ",
                                         "%2525",
                                         "CN=[redacted]",
                                         "CN=a.b.c/",
                                         "/CN=a.b.c",
                                         "'@",
                                         "a@b-",
                                         "+1",
                                         "CN=host/a ",
                                         "ada@",
                                         "lovelace, ada",
                                         "CN=-.",
                                         "=CN=a.b.c",
                                         "/a"};
    enum { SIZE = 512 * 1024 };
    struct import_fixture *fixture = *state;
    char *text = arena_alloc(fixture->arena, SIZE + 1);
    for (size_t i = 0; i < N(pieces); i++) {
        struct arena *arena = arena_new();
        size_t n = strlen(pieces[i]);
        for (size_t k = 0; k < SIZE; k++) {
            text[k] = pieces[i][k % n];
        }
        text[SIZE] = '\0';
        const char *clean = without("Ada Lovelace", "+41 44 41 44 41 45", text, arena);
        assert_null(strcasestr(clean, "lovelace ada"));
        (void)gocdb_is_hosts_subject(text, "a");
        assert_non_null(without(text, text, "Eve", arena));
        arena_free(arena);
    }
}

/* Whose a certificate of a.alpine.example is, and who goes out of the texts for it. */
static void
test_subjects_of_hosts_alone_stay(void **state)
{
    static const struct {
        const char *subject;
        bool is_hosts;
    } rows[] = {
        {"/C=CH/O=Alpine/CN=a.alpine.example", true},
        {"/C=CH/O=Alpine/CN=b.hall.example", true},
        {"/C=CH/CN=alpine.example", true},
        {"/C=CH/CN=host/a.alpine.example", true},
        {"/C=CH/CN=ldap/a.alpine.example", true},
        {"/C=CH/CN=host/a", true},
        {"/C=CH/CN=*.alpine.example", true},
        {"/C=CH/CN=A.Alpine.Example/CN=b.alpine.example", true},
        {"CN=a.alpine.example,O=Alpine,C=CH", true},
        {"C = CH, O = Alpine, CN = a.alpine.example", true},
        {"a.alpine.example", true},
        {"b.hall.example", true},
        {"/C=CH/O=People/CN=ada.lovelace", false},
        {"/C=CH/CN=host/ada lovelace", false},
        {"/C=CH/CN=Ada Lovelace/a.alpine.example", false},
        {"/C=CH/CN=ada.lovelace/a.alpine.example", false},
        {"/C=CH/CN=Ada Lovelace/CN=a.alpine.example", false},
        {"/C=CH/CN=a.alpine.example/CN=Ada Lovelace", false},
        {"/C=CH/CN=a.alpine.example (Ada Lovelace)", false},
        {"/C=CH/UID=alovelace/CN=a.alpine.example", false},
        {"/C=CH/0.9.2342.19200300.100.1.1=alovelace/CN=a.alpine.example", false},
        {"/C=CH/CN=a.alpine.example/emailAddress=ada%40alpine.example", false},
        {"/C=CH/CN=a.alpine.example/E=ada@alpine.example", false},
        {"C = CH, CN = Ada Lovelace, CN = a.alpine.example", false},
        {"CN=a.alpine.example+UID=alovelace,C=CH", false},
        {"/C=CH/CN=ada..lovelace", false},
        {"/C=CH/CN=ada.lovelace.", false},
        {"/C=CH/CN=.", false},
        {"/C=CH/CN=", false},
        {"/C=CH/O=a.alpine.example", false},
        {"ada.lovelace", false},
        {"Ada", false},
    };
    (void)state;
    for (size_t i = 0; i < N(rows); i++) {
        if (gocdb_is_hosts_subject(rows[i].subject, "a.alpine.example") !=
            rows[i].is_hosts) {
            fail_msg("%s is %s a host's", rows[i].subject,
                     rows[i].is_hosts ? "not" : "");
        }
    }
    assert_true(gocdb_is_hosts_subject("/CN=a", "a"));
    assert_true(gocdb_is_hosts_subject("a", "a"));
    assert_false(gocdb_is_hosts_subject("/CN=a", ""));
    assert_false(gocdb_is_hosts_subject("/CN=", ""));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(test_subjects_of_hosts_alone_stay),
        IMPORT_TEST(test_people_are_found_in_texts),
        IMPORT_TEST(test_a_long_text_with_people_is_not_slow),
        IMPORT_TEST(test_nobody_is_left_in_any_text),
        IMPORT_TEST(test_nobody_is_left_in_any_field),
        IMPORT_TEST(test_a_long_text_takes_no_more_than_it_has_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
