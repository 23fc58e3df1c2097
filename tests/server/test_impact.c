/* Who is hit, against a reference that looks at every minute of every instance, on
 * seeded random sites, groups and downtimes; and what is told of it. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "server/configuration/reach.h"
#include "server/configuration/span.h"
#include "tests/server/ground.h"

enum {
    N_WORLDS = 50,
    N_QUESTIONS = 20, /* Of each world: a thousand cases. */
    N_SITES = 4,
    N_ENDPOINTS = 12,
    N_GROUPS = 4,
    N_DOWNTIMES = 10,
    N_INSTANCES = 8,
    N_MINUTES = 120,
    MADE = 20, /* The minute in which all instances are made: the clock's. */
    MINUTE_MS = 60 * 1000,
};

/* A world as the reference knows it: numbers, and who is in what. */
struct world {
    int site_of[N_ENDPOINTS];
    bool is_member[N_GROUPS][N_ENDPOINTS]; /* However deep. */
    struct {
        int from, until;
        bool is_cancelled, is_outage;
        /* By a whole site or a group, and by its own name, which counts; 0 = not so. */
        int wide_until[N_ENDPOINTS], named_until[N_ENDPOINTS];
        bool names[N_INSTANCES];
    } downtimes[N_DOWNTIMES];
    bool is_carried[N_INSTANCES][N_ENDPOINTS];
    int over[N_INSTANCES]; /* Nothing is hit from here on, nor before MADE. */
};

static unsigned int dice;

static int
roll(int sides)
{
    return rand_r(&dice) % sides;
}

static const char *
name_of(struct ground *ground, const char *kind, int i)
{
    return arena_print(ground->h->arena, "coast/%s%d", kind, i);
}

/* Of the later endpoints two stand on a host. */
static int
host_of(int endpoint)
{
    return endpoint < 4 ? endpoint : endpoint / 2 * 2;
}

static const char *
host_name(struct ground *ground, int endpoint)
{
    return arena_print(ground->h->arena, "h%d.example.org", host_of(endpoint));
}

static Google__Protobuf__Timestamp *
minute_at(struct ground *ground, int minute)
{
    return ground_time(ground->h, ((int64_t)minute - MADE) * MINUTE_MS);
}

static char **
add_text(struct ground *ground, char **texts, size_t *n, const char *text)
{
    char **more = arena_alloc(ground->h->arena, (*n + 1) * sizeof(*more));
    for (size_t i = 0; i < *n; i++) {
        more[i] = texts[i];
    }
    more[(*n)++] = (char *)(uintptr_t)text;
    return more;
}

static void
seed_places(struct ground *ground, struct world *world)
{
    for (int i = 0; i < N_SITES; i++) {
        Kontor__V1__Site *site =
            ground_site(ground->h, name_of(ground, "s", i),
                        arena_print(ground->h->arena, "SITE-%d", i));
        harness_seed(ground->h, KIND_SITE, site->id, &site->base, "=r:coast", "~*",
                     NULL);
    }
    for (int i = 0; i < N_ENDPOINTS; i++) {
        world->site_of[i] = roll(N_SITES);
        Kontor__V1__Endpoint *endpoint = ground_endpoint(
            ground->h, name_of(ground, "e", i), name_of(ground, "s", world->site_of[i]),
            host_name(ground, i), i % 2 ? "CE" : "SE");
        harness_seed(ground->h, KIND_ENDPOINT, endpoint->id, &endpoint->base,
                     "=r:coast", "~*", NULL);
    }
}

/* Groups hold those with smaller numbers, so none holds itself. */
static void
seed_groups(struct ground *ground, struct world *world)
{
    for (int i = 0; i < N_GROUPS; i++) {
        Kontor__V1__Group group = KONTOR__V1__GROUP__INIT;
        memset(world->is_member[i], 0, sizeof world->is_member[i]);
        for (int j = 0; j < i; j++) {
            if (roll(3) == 0) {
                group.groups = add_text(ground, group.groups, &group.n_groups,
                                        name_of(ground, "g", j));
                for (int k = 0; k < N_ENDPOINTS; k++) {
                    world->is_member[i][k] |= world->is_member[j][k];
                }
            }
        }
        for (int j = 0; j < N_SITES; j++) {
            if (roll(5) == 0) {
                group.sites = add_text(ground, group.sites, &group.n_sites,
                                       name_of(ground, "s", j));
                for (int k = 0; k < N_ENDPOINTS; k++) {
                    world->is_member[i][k] |= world->site_of[k] == j;
                }
            }
        }
        for (int k = 0; k < N_ENDPOINTS; k++) {
            if (roll(5) == 0) {
                group.endpoints = add_text(ground, group.endpoints, &group.n_endpoints,
                                           name_of(ground, "e", k));
                world->is_member[i][k] = true;
            }
        }
        harness_seed(ground->h, KIND_GROUP, name_of(ground, "g", i), &group.base,
                     "=r:coast", "~*", NULL);
    }
}

static void
note_hit(int *known, int until)
{
    *known = until > *known ? until : *known;
}

static int
until_of(const struct world *world, int downtime, int endpoint)
{
    int named = world->downtimes[downtime].named_until[endpoint];
    return named > 0 ? named : world->downtimes[downtime].wide_until[endpoint];
}

/* How an endpoint is named. */
enum way { BY_ID, BY_NAME, BY_SITE, BY_SITE_AND_TYPE, BY_SITE_AND_HOST, BY_HOST, WAYS };

static bool
is_meant_by(const struct world *world, enum way way, int endpoint, int other)
{
    bool is_site = world->site_of[other] == world->site_of[endpoint];
    bool is_type = other % 2 == endpoint % 2;
    bool is_host = host_of(other) == host_of(endpoint);
    switch (way) {
    case BY_SITE:
        return is_site;
    case BY_SITE_AND_TYPE:
        return is_site && is_type;
    case BY_SITE_AND_HOST:
        return is_site && is_host;
    case BY_HOST:
        return is_host;
    default:
        return other == endpoint;
    }
}

static void
seed_affected(struct ground *ground, struct world *world, int downtime,
              Kontor__V1__Downtime *record)
{
    int endpoint = roll(N_ENDPOINTS);
    int site = world->site_of[endpoint];
    const char *site_name = arena_print(ground->h->arena, "SITE-%d", site);
    const char *type = endpoint % 2 ? "CE" : "SE";
    int from = world->downtimes[downtime].from;
    int until = world->downtimes[downtime].until;
    enum way way = (enum way)roll(WAYS);
    bool is_wide = way == BY_SITE || way == BY_SITE_AND_TYPE;
    bool is_any_type = way == BY_SITE || way == BY_SITE_AND_HOST || way == BY_HOST;
    ground_affect(ground->h, record, way == BY_HOST ? "" : site_name,
                  is_wide ? "" : host_name(ground, endpoint), is_any_type ? "" : type);
    Kontor__V1__Affected *affected = record->affected[record->n_affected - 1];
    if (is_wide && roll(2) == 0) {
        affected->site_id = (char *)(uintptr_t)name_of(ground, "s", site);
        affected->site = "as it was called once";
    }
    if (way == BY_ID) {
        affected->endpoint = (char *)(uintptr_t)name_of(ground, "e", endpoint);
    }
    if (roll(3) == 0 && until - from > 1) {
        until = from + 1 + roll(until - from - 1);
        affected->end_at = minute_at(ground, until);
    }
    for (int k = 0; k < N_ENDPOINTS; k++) {
        if (is_meant_by(world, way, endpoint, k)) {
            note_hit(is_wide ? &world->downtimes[downtime].wide_until[k]
                             : &world->downtimes[downtime].named_until[k],
                     until);
        }
    }
}

static void
seed_downtime(struct ground *ground, struct world *world, int i)
{
    int from = roll(N_MINUTES - 20);
    int until = from + 1 + roll(N_MINUTES - from - 1);
    Kontor__V1__Downtime *record =
        ground_downtime(ground->h, name_of(ground, "d", i), 0, 0);
    record->start_at = minute_at(ground, from);
    record->end_at = minute_at(ground, until);
    world->downtimes[i].from = from;
    world->downtimes[i].until = until;
    world->downtimes[i].is_cancelled = roll(6) == 0;
    record->is_cancelled = world->downtimes[i].is_cancelled;
    world->downtimes[i].is_outage = roll(2) == 0;
    record->severity = world->downtimes[i].is_outage ? KONTOR__V1__SEVERITY__OUTAGE
                                                     : KONTOR__V1__SEVERITY__WARNING;
    memset(world->downtimes[i].wide_until, 0, sizeof world->downtimes[i].wide_until);
    memset(world->downtimes[i].named_until, 0, sizeof world->downtimes[i].named_until);
    memset(world->downtimes[i].names, 0, sizeof world->downtimes[i].names);
    for (int n = roll(3); n > 0; n--) {
        seed_affected(ground, world, i, record);
    }
    if (roll(3) == 0) {
        int group = roll(N_GROUPS);
        record->groups = add_text(ground, record->groups, &record->n_groups,
                                  name_of(ground, "g", group));
        for (int k = 0; k < N_ENDPOINTS; k++) {
            if (world->is_member[group][k]) {
                note_hit(&world->downtimes[i].wide_until[k], until);
            }
        }
    }
    if (roll(4) == 0) {
        int instance = roll(N_INSTANCES);
        world->downtimes[i].names[instance] = true;
        record->instances = add_text(
            ground, record->instances, &record->n_instances,
            arena_print(ground->h->arena, "hills/o-%d/i%d", instance / 3, instance));
    }
    harness_seed(ground->h, KIND_DOWNTIME, record->id, &record->base, "=r:coast", "~*",
                 NULL);
}

static void
seed_instance(struct ground *ground, struct world *world, int i)
{
    Kontor__V1__Instance instance = KONTOR__V1__INSTANCE__INIT;
    const char *id = arena_print(ground->h->arena, "hills/o-%d/i%d", i / 3, i);
    const char *carried[3] = {"~e:none", "~e:none", "~e:none"};
    memset(world->is_carried[i], 0, sizeof world->is_carried[i]);
    instance.order =
        (char *)(uintptr_t)arena_print(ground->h->arena, "hills/o-%d", i / 3);
    instance.project = "hills/p";
    world->over[i] = roll(3) == 0 ? roll(N_MINUTES) : INT_MAX;
    if (world->over[i] != INT_MAX) {
        instance.valid_until = minute_at(ground, world->over[i]);
    }
    for (int n = roll(4); n > 0; n--) {
        int endpoint = roll(N_ENDPOINTS);
        if (!world->is_carried[i][endpoint]) {
            carried[n - 1] = arena_print(ground->h->arena, "~e:coast/e%d", endpoint);
            world->is_carried[i][endpoint] = true;
        }
    }
    bool is_one = strcmp(carried[0], carried[1]) == 0;
    bool is_two =
        strcmp(carried[1], carried[2]) == 0 || strcmp(carried[0], carried[2]) == 0;
    harness_seed(ground->h, KIND_INSTANCE, id, &instance.base, "=r:hills", "=r:coast",
                 carried[0], is_one ? "~e:none1" : carried[1],
                 is_two ? "~e:none2" : carried[2], NULL);
}

static void
seed_world(struct ground *ground, struct world *world)
{
    seed_places(ground, world);
    seed_groups(ground, world);
    for (int i = 0; i < N_DOWNTIMES; i++) {
        seed_downtime(ground, world, i);
    }
    for (int i = 0; i < N_INSTANCES; i++) {
        seed_instance(ground, world, i);
    }
}

/* ---- The reference ---- */

/* What a question is about. */
struct question {
    int kind; /* 0 = downtime, 1 = site, 2 = endpoint, 3 = group. */
    int subject;
    int from, until;
};

static bool
is_meant(const struct world *world, const struct question *question, int endpoint)
{
    switch (question->kind) {
    case 0:
        return until_of(world, question->subject, endpoint) > 0;
    case 1:
        return world->site_of[endpoint] == question->subject;
    case 2:
        return endpoint == question->subject;
    default:
        return world->is_member[question->subject][endpoint];
    }
}

static bool
is_hit_at(const struct world *world, const struct question *question, int instance,
          int minute, bool is_outage_only)
{
    if (minute < MADE || minute >= world->over[instance]) {
        return false;
    }
    for (int d = 0; d < N_DOWNTIMES; d++) {
        bool is_asked = question->kind != 0 || d == question->subject;
        if (!is_asked || world->downtimes[d].is_cancelled ||
            minute < world->downtimes[d].from ||
            (is_outage_only && !world->downtimes[d].is_outage)) {
            continue;
        }
        if (world->downtimes[d].names[instance] && minute < world->downtimes[d].until) {
            return true;
        }
        for (int e = 0; e < N_ENDPOINTS; e++) {
            if (world->is_carried[instance][e] && is_meant(world, question, e) &&
                minute < until_of(world, d, e)) {
                return true;
            }
        }
    }
    return false;
}

/* Whether it is told of at all, hit or not. */
static bool
is_told(const struct world *world, const struct question *question, int instance)
{
    bool is_named =
        question->kind == 0 && world->downtimes[question->subject].names[instance];
    for (int e = 0; e < N_ENDPOINTS; e++) {
        is_named = is_named ||
                   (world->is_carried[instance][e] && is_meant(world, question, e));
    }
    return is_named;
}

static const Kontor__V1__ImpactedInstance *
told_of(const Kontor__V1__ImpactResponse *reply, const char *id)
{
    for (size_t i = 0; i < reply->n_instances; i++) {
        if (strcmp(reply->instances[i]->instance, id) == 0) {
            return reply->instances[i];
        }
    }
    return NULL;
}

/* All of an order's instances at once. */
static void
check_order(struct ground *ground, const struct world *world,
            const struct question *question, const Kontor__V1__ImpactedOrder *order)
{
    int number = atoi(strrchr(order->order, '-') + 1);
    int n_hit = 0, n_outage = 0;
    (void)ground;
    for (int minute = question->from; minute < question->until; minute++) {
        bool is_hit = false, is_outage = false;
        for (int i = 3 * number; i < 3 * number + 3 && i < N_INSTANCES; i++) {
            bool is_its = is_told(world, question, i);
            is_hit |= is_its && is_hit_at(world, question, i, minute, false);
            is_outage |= is_its && is_hit_at(world, question, i, minute, true);
        }
        n_hit += is_hit;
        n_outage += is_outage;
    }
    assert_int_equal(order->hit_seconds, 60 * n_hit);
    assert_int_equal(order->outage_seconds, 60 * n_outage);
    assert_string_equal(order->project, "hills/p");
}

static void
check(struct ground *ground, const struct world *world, const struct question *question,
      const Kontor__V1__ImpactResponse *reply)
{
    size_t n_told = 0;
    for (int i = 0; i < N_INSTANCES; i++) {
        const char *id = arena_print(ground->h->arena, "hills/o-%d/i%d", i / 3, i);
        const Kontor__V1__ImpactedInstance *told = told_of(reply, id);
        assert_int_equal(told != NULL, is_told(world, question, i));
        if (told == NULL) {
            continue;
        }
        int n_hit = 0, n_outage = 0;
        for (int minute = question->from; minute < question->until; minute++) {
            n_hit += is_hit_at(world, question, i, minute, false);
            n_outage += is_hit_at(world, question, i, minute, true);
        }
        assert_int_equal(told->hit_seconds, 60 * n_hit);
        assert_int_equal(told->outage_seconds, 60 * n_outage);
        assert_int_equal(told->n_downtimes > 0, n_hit > 0);
        n_told++;
    }
    assert_int_equal(reply->n_instances, n_told);
    for (size_t i = 0; i < reply->n_orders; i++) {
        check_order(ground, world, question, reply->orders[i]);
    }
}

static void
ask(struct ground *ground, const struct world *world)
{
    static const int sides[] = {N_DOWNTIMES, N_SITES, N_ENDPOINTS, N_GROUPS};
    static const char *const kinds[] = {"d", "s", "e", "g"};
    Kontor__V1__ImpactRequest request = KONTOR__V1__IMPACT_REQUEST__INIT;
    Kontor__V1__ImpactResponse *reply = NULL;
    struct question question = {.kind = roll(4)};
    question.subject = roll(sides[question.kind]);
    question.from = roll(N_MINUTES);
    question.until = question.from + 1 + roll(N_MINUTES);
    request.subject_case = (Kontor__V1__ImpactRequest__SubjectCase)(question.kind + 1);
    request.downtime =
        (char *)(uintptr_t)name_of(ground, kinds[question.kind], question.subject);
    request.from = minute_at(ground, question.from);
    request.until = minute_at(ground, question.until);
    assert_int_equal(harness_call(ground->h, ground->admin, GROUND_CALL("Impact"),
                                  &request, (void **)&reply, NULL),
                     STATUS_OK);
    check(ground, world, &question, reply);
}

static void
test_every_answer_is_that_of_the_reference(void **state)
{
    struct ground *ground = *state;
    struct world world;
    const char *given = getenv("KONTOR_TEST_SEED");
    unsigned int seed = given == NULL ? (unsigned int)time(NULL)
                                      : (unsigned int)strtoul(given, NULL, 10);
    print_message("KONTOR_TEST_SEED=%u\n", seed);
    dice = seed;
    for (int i = 0; i < N_WORLDS; i++) {
        seed_world(ground, &world);
        for (int j = 0; j < N_QUESTIONS; j++) {
            ask(ground, &world);
        }
    }
}

/* ---- What is told to whom ---- */

static Kontor__V1__ImpactResponse *
impact_of(struct ground *ground, const struct principal *who,
          Kontor__V1__ImpactRequest *request, enum status expected)
{
    Kontor__V1__ImpactResponse *reply = NULL;
    assert_int_equal(harness_call(ground->h, who, GROUND_CALL("Impact"), request,
                                  (void **)&reply, NULL),
                     expected);
    return reply;
}

static void
furnish(struct ground *ground)
{
    static struct world world;
    Kontor__V1__Instance instance = KONTOR__V1__INSTANCE__INIT;
    seed_places(ground, &world);
    Kontor__V1__Downtime *downtime =
        ground_downtime(ground->h, "coast/d", GROUND_HOUR_MS, 3 * GROUND_HOUR_MS);
    ground_affect(ground->h, downtime, "", "h1.example.org", "");
    assert_int_equal(ground_declare(ground, ground->admin, downtime, NULL, NULL),
                     STATUS_OK);
    instance.order = "hills/o-1";
    instance.project = "hills/p";
    instance.provider = "coast/hpc";
    instance.offer = "coast/hpc/vm";
    harness_seed(ground->h, KIND_INSTANCE, "hills/o-1/vm", &instance.base, "=r:hills",
                 "=r:coast", "~e:coast/e1", NULL);
}

static void
test_without_a_window_a_downtimes_own_counts(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__ImpactRequest request = KONTOR__V1__IMPACT_REQUEST__INIT;
    furnish(ground);
    request.subject_case = KONTOR__V1__IMPACT_REQUEST__SUBJECT_DOWNTIME;
    request.downtime = "coast/d";
    const Kontor__V1__ImpactResponse *reply =
        impact_of(ground, ground->admin, &request, STATUS_OK);
    assert_int_equal(reply->n_instances, 1);
    const Kontor__V1__ImpactedInstance *told = reply->instances[0];
    assert_string_equal(told->instance, "hills/o-1/vm");
    assert_string_equal(told->provider, "coast/hpc");
    assert_string_equal(told->offer, "coast/hpc/vm");
    assert_string_equal(told->endpoints[0], "coast/e1");
    assert_string_equal(told->downtimes[0], "coast/d");
    assert_int_equal(told->hit_seconds, 2 * 3600);
    assert_int_equal(reply->orders[0]->hit_seconds, 2 * 3600);
    assert_int_equal(reply->endpoint_count, 1);
    assert_false(reply->is_more);
}

static void
test_nobody_is_told_of_what_it_may_not_see(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__ImpactRequest request = KONTOR__V1__IMPACT_REQUEST__INIT;
    const struct principal *elsewhere =
        harness_principal(ground->h, "isles/ops", ROLE_BIT(OPERATOR), "r:isles", NULL);
    furnish(ground);
    request.subject_case = KONTOR__V1__IMPACT_REQUEST__SUBJECT_DOWNTIME;
    request.downtime = "coast/d";
    const Kontor__V1__ImpactResponse *reply =
        impact_of(ground, elsewhere, &request, STATUS_OK);
    assert_int_equal(reply->n_instances, 0);
    assert_int_equal(reply->n_orders, 0);
    assert_int_equal(impact_of(ground, ground->stranger, &request, STATUS_OK)->n_orders,
                     1);
}

static void
test_what_is_asked_has_to_be_there(void **state)
{
    struct ground *ground = *state;
    struct error error;
    Kontor__V1__ImpactRequest request = KONTOR__V1__IMPACT_REQUEST__INIT;
    for (int i = 1; i <= 4; i++) {
        request.subject_case = (Kontor__V1__ImpactRequest__SubjectCase)i;
        request.downtime = "coast/none";
        (void)impact_of(ground, ground->admin, &request, STATUS_NOT_FOUND);
    }
    furnish(ground);
    request.subject_case = KONTOR__V1__IMPACT_REQUEST__SUBJECT_DOWNTIME;
    request.downtime = "coast/d";
    request.from = ground_time(ground->h, GROUND_HOUR_MS);
    request.until = request.from;
    assert_int_equal(harness_call(ground->h, ground->admin, GROUND_CALL("Impact"),
                                  &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "until"));
    kontor__v1__impact_request__init(&request);
    assert_int_equal(harness_call(ground->h, ground->admin, GROUND_CALL("Impact"),
                                  &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
}

/* A downtime of one registry takes nothing of another's down: not by its id, not by its
 * name, not by a group it is in. */
static void
test_a_registry_hits_what_is_its_own(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__ImpactRequest request = KONTOR__V1__IMPACT_REQUEST__INIT;
    Kontor__V1__Group group = KONTOR__V1__GROUP__INIT;
    Kontor__V1__Downtime *theirs =
        ground_downtime(ground->h, "hills/d", 4 * GROUND_HOUR_MS, 6 * GROUND_HOUR_MS);
    furnish(ground);
    group.sites = add_text(ground, NULL, &group.n_sites, "coast/s0");
    group.endpoints = add_text(ground, NULL, &group.n_endpoints, "coast/e1");
    harness_seed(ground->h, KIND_GROUP, "coast/g", &group.base, "=r:coast", "~*", NULL);
    ground_affect(ground->h, theirs, "", "h1.example.org", "CE");
    theirs->affected[0]->endpoint = "coast/e1";
    theirs->groups = add_text(ground, NULL, &theirs->n_groups, "coast/g");
    harness_seed(ground->h, KIND_DOWNTIME, "hills/d", &theirs->base, "=r:hills", "~*",
                 NULL);
    request.subject_case = KONTOR__V1__IMPACT_REQUEST__SUBJECT_DOWNTIME;
    request.downtime = "hills/d";
    assert_int_equal(impact_of(ground, ground->admin, &request, STATUS_OK)->n_instances,
                     0);
    request.subject_case = KONTOR__V1__IMPACT_REQUEST__SUBJECT_ENDPOINT;
    request.endpoint = "coast/e1";
    assert_int_equal(
        impact_of(ground, ground->admin, &request, STATUS_OK)->orders[0]->hit_seconds,
        2 * 3600);
}

/* A whole site is hit by what it is, whatever it is called by then; and so is a host
 * with all that runs on it. */
static void
test_what_is_hit_stays_hit_under_another_name(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__ImpactRequest request = KONTOR__V1__IMPACT_REQUEST__INIT;
    Kontor__V1__UpdateSiteRequest rename = KONTOR__V1__UPDATE_SITE_REQUEST__INIT;
    Kontor__V1__ReviseDowntimeRequest revise =
        KONTOR__V1__REVISE_DOWNTIME_REQUEST__INIT;
    furnish(ground);
    const Kontor__V1__Endpoint *hit =
        harness_record(ground->h, KIND_ENDPOINT, "coast/e1");
    Kontor__V1__Site *site = harness_record(ground->h, KIND_SITE, hit->site);
    Kontor__V1__Downtime *downtime =
        ground_downtime(ground->h, "coast/whole", GROUND_HOUR_MS, 5 * GROUND_HOUR_MS);
    ground_affect(ground->h, downtime, site->short_name, "", "");
    assert_int_equal(ground_declare(ground, ground->admin, downtime, NULL, NULL),
                     STATUS_OK);
    site->short_name = "RENAMED";
    rename.site = site;
    assert_int_equal(harness_call(ground->h, ground->admin, GROUND_CALL("UpdateSite"),
                                  &rename, NULL, NULL),
                     STATUS_OK);
    request.subject_case = KONTOR__V1__IMPACT_REQUEST__SUBJECT_DOWNTIME;
    request.downtime = "coast/whole";
    for (int i = 0; i < 2; i++) {
        assert_int_equal(impact_of(ground, ground->admin, &request, STATUS_OK)
                             ->orders[0]
                             ->hit_seconds,
                         4 * 3600);
        downtime->description = "The same, in other words";
        revise.downtime = downtime;
        assert_int_equal(harness_call(ground->h, ground->admin,
                                      GROUND_CALL("ReviseDowntime"), &revise, NULL,
                                      NULL),
                         STATUS_OK);
    }
}

/* Where a version was seen last, and nowhere else. */
static void
test_a_version_is_asked_about_wherever_it_runs(void **state)
{
    static const struct {
        const char *component, *version;
        size_t n_orders;
    } rows[] = {{"ckan", "2.9", 1},   {"b2find.ckan", "2.9", 1},
                {"ckan", "", 1},      {"ckan", "2.8", 0},
                {"b2find", "2.9", 0}, {"b2find.ckan", "2.9.1", 0},
                {"b2find.", "", 0},   {"other", "", 0},
                {"b2find", "1", 1},   {"ckan.2", "2.9", 0}};
    struct ground *ground = *state;
    furnish(ground);
    for (size_t i = 0; i < 3; i++) {
        Kontor__V1__Version version = KONTOR__V1__VERSION__INIT;
        Kontor__V1__VersionSpan old = KONTOR__V1__VERSION_SPAN__INIT;
        Kontor__V1__VersionSpan last = KONTOR__V1__VERSION_SPAN__INIT;
        Kontor__V1__VersionSpan *spans[] = {&old, &last};
        old.version = "2.8";
        last.version = i == 2 ? "1" : "2.9";
        version.spans = spans;
        version.n_spans = 2;
        version.type = "b2find";
        version.component = i == 2 ? "" : "ckan";
        /* One is at nothing that is known here. */
        version.endpoint = i == 0 ? "" : "coast/e1";
        harness_seed(ground->h, KIND_VERSION,
                     arena_print(ground->h->arena, "coast/v-%zu", i), &version.base,
                     "=r:coast", "~*", NULL);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Kontor__V1__ImpactRequest request = KONTOR__V1__IMPACT_REQUEST__INIT;
        Kontor__V1__RunningVersion version = KONTOR__V1__RUNNING_VERSION__INIT;
        request.subject_case = KONTOR__V1__IMPACT_REQUEST__SUBJECT_VERSION;
        request.version = &version;
        version.component = (char *)(uintptr_t)rows[i].component;
        version.version = (char *)(uintptr_t)rows[i].version;
        const Kontor__V1__ImpactResponse *reply =
            impact_of(ground, ground->admin, &request, STATUS_OK);
        assert_int_equal(reply->n_orders, rows[i].n_orders);
        assert_int_equal(reply->endpoint_count, rows[i].n_orders);
        version.component = "";
        (void)impact_of(ground, ground->admin, &request, STATUS_INVALID_ARGUMENT);
    }
}

/* What several endpoints carry is one instance. */
static void
test_instances_are_counted_once_each(void **state)
{
    enum { N_CARRIED = 1700, N_CARRIERS = 3 };
    struct ground *ground = *state;
    Kontor__V1__ImpactRequest request = KONTOR__V1__IMPACT_REQUEST__INIT;
    Kontor__V1__Group group = KONTOR__V1__GROUP__INIT;
    furnish(ground);
    for (int i = 0; i < N_CARRIERS; i++) {
        group.endpoints = add_text(ground, group.endpoints, &group.n_endpoints,
                                   name_of(ground, "e", i));
    }
    harness_seed(ground->h, KIND_GROUP, "coast/g", &group.base, "=r:coast", "~*", NULL);
    for (int i = 0; i < N_CARRIED; i++) {
        Kontor__V1__Instance instance = KONTOR__V1__INSTANCE__INIT;
        instance.order = "hills/o-2";
        harness_seed(ground->h, KIND_INSTANCE,
                     arena_print(ground->h->arena, "hills/o-2/i%d", i), &instance.base,
                     "=r:hills", "=r:coast", "~e:coast/e0", "~e:coast/e1",
                     "~e:coast/e2", NULL);
    }
    request.subject_case = KONTOR__V1__IMPACT_REQUEST__SUBJECT_GROUP;
    request.group = "coast/g";
    const Kontor__V1__ImpactResponse *reply =
        impact_of(ground, ground->admin, &request, STATUS_OK);
    assert_int_equal(reply->n_instances, N_CARRIED + 1);
    assert_int_equal(reply->instances[1]->n_endpoints, N_CARRIERS);
    assert_false(reply->is_more);
}

/* More than is looked at is told as such, also of a group that a downtime hits. */
static void
test_what_is_left_out_is_told(void **state)
{
    enum { N_FULL = REACH_MAX / 1000 + 1, N_EACH = 1000 };
    struct ground *ground = *state;
    Kontor__V1__ImpactRequest request = KONTOR__V1__IMPACT_REQUEST__INIT;
    Kontor__V1__Downtime *downtime =
        ground_downtime(ground->h, "coast/d2", GROUND_HOUR_MS, 2 * GROUND_HOUR_MS);
    char *groups[N_FULL];
    furnish(ground);
    for (int i = 0; i < N_FULL; i++) {
        Kontor__V1__Group group = KONTOR__V1__GROUP__INIT;
        char *ids[N_EACH];
        for (int j = 0; j < N_EACH; j++) {
            ids[j] = (char *)(uintptr_t)name_of(ground, "gone", i * N_EACH + j);
        }
        group.endpoints = ids;
        group.n_endpoints = N_EACH;
        groups[i] = (char *)(uintptr_t)name_of(ground, "full", i);
        harness_seed(ground->h, KIND_GROUP, groups[i], &group.base, "=r:coast", "~*",
                     NULL);
    }
    Kontor__V1__Group all = KONTOR__V1__GROUP__INIT;
    all.groups = groups;
    all.n_groups = N_FULL;
    harness_seed(ground->h, KIND_GROUP, "coast/all", &all.base, "=r:coast", "~*", NULL);
    downtime->groups = (char *[]){"coast/all"};
    downtime->n_groups = 1;
    assert_int_equal(ground_declare(ground, ground->admin, downtime, NULL, NULL),
                     STATUS_OK);
    request.subject_case = KONTOR__V1__IMPACT_REQUEST__SUBJECT_GROUP;
    request.group = "coast/all";
    assert_true(impact_of(ground, ground->admin, &request, STATUS_OK)->is_more);
    request.subject_case = KONTOR__V1__IMPACT_REQUEST__SUBJECT_DOWNTIME;
    request.downtime = downtime->id;
    assert_true(impact_of(ground, ground->admin, &request, STATUS_OK)->is_more);
    request.downtime = "coast/d";
    assert_false(impact_of(ground, ground->admin, &request, STATUS_OK)->is_more);
}

/* As it was: neither the cancelling nor a later declaration counts. */
static void
test_the_past_is_as_it_was(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__ImpactRequest request = KONTOR__V1__IMPACT_REQUEST__INIT;
    Kontor__V1__CancelDowntimeRequest cancel =
        KONTOR__V1__CANCEL_DOWNTIME_REQUEST__INIT;
    Kontor__V1__AsOf as_of = KONTOR__V1__AS_OF__INIT;
    furnish(ground);
    as_of.point_case = KONTOR__V1__AS_OF__POINT_SEQ;
    as_of.seq = store_applied(ground->h->broker.store);
    cancel.id = "coast/d";
    cancel.reason = "done";
    assert_int_equal(harness_call(ground->h, ground->admin,
                                  GROUND_CALL("CancelDowntime"), &cancel, NULL, NULL),
                     STATUS_OK);
    request.subject_case = KONTOR__V1__IMPACT_REQUEST__SUBJECT_ENDPOINT;
    request.endpoint = "coast/e1";
    assert_int_equal(
        impact_of(ground, ground->admin, &request, STATUS_OK)->orders[0]->hit_seconds,
        0);
    request.as_of = &as_of;
    assert_int_equal(
        impact_of(ground, ground->admin, &request, STATUS_OK)->orders[0]->hit_seconds,
        2 * 3600);
    /* Hours count from then on, however long ago that is. */
    int64_t then_ms = clock_wall_ms(&ground->h->clock);
    clock_advance(&ground->h->clock, 240 * GROUND_HOUR_MS);
    assert_int_equal(
        impact_of(ground, ground->admin, &request, STATUS_OK)->orders[0]->hit_seconds,
        2 * 3600);
    as_of.point_case = KONTOR__V1__AS_OF__POINT_TIME;
    as_of.time = moment_new(ground->h->arena, then_ms + 2 * GROUND_HOUR_MS);
    request.as_of = &as_of;
    assert_int_equal(impact_of(ground, ground->admin, &request, STATUS_OK)->n_orders,
                     1);
}

/* ---- Spans ---- */

static void
test_what_overlaps_counts_once(void **state)
{
    static const struct {
        struct span spans[3];
        int64_t seconds;
    } rows[] = {
        {{{0, 1000}, {1000, 2000}, {2000, 3000}}, 3},
        {{{0, 5000}, {1000, 2000}, {4000, 6000}}, 6},
        {{{5000, 6000}, {0, 1000}, {0, 1000}}, 2},
        {{{0, 999}, {2000, 2000}, {4000, 3000}}, 0},
        {{{-5000, 500}, {9000, 20000}, {500, 1000}}, 2},
    };
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct spans spans = {.n_rows = 0};
        for (size_t j = 0; j < 3; j++) {
            spans_add(arena, &spans, rows[i].spans[j], (struct span){0, 10000});
        }
        assert_int_equal(spans_seconds(&spans), rows[i].seconds);
    }
    arena_free(arena);
}

#define GROUND_TEST(name)                                                              \
    cmocka_unit_test_setup_teardown(name, ground_setup, ground_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        GROUND_TEST(test_every_answer_is_that_of_the_reference),
        GROUND_TEST(test_without_a_window_a_downtimes_own_counts),
        GROUND_TEST(test_nobody_is_told_of_what_it_may_not_see),
        GROUND_TEST(test_a_registry_hits_what_is_its_own),
        GROUND_TEST(test_what_is_asked_has_to_be_there),
        GROUND_TEST(test_what_is_hit_stays_hit_under_another_name),
        GROUND_TEST(test_a_version_is_asked_about_wherever_it_runs),
        GROUND_TEST(test_instances_are_counted_once_each),
        GROUND_TEST(test_what_is_left_out_is_told),
        GROUND_TEST(test_the_past_is_as_it_was),
        cmocka_unit_test(test_what_overlaps_counts_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
