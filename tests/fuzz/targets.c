#include "tests/fuzz/targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/madmp.h"
#include "plan/redact.h"
#include "plan/wanted.h"
#include "proto/descriptors.h"
#include "proto/faults.h"
#include "proto/json.h"
#include "proto/pattern.h"
#include "proto/rules.h"
#include "proto/text.h"
#include "proto/wire.h"
#include "server/config.h"
#include "server/rpc/identity_name.h"
#include "tests/fuzz/gocdb.h"

static void
must(int is_true, const char *promise)
{
    if (!is_true) {
        fprintf(stderr, "broken promise: %s\n", promise);
        abort();
    }
}

/* What was taken goes through every walker and comes back from its own bytes. */
static void
walk(const ProtobufCMessage *message, struct arena *arena, struct faults *faults)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    rules_check(message, faults);
    struct bytes packed = wire_pack(message, arena);
    must(wire_unpack(type, packed, &wire_stored_limits, arena, faults) != NULL,
         "what was unpacked and packed can be unpacked");
    char *json = json_print(message, JSON_COMPACT, arena);
    if (json != NULL && message->n_unknown_fields == 0) {
        (void)json_parse(type, json, strlen(json), arena, faults);
    }
}

/* The first byte chooses the message type. */
static void
run_message(const uint8_t *data, size_t size)
{
    size_t n_types;
    const ProtobufCMessageDescriptor *const *types = descriptors_messages(&n_types);
    if (size == 0) {
        return;
    }
    struct arena *arena = arena_new();
    struct faults *faults = arena_alloc(arena, sizeof *faults);
    faults->arena = arena;
    ProtobufCMessage *message =
        wire_unpack(types[data[0] % n_types], (struct bytes){data + 1, size - 1},
                    &wire_request_limits, arena, faults);
    if (message != NULL) {
        walk(message, arena, faults);
    } else {
        must(faults->n_found > 0, "a refused message has a fault");
    }
    arena_free(arena);
}

static void
run_json(const uint8_t *data, size_t size)
{
    const ProtobufCMessageDescriptor *type =
        descriptors_find("kontor.v1.PlaceOrderRequest");
    struct arena *arena = arena_new();
    struct faults *faults = arena_alloc(arena, sizeof *faults);
    faults->arena = arena;
    ProtobufCMessage *message =
        json_parse(type, (const char *)data, size, arena, faults);
    if (message != NULL) {
        walk(message, arena, faults);
    } else {
        must(faults->n_found > 0, "refused JSON has a fault");
    }
    arena_free(arena);
}

static void
run_text(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    char *text = arena_copy_n(arena, data, size);
    char **words;
    size_t n_words;
    struct bytes out;
    text_words(text, arena, &words, &n_words);
    must(strcmp(text_fold(text_fold(text, arena), arena), text_fold(text, arena)) == 0,
         "folding twice changes nothing");
    if (text_from_base64url(text, arena, &out)) {
        (void)text_base64url(out, arena);
    }
    char *local = text_local_id(text, arena);
    must(local[0] == '\0' || rules_is_local(local), "an id out of a name is an id");
    arena_free(arena);
}

static void
run_settings(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct settings settings;
    char error[512] = "";
    config_defaults(&settings);
    char *text = arena_copy_n(arena, data, size);
    if (config_parse(&settings, "fuzz.conf", text, error, sizeof error) != STATUS_OK) {
        must(strncmp(error, "fuzz.conf", 9) == 0, "a wrong setting names its file");
    }
    config_done(&settings);
    arena_free(arena);
}

static void
run_identity(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    char *name = arena_copy_n(arena, data, size);
    if (identity_name_is_full(name)) {
        const char *patterns[IDENTITY_SEGMENTS_MAX + 1];
        size_t n = identity_name_patterns(name, arena, patterns);
        must(n > 0 && strcmp(patterns[0], name) == 0, "a name matches itself first");
        must(identity_name_is_domain(identity_name_domain(name, arena)),
             "a name's domain is a domain");
    }
    (void)identity_name_is_pattern(name);
    arena_free(arena);
}

/* A pattern, the end of a line, and a text. */
static void
run_pattern(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    char *pattern = arena_copy_n(arena, data, size);
    char *text = pattern + strcspn(pattern, "\n");
    if (*text == '\n') {
        *text++ = '\0';
    }
    bool is_match = pattern_matches(pattern, text);
    must(!is_match || pattern_is_good(pattern), "what is no pattern matches nothing");
    must(is_match == pattern_matches(pattern, text), "a match is one twice");
    arena_free(arena);
}

/* A data management plan: as valid without its people as with them. */
static void
run_plan(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct faults faults = {.arena = arena};
    const struct json_value *document =
        madmp_parse((struct bytes){data, size}, "plan", arena, &faults);
    must(document != NULL || faults.n_found > 0, "a refused plan has a fault");
    if (document != NULL) {
        struct madmp_verdict before, after;
        size_t n;
        madmp_judge(document, MADMP_NOT_NAMED, NULL, arena, &before);
        const struct json_value *redacted = redact_people(document, arena, &n);
        madmp_judge(redacted, MADMP_NOT_NAMED, NULL, arena, &after);
        must((before.accepted_by & ~after.accepted_by) == 0,
             "a plan stays valid without its people");
        const char *once = json_tree_print(redacted, arena);
        const char *twice = json_tree_print(redact_people(redacted, arena, &n), arena);
        must(strcmp(once, twice) == 0, "who is out is out");
        struct wanted *rows;
        (void)wanted_read(redacted, arena, &rows);
    }
    arena_free(arena);
}

static void
run_host(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct host host, again;
    if (host_read(arena_copy_n(arena, data, size), arena, &host)) {
        must(host.name[0] != '\0', "a host has a name");
        must(host_is_within(&host, &host), "a place is within itself");
        (void)host_read(host_key(&host, arena), arena, &again);
    }
    arena_free(arena);
}

const struct target targets[] = {
    {"plan", run_plan,
     "{\"dmp\":{\"title\":\"t of A "
     "Name\",\"language\":\"eng\",\"ethical_issues_exist\":"
     "\"no\",\"created\":\"2026-01-01T10:00:00Z\",\"modified\":\"2026-01-02T10:00:"
     "00Z\","
     "\"dmp_id\":{\"identifier\":\"x\",\"type\":\"doi\"},\"contact\":{\"name\":\"A Name"
     "\",\"mbox\":\"a@b.org\",\"contact_id\":{\"identifier\":\"0000-0001-2345-6789\","
     "\"type\":\"orcid\"}},\"contributor\":[{\"name\":\"B\",\"role\":[\"x\",\"a@b.c\"],"
     "\"contributor_id\":{\"identifier\":\"i\",\"type\":\"other\"}}],\"dataset\":[{"
     "\"title\":\"d\",\"personal_data\":\"no\",\"sensitive_data\":\"no\",\"dataset_"
     "id\":"
     "{\"identifier\":\"d\",\"type\":\"url\"},\"distribution\":[{\"title\":\"x\","
     "\"data_access\":\"open\",\"byte_size\":7,\"host\":{\"title\":\"h\",\"url\":"
     "\"https://h.org:443/\"}}]}]}}"},
    {"host", run_host, "https://user@WWW.b\xc3\xbc\x63her.example.:8443/a/b/?q#f"},
    {"message", run_message,
     "\x05\x0a\x0a"
     "coast/o-1x\x12\x08"
     "coast/p1"},
    {"json", run_json,
     "{\"id\": \"coast/o-1\", \"items\": [{\"id\": \"a\", \"parameters\": "
     "[{\"id\": \"n\", \"value\": {\"integer\": \"9\"}}]}]}"},
    {"text", run_text,
     "Stra\xc3\x9f"
     "e \xc5\x81\xc3\xb3"
     "d\xc5\xba, caf\xc3\xa9 9"},
    {"settings", run_settings, "listen = \"localhost:0\" # where\nstore = a.db\n"},
    {"identity", run_identity, "spiffe://coast.example/portal/web"},
    {"pattern", run_pattern, "([a-z]+|\\.[^[:digit:]]?){1,3}$\nab.c"},
    {"gocdb", gocdb_fuzz,
     "<results><SITE PRIMARY_KEY='1G0'><SHORT_NAME>a</SHORT_NAME></SITE></results>"},
    {NULL, NULL, NULL},
};
