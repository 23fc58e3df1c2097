/* What another database says differently: one difference after the other, and against a
 * reference on seeded random inventories. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <cmocka.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "tests/server/ground.h"

#define KIND(name) KONTOR__V1__DIFFERENCE_KIND__##name

static char *
text(const char *words)
{
    return (char *)(uintptr_t)words;
}

static void
seed_endpoint(struct ground *ground, const char *id, const char *site, const char *host,
              const char *type)
{
    Kontor__V1__Endpoint *endpoint = ground_endpoint(ground->h, id, site, host, type);
    endpoint->url = "https://h1.example.org/";
    endpoint->is_production = true;
    endpoint->declared_version = "1.0";
    harness_seed(ground->h, KIND_ENDPOINT, id, &endpoint->base, "=r:coast", "~*", NULL);
}

static int
setup(void **state)
{
    ground_setup(state);
    struct ground *ground = *state;
    static const char *const sites[][2] = {{"coast/a", "North"}, {"coast/b", "South"}};
    for (size_t i = 0; i < 2; i++) {
        Kontor__V1__Site *site = ground_site(ground->h, sites[i][0], sites[i][1]);
        harness_seed(ground->h, KIND_SITE, site->id, &site->base, "=r:coast", "~*",
                     NULL);
    }
    seed_endpoint(ground, "coast/e1", "coast/a", "h1.example.org", "CE");
    seed_endpoint(ground, "coast/e2", "coast/b", "h1.example.org", "SE");
    seed_endpoint(ground, "coast/e3", "coast/a", "h2.example.org", "b2find.ckan");
    return 0;
}

static Kontor__V1__ToldEndpoint *
told_new(struct ground *ground, const char *site, const char *host, const char *type)
{
    Kontor__V1__ToldEndpoint *told = arena_alloc(ground->h->arena, sizeof(*told));
    kontor__v1__told_endpoint__init(told);
    told->site = text(site);
    told->host = text(host);
    told->type = text(type);
    return told;
}

static void
say(struct ground *ground, Kontor__V1__ToldEndpoint *told, const char *key,
    const char *value)
{
    Kontor__V1__KeyValue *row = arena_alloc(ground->h->arena, sizeof(*row));
    kontor__v1__key_value__init(row);
    row->key = text(key);
    row->value = text(value);
    told->fields = arena_alloc(ground->h->arena, sizeof(*told->fields));
    told->fields[0] = row;
    told->n_fields = 1;
}

static Kontor__V1__ReconcileResponse *
ask(struct ground *ground, Kontor__V1__ReconcileRequest *request)
{
    Kontor__V1__ReconcileResponse *reply = NULL;
    assert_int_equal(harness_call(ground->h, ground->admin, GROUND_CALL("Reconcile"),
                                  request, (void **)&reply, NULL),
                     STATUS_OK);
    return reply;
}

static Kontor__V1__ReconcileResponse *
ask_one(struct ground *ground, Kontor__V1__ToldEndpoint *told)
{
    Kontor__V1__ReconcileRequest request = KONTOR__V1__RECONCILE_REQUEST__INIT;
    request.endpoints = &told;
    request.n_endpoints = 1;
    request.source = "svmon";
    return ask(ground, &request);
}

/* ---- One after the other ---- */

static void
test_each_difference_is_told(void **state)
{
    static const struct {
        const char *site, *host, *type, *component, *key, *value;
        Kontor__V1__DifferenceKind kind; /* 0: there is none. */
        const char *field, *here;
    } rows[] = {
        {"North", "h1.example.org", "CE", "", NULL, NULL, 0, "", ""},
        {"", "h1.example.org", "CE", "", NULL, NULL, 0, "", ""},
        {"North", "H1.Example.org", "CE", "", NULL, NULL, 0, "", ""},
        {"South", "h1.example.org", "CE", "", NULL, NULL, KIND(DIFFERENT), "site",
         "North"},
        {"North", "h9.example.org", "CE", "", NULL, NULL, KIND(MISSING_HERE), "", ""},
        {"North", "h1.example.org", "XE", "", NULL, NULL, KIND(MISSING_HERE), "",
         "CE, SE"},
        {"North", "h2.example.org", "b2find", "ckan", NULL, NULL, 0, "", ""},
        {"North", "h2.example.org", "b2find", "solr", NULL, NULL, KIND(MISSING_HERE),
         "", "b2find.ckan"},
        /* The source's own word for a type. */
        {"South", "h1.example.org", "storage", "", NULL, NULL, 0, "", ""},
        {"North", "h1.example.org", "CE", "", "url", "https://h1.example.org/", 0, "",
         ""},
        {"North", "h1.example.org", "CE", "", "url", "https://other.example.org/",
         KIND(DIFFERENT), "url", "https://h1.example.org/"},
        {"North", "h1.example.org", "CE", "", "is_production", "true", 0, "", ""},
        {"North", "h1.example.org", "CE", "", "is_production", "false", KIND(DIFFERENT),
         "is_production", "true"},
        {"North", "h1.example.org", "CE", "", "is_beta", "true", KIND(DIFFERENT),
         "is_beta", "false"},
        /* What was seen last, else what is declared, else nothing. */
        {"North", "h2.example.org", "b2find", "ckan", "version", "2.9", 0, "", ""},
        {"North", "h2.example.org", "b2find", "ckan", "version", "2.8", KIND(DIFFERENT),
         "version", "2.9"},
        {"North", "h1.example.org", "CE", "", "version", "1.0", 0, "", ""},
        {"North", "h1.example.org", "CE", "", "version", "1.1", KIND(DIFFERENT),
         "version", "1.0"},
        {"North", "h1.example.org", "CE", "queue", "version", "1.0", KIND(DIFFERENT),
         "version", ""},
    };
    struct ground *ground = *state;
    Kontor__V1__Vocabulary types = KONTOR__V1__VOCABULARY__INIT;
    Kontor__V1__Term term = KONTOR__V1__TERM__INIT;
    Kontor__V1__Term *terms[] = {&term};
    Kontor__V1__KeyValue extra = KONTOR__V1__KEY_VALUE__INIT;
    Kontor__V1__KeyValue *extras[] = {&extra};
    Kontor__V1__Version version = KONTOR__V1__VERSION__INIT;
    Kontor__V1__VersionSpan span = KONTOR__V1__VERSION_SPAN__INIT;
    Kontor__V1__VersionSpan *spans[] = {&span};
    extra.key = "svmon";
    extra.value = "storage";
    term.id = "SE";
    term.extras = extras;
    term.n_extras = 1;
    types.terms = terms;
    types.n_terms = 1;
    harness_seed(ground->h, KIND_VOCABULARY, "coast/SERVICE_TYPE", &types.base,
                 "=r:coast", "~*", NULL);
    span.version = "2.9";
    version.spans = spans;
    version.n_spans = 1;
    version.component = "ckan";
    version.endpoint = "coast/e3";
    harness_seed(ground->h, KIND_VERSION, "coast/v", &version.base, "=r:coast", "~*",
                 NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Kontor__V1__ToldEndpoint *told =
            told_new(ground, rows[i].site, rows[i].host, rows[i].type);
        told->component = text(rows[i].component);
        if (rows[i].key != NULL) {
            say(ground, told, rows[i].key, rows[i].value);
        }
        const Kontor__V1__ReconcileResponse *reply = ask_one(ground, told);
        assert_int_equal(reply->n_differences, rows[i].kind == 0 ? 0 : 1);
        assert_int_equal(reply->matched_count, rows[i].kind != KIND(MISSING_HERE));
        assert_int_equal(reply->endpoint_count, 3);
        if (rows[i].kind == 0) {
            continue;
        }
        const Kontor__V1__Difference *difference = reply->differences[0];
        assert_int_equal(difference->kind, rows[i].kind);
        assert_string_equal(difference->field, rows[i].field);
        assert_string_equal(difference->here, rows[i].here);
        assert_string_equal(difference->host, rows[i].host);
        assert_string_equal(difference->there, rows[i].key != NULL ? rows[i].value
                                               : strcmp(rows[i].field, "site") == 0
                                                   ? rows[i].site
                                                   : "");
    }
}

/* As reports are: a type that names the component before one that does not. */
static void
test_what_is_told_is_matched_as_reports_are(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__ToldEndpoint *told =
        told_new(ground, "North", "h2.example.org", "b2find");
    seed_endpoint(ground, "coast/e0", "coast/a", "h2.example.org", "b2find");
    told->component = "ckan";
    say(ground, told, "url", "https://other.example.org/");
    const Kontor__V1__ReconcileResponse *reply = ask_one(ground, told);
    assert_int_equal(reply->n_differences, 1);
    assert_string_equal(reply->differences[0]->endpoint, "coast/e3");
    told->component = "";
    reply = ask_one(ground, told);
    assert_string_equal(reply->differences[0]->endpoint, "coast/e0");
}

static void
test_what_the_source_lacks_is_told_of_a_whole_one(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__ReconcileRequest request = KONTOR__V1__RECONCILE_REQUEST__INIT;
    Kontor__V1__ToldEndpoint *told[] = {
        told_new(ground, "South", "h1.example.org", "SE"),
        told_new(ground, "South", "h1.example.org", "SE")};
    request.endpoints = told;
    request.n_endpoints = 2;
    assert_int_equal(ask(ground, &request)->n_differences, 0);
    request.is_whole = true;
    const Kontor__V1__ReconcileResponse *reply = ask(ground, &request);
    assert_int_equal(reply->n_differences, 2);
    assert_int_equal(reply->differences[0]->kind, KIND(MISSING_THERE));
    assert_string_equal(reply->differences[0]->endpoint, "coast/e1");
    assert_string_equal(reply->differences[0]->site, "North");
    assert_string_equal(reply->differences[1]->endpoint, "coast/e3");
    /* Another registry has nothing like it. */
    request.registry = "hills";
    reply = ask(ground, &request);
    assert_int_equal(reply->n_differences, 2);
    assert_int_equal(reply->differences[0]->kind, KIND(MISSING_HERE));
    assert_int_equal(reply->endpoint_count, 0);
}

static void
test_the_past_is_compared_as_it_was(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__ReconcileRequest request = KONTOR__V1__RECONCILE_REQUEST__INIT;
    Kontor__V1__AsOf as_of = KONTOR__V1__AS_OF__INIT;
    Kontor__V1__ToldEndpoint *told = told_new(ground, "North", "h3.example.org", "CE");
    as_of.point_case = KONTOR__V1__AS_OF__POINT_SEQ;
    as_of.seq = store_applied(ground->h->broker.store);
    request.endpoints = &told;
    request.n_endpoints = 1;
    seed_endpoint(ground, "coast/e4", "coast/a", "h3.example.org", "CE");
    assert_int_equal(ask(ground, &request)->n_differences, 0);
    request.as_of = &as_of;
    assert_int_equal(ask(ground, &request)->n_differences, 1);
}

static void
test_a_field_nobody_compares_is_refused(void **state)
{
    static const char *const keys[] = {"none", "scopes", "contact", "revision", "Url"};
    struct ground *ground = *state;
    Kontor__V1__ReconcileRequest request = KONTOR__V1__RECONCILE_REQUEST__INIT;
    struct error error;
    assert_int_equal(harness_call(ground->h, ground->admin, GROUND_CALL("Reconcile"),
                                  &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "endpoints"));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        Kontor__V1__ToldEndpoint *told = told_new(ground, "", "h1.example.org", "CE");
        say(ground, told, keys[i], "x");
        request.endpoints = &told;
        request.n_endpoints = 1;
        assert_int_equal(harness_call(ground->h, ground->admin,
                                      GROUND_CALL("Reconcile"), &request, NULL, &error),
                         STATUS_INVALID_ARGUMENT);
        assert_true(harness_has_fault(&error, "endpoints[0].fields[0].key"));
    }
}

/* ---- Against a reference ---- */

enum { N_WORLDS = 30, N_HERE = 40, N_TOLD = 40, N_SITES = 3, N_HOSTS = 8, N_TYPES = 3 };

struct place {
    int site, host, type;
};

static unsigned int dice;

static struct place
roll(void)
{
    return (struct place){.site = rand_r(&dice) % N_SITES,
                          .host = rand_r(&dice) % N_HOSTS,
                          .type = rand_r(&dice) % N_TYPES};
}

/* How a told place stands to those that are here: the kind of its difference. */
static Kontor__V1__DifferenceKind
expected(const struct place *here, const struct place *told)
{
    Kontor__V1__DifferenceKind kind = KIND(MISSING_HERE);
    for (int i = 0; i < N_HERE; i++) {
        bool is_it = here[i].host == told->host && here[i].type == told->type;
        if (is_it && here[i].site == told->site) {
            return KIND(DIFFERENCE_KIND_UNSPECIFIED);
        }
        kind = is_it ? KIND(DIFFERENT) : kind;
    }
    return kind;
}

static void
seed_world(struct ground *ground, struct place *here)
{
    struct arena *arena = ground->h->arena;
    for (int i = 0; i < N_SITES; i++) {
        Kontor__V1__Site *site =
            ground_site(ground->h, arena_print(arena, "coast/s%d", i),
                        arena_print(arena, "S%d", i));
        harness_seed(ground->h, KIND_SITE, site->id, &site->base, "=r:coast", "~*",
                     NULL);
    }
    for (int i = 0; i < N_HERE; i++) {
        here[i] = roll();
        seed_endpoint(ground, arena_print(arena, "coast/e%d", i + 1),
                      arena_print(arena, "coast/s%d", here[i].site),
                      arena_print(arena, "h%d", here[i].host),
                      arena_print(arena, "T%d", here[i].type));
    }
}

static void
check_world(struct ground *ground, const struct place *here)
{
    struct arena *arena = ground->h->arena;
    Kontor__V1__ReconcileRequest request = KONTOR__V1__RECONCILE_REQUEST__INIT;
    Kontor__V1__ToldEndpoint *told[N_TOLD];
    Kontor__V1__DifferenceKind kinds[N_TOLD];
    size_t n = 0;
    for (int i = 0; i < N_TOLD; i++) {
        const struct place place = roll();
        kinds[i] = expected(here, &place);
        told[i] = told_new(ground, arena_print(arena, "S%d", place.site),
                           arena_print(arena, "%s%d", i % 2 ? "h" : "H", place.host),
                           arena_print(arena, "T%d", place.type));
    }
    request.endpoints = told;
    request.n_endpoints = N_TOLD;
    const Kontor__V1__ReconcileResponse *reply = ask(ground, &request);
    for (int i = 0; i < N_TOLD; i++) {
        if (kinds[i] == KIND(DIFFERENCE_KIND_UNSPECIFIED)) {
            continue;
        }
        assert_true(n < reply->n_differences);
        assert_int_equal(reply->differences[n]->kind, kinds[i]);
        assert_string_equal(reply->differences[n++]->host, told[i]->host);
    }
    assert_int_equal(n, reply->n_differences);
}

static void
test_every_answer_is_that_of_the_reference(void **state)
{
    struct ground *ground = *state;
    const char *given = getenv("KONTOR_TEST_SEED");
    dice = given == NULL ? (unsigned int)time(NULL)
                         : (unsigned int)strtoul(given, NULL, 10);
    print_message("KONTOR_TEST_SEED=%u\n", dice);
    for (int i = 0; i < N_WORLDS; i++) {
        struct place here[N_HERE];
        seed_world(ground, here);
        check_world(ground, here);
    }
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, ground_teardown)
    const struct CMUnitTest tests[] = {
        T(test_each_difference_is_told),
        T(test_what_is_told_is_matched_as_reports_are),
        T(test_what_the_source_lacks_is_told_of_a_whole_one),
        T(test_the_past_is_compared_as_it_was),
        T(test_a_field_nobody_compares_is_refused),
        T(test_every_answer_is_that_of_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
