/*
 * Plays the scenario of tests/clients against a broker and says, in one line of JSON a
 * step, whether each ended as it should.
 *
 *     client ADDRESS CERTIFICATES CERTIFICATES-OF-STRANGERS SCENARIO ORDER LANGUAGE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "player.h"

enum { DEADLINE_MS = 15000, STRANGERS_DEADLINE_MS = 2000 };

/* ---- What the steps share ---- */

void *
must(void *memory)
{
    if (memory == NULL) {
        perror("client");
        exit(1);
    }
    return memory;
}

/* Requests live as long as the program, and nobody writes into them: protobuf-c only
 * has no const texts. */
char *
field(json_t *request, const char *name)
{
    static char nothing[1] = "";
    const char *text = json_string_value(json_object_get(request, name));
    return text == NULL ? nothing : (char *)text;
}

int64_t
wide(json_t *request, const char *name)
{
    return strtoll(field(request, name), NULL, 10);
}

const char *
name_of(const ProtobufCEnumDescriptor *descriptor, int value)
{
    const ProtobufCEnumValue *found =
        protobuf_c_enum_descriptor_get_value(descriptor, value);
    return found == NULL ? "" : found->name;
}

json_t *
value_text(const Kontor__V1__Value *value)
{
    return value->kind_case == KONTOR__V1__VALUE__KIND_TEXT
               ? json_string(value->text)
               : json_sprintf("%lld", (long long)value->integer);
}

json_t *
values_by_id(Kontor__V1__ParameterValue *const *values, size_t n)
{
    json_t *plain = json_object();
    for (size_t i = 0; i < n; i++) {
        json_object_set_new(plain, values[i]->id, value_text(values[i]->value));
    }
    return plain;
}

/* ---- Who calls ---- */

/* Connects as somebody. It dials when first used, and again whenever it is lost. */
static enum kontor_status
dial(const char *address, const char *ca, struct caller *caller, int64_t deadline_ms,
     struct kontor_error *error)
{
    struct kontor_options options = {
        .server = address,
        .ca_file = ca,
        .cert_file = caller->cert,
        .key_file = caller->key,
        .deadline_ms = deadline_ms, /* Of each call, with all its attempts. */
    };
    return kontor_connect(&options, &caller->kontor, error);
}

static void
name_caller(struct caller *caller, const char *who, const char *folder,
            const char *name)
{
    caller->who = who;
    snprintf(caller->cert, sizeof caller->cert, "%s/%s.pem", folder, name);
    snprintf(caller->key, sizeof caller->key, "%s/%s.key", folder, name);
}

static struct caller *
caller_of(struct player *player, const char *who)
{
    struct caller *caller = player->callers;
    while (strcmp(caller->who, who) != 0) {
        caller++;
    }
    struct kontor_error error = {0};
    bool is_stranger = strcmp(who, "stranger") == 0;
    if (caller->kontor == NULL &&
        dial(player->address, player->ca, caller,
             is_stranger ? STRANGERS_DEADLINE_MS : DEADLINE_MS, &error) != KONTOR_OK) {
        fprintf(stderr, "client: %s\n", error.message);
        exit(1);
    }
    return caller;
}

/* ---- How a step ended ---- */

/* What an error says to a program: docs/errors.md has every reason. */
static void
show_refusal(const struct kontor_error *error, json_t *got)
{
    json_object_set_new(got, "reason", json_string(error->reason));
    json_object_set_new(got, "message", json_string(error->message));
    json_t *fields = json_array();
    for (size_t i = 0; i < error->n_violations; i++) {
        json_array_append_new(fields, json_string(error->violations[i].field));
    }
    json_object_set_new(got, "fields", fields);
    json_t *names = json_array();
    for (size_t i = 0; i < error->n_values; i++) {
        json_array_append_new(names, json_string(error->values[i].key));
    }
    json_object_set_new(got, "metadata", names);
}

static const struct operation *
operation_of(const char *name)
{
    const struct operation *tables[] = {portal_operations, agent_operations};
    for (size_t i = 0; i < 2; i++) {
        for (const struct operation *row = tables[i]; row->name != NULL; row++) {
            if (strcmp(row->name, name) == 0) {
                return row;
            }
        }
    }
    fprintf(stderr, "client: no operation %s\n", name);
    exit(1);
}

/* Whether every name that is wanted is among those that came. */
static bool
has_all(json_t *got, json_t *wanted)
{
    size_t i, k;
    json_t *want, *have;
    json_array_foreach(wanted, i, want)
    {
        bool is_there = false;
        json_array_foreach(got, k, have)
        {
            is_there = is_there || json_equal(want, have);
        }
        if (!is_there) {
            return false;
        }
    }
    return true;
}

/* What is expected and did not come; of the metadata the names are looked for. */
static json_t *
compare(json_t *expect, json_t *got)
{
    json_t *differs = json_array();
    const char *name;
    json_t *want;
    json_object_foreach(expect, name, want)
    {
        json_t *have = json_object_get(got, name);
        bool is_right = strcmp(name, "metadata") == 0 ? has_all(have, want)
                                                      : json_equal(have, want);
        if (!is_right) {
            char *all = must(json_dumps(got, JSON_COMPACT));
            json_array_append_new(differs,
                                  json_sprintf("%s differs; all of it: %s", name, all));
            free(all);
        }
    }
    return differs;
}

/* ---- Playing ---- */

static json_t *
run_step(struct player *player, json_t *step)
{
    json_t *got = json_object();
    struct kontor_error error = {0};
    enum kontor_status status =
        operation_of(field(step, "op"))
            ->run(player, caller_of(player, field(step, "who")),
                  json_object_get(step, "request"), got, &error);
    json_object_set_new(got, "status", json_string(kontor_status_name(status)));
    if (status != KONTOR_OK) {
        show_refusal(&error, got);
    }
    kontor_error_done(&error);
    json_t *differs = compare(json_object_get(step, "expect"), got);
    json_decref(got);
    return differs;
}

static bool
play(struct player *player, json_t *steps)
{
    bool is_right = true;
    size_t i;
    json_t *step;
    json_array_foreach(steps, i, step)
    {
        json_t *differs = run_step(player, step);
        bool is_ok = json_array_size(differs) == 0;
        json_t *line = json_pack("{s:s, s:b, s:o}", "step", field(step, "step"), "ok",
                                 is_ok, "differs", differs);
        json_dumpf(line, stdout, JSON_COMPACT);
        puts("");
        fflush(stdout);
        json_decref(line);
        is_right = is_right && is_ok;
    }
    return is_right;
}

/* A text with every occurrence of a word replaced; the old text is freed. */
static char *
replace(char *text, const char *word, const char *by)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word)) {
        n++;
    }
    char *made = must(calloc(1, strlen(text) + n * strlen(by) + 1));
    const char *rest = text;
    for (const char *at; (at = strstr(rest, word)) != NULL; rest = at + strlen(word)) {
        strncat(made, rest, (size_t)(at - rest));
        strcat(made, by);
    }
    strcat(made, rest);
    free(text);
    return made;
}

static json_t *
load(const char *path, const char *order, const char *language)
{
    json_t *plain = must(json_load_file(path, 0, NULL));
    char *text = must(json_dumps(plain, JSON_COMPACT));
    json_decref(plain);
    text = replace(replace(text, "$order", order), "$language", language);
    json_t *scenario = must(json_loads(text, 0, NULL));
    free(text);
    return scenario;
}

int
main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: client ADDRESS CERTIFICATES STRANGERS SCENARIO ORDER "
                        "LANGUAGE\n");
        return 2;
    }
    static struct player player;
    player.address = argv[1];
    player.language = argv[6];
    snprintf(player.ca, sizeof player.ca, "%s/alpine/ca.pem", argv[2]);
    name_caller(&player.callers[0], "portal", argv[2], "coast/portal");
    name_caller(&player.callers[1], "agent", argv[2], "alpine/agent");
    name_caller(&player.callers[2], "stranger", argv[3], "coast/portal");
    json_t *scenario = load(argv[4], argv[5], player.language);
    bool is_right = play(&player, json_object_get(scenario, "steps"));
    for (size_t i = 0; i < N_NAMES; i++) {
        kontor_reply_free(player.jobs[i].claimed);
    }
    kontor_watch_free(player.live.watch);
    free(player.middle.scope_tag);
    for (size_t i = 0; i < 3; i++) {
        kontor_free(player.callers[i].kontor);
    }
    json_decref(scenario);
    return is_right ? 0 : 1;
}
