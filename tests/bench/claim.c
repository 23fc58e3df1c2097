/*
 * How soon an agent gets what became claimable, while so many wait: each agent has a
 * connection and a session of its own and waits in Claim; orders that need nobody's
 * approval are placed one after the other. Measured is from the sending of PlaceOrder,
 * whose commit makes the item claimable, to the job in the agent's hands: what the
 * customer's call takes is in it. Prints one JSON line, in microseconds.
 *
 * usage: claim --server H:P --ca F --cert F --key F --agent-cert F --agent-key F
 *              --offer ID --project ID --prefix P [--agents N] [--orders N]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/kontor.h"
#include "tests/bench/transport.h"

enum { WARM_UP = 50, LEASE_S = 3600, WAIT_S = 60, DEADLINE_MS = 90000, ID_SIZE = 160 };

struct bench {
    const char *offer;
    long n_agents;
    pthread_mutex_t lock; /* Guards all below. */
    pthread_cond_t changed;
    long n_waiting;
    int64_t claimed_ns; /* When the last order's job came; 0 = not yet. */
    bool is_over;
};

struct agent {
    struct bench *bench;
    struct kontor *kontor;
    char session[ID_SIZE];
    pthread_t thread;
};

static void
must(enum kontor_status status, const char *what, const struct kontor_error *error)
{
    if (status != KONTOR_OK) {
        bench_die("%s: %s", what, error->message);
    }
}

static struct kontor *
connect_as(int argc, char **argv, const char *cert, const char *key)
{
    struct kontor_options where = {.server = bench_option(argc, argv, "--server", NULL),
                                   .ca_file = bench_option(argc, argv, "--ca", NULL),
                                   .cert_file = bench_option(argc, argv, cert, NULL),
                                   .key_file = bench_option(argc, argv, key, NULL),
                                   .deadline_ms = DEADLINE_MS};
    struct kontor *kontor = NULL;
    struct kontor_error error = {0};
    must(kontor_connect(&where, &kontor, &error), "connect", &error);
    return kontor;
}

/* ---- Agents ---- */

static void
agent_register(struct agent *agent)
{
    Kontor__V1__RegisterAgentRequest request = KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
    Kontor__V1__Session *session = NULL;
    struct kontor_error error = {0};
    char *offers[] = {(char *)(uintptr_t)agent->bench->offer};
    request.offers = offers;
    request.n_offers = 1;
    request.lease_seconds = LEASE_S;
    must(kontor_register_agent(agent->kontor, &request, &session, &error), "register",
         &error);
    (void)snprintf(agent->session, sizeof agent->session, "%s", session->id);
    kontor_reply_free(session);
}

static void
agent_deliver(struct agent *agent, const Kontor__V1__ClaimedJob *job)
{
    Kontor__V1__BeginRequest begin = KONTOR__V1__BEGIN_REQUEST__INIT;
    Kontor__V1__CompleteRequest complete = KONTOR__V1__COMPLETE_REQUEST__INIT;
    Kontor__V1__Delivery delivery = KONTOR__V1__DELIVERY__INIT;
    struct kontor_error error = {0};
    begin.item = complete.item = job->item;
    begin.fence = complete.fence = job->fence;
    begin.intent = delivery.backend_id = job->intent;
    complete.delivery = &delivery;
    must(kontor_begin(agent->kontor, &begin, NULL, &error), "begin", &error);
    must(kontor_complete(agent->kontor, &complete, NULL, &error), "complete", &error);
}

/* Answers whether the bench goes on. */
static bool
agent_wait(struct agent *agent)
{
    struct bench *bench = agent->bench;
    Kontor__V1__ClaimRequest request = KONTOR__V1__CLAIM_REQUEST__INIT;
    Kontor__V1__ClaimResponse *reply = NULL;
    struct kontor_error error = {0};
    request.session = agent->session;
    request.wait_seconds = WAIT_S;
    enum kontor_status status = kontor_claim(agent->kontor, &request, &reply, &error);
    int64_t now_ns = bench_now_ns();
    bool has_job = status == KONTOR_OK && reply->n_jobs > 0;
    pthread_mutex_lock(&bench->lock);
    bool is_over = bench->is_over;
    if (has_job) {
        bench->n_waiting--;
        bench->claimed_ns = now_ns;
        pthread_cond_broadcast(&bench->changed);
    }
    pthread_mutex_unlock(&bench->lock);
    if (!is_over) {
        must(status, "claim", &error);
    }
    if (has_job) {
        agent_deliver(agent, reply->jobs[0]);
        pthread_mutex_lock(&bench->lock);
        bench->n_waiting++;
        pthread_cond_broadcast(&bench->changed);
        pthread_mutex_unlock(&bench->lock);
    }
    kontor_reply_free(reply);
    kontor_error_done(&error);
    return !is_over;
}

static void *
agent_run(void *context)
{
    struct agent *agent = context;
    struct bench *bench = agent->bench;
    agent_register(agent);
    pthread_mutex_lock(&bench->lock);
    bench->n_waiting++;
    pthread_cond_broadcast(&bench->changed);
    pthread_mutex_unlock(&bench->lock);
    while (agent_wait(agent)) {
    }
    return NULL;
}

/* ---- Orders ---- */

static void
place(struct kontor *customer, const struct bench *bench, const char *project, char *id)
{
    Kontor__V1__NewItem item = KONTOR__V1__NEW_ITEM__INIT;
    Kontor__V1__PlaceOrderRequest request = KONTOR__V1__PLACE_ORDER_REQUEST__INIT;
    Kontor__V1__NewItem *items[] = {&item};
    struct kontor_error error = {0};
    item.id = (char *)(uintptr_t) "storage";
    item.offer = (char *)(uintptr_t)bench->offer;
    request.id = id;
    request.project = (char *)(uintptr_t)project;
    request.items = items;
    request.n_items = 1;
    must(kontor_place_order(customer, &request, NULL, &error), "place", &error);
}

/* One order, once all agents are idle again; what it took until it was claimed, and
 * until its customer was answered. */
static void
measure(struct kontor *customer, struct bench *bench, const char *project, char *id,
        int64_t took_us[2])
{
    pthread_mutex_lock(&bench->lock);
    while (bench->n_waiting < bench->n_agents) {
        pthread_cond_wait(&bench->changed, &bench->lock);
    }
    bench->claimed_ns = 0;
    pthread_mutex_unlock(&bench->lock);
    int64_t began_ns = bench_now_ns();
    place(customer, bench, project, id);
    took_us[1] = (bench_now_ns() - began_ns) / 1000;
    pthread_mutex_lock(&bench->lock);
    while (bench->claimed_ns == 0) {
        pthread_cond_wait(&bench->changed, &bench->lock);
    }
    took_us[0] = (bench->claimed_ns - began_ns) / 1000;
    pthread_mutex_unlock(&bench->lock);
}

static int
compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void
print(const char *name, int64_t *took_us, long n)
{
    qsort(took_us, (size_t)n, sizeof *took_us, compare);
    printf("\"%s_p50_us\": %lld, \"%s_p99_us\": %lld, ", name,
           (long long)took_us[(n - 1) / 2], name,
           (long long)took_us[(n - 1) * 99 / 100]);
}

static void
run(int argc, char **argv, struct kontor *customer, struct bench *bench)
{
    const char *project = bench_option(argc, argv, "--project", NULL);
    const char *prefix = bench_option(argc, argv, "--prefix", NULL);
    long n = bench_number(argc, argv, "--orders", 1000);
    int64_t *claims = calloc((size_t)n, sizeof *claims);
    int64_t *places = calloc((size_t)n, sizeof *places);
    if (n < 1 || claims == NULL || places == NULL) {
        bench_die("--orders is %ld", n);
    }
    for (long i = -WARM_UP; i < n; i++) {
        char id[ID_SIZE];
        int64_t took_us[2];
        (void)snprintf(id, sizeof id, "%s-%ld", prefix, i + WARM_UP);
        measure(customer, bench, project, id, took_us);
        if (i >= 0) {
            claims[i] = took_us[0];
            places[i] = took_us[1];
        }
    }
    printf("{");
    print("claim", claims, n);
    print("place", places, n);
    printf("\"agents\": %ld, \"orders\": %ld}\n", bench->n_agents, n);
    free(claims);
    free(places);
}

int
main(int argc, char **argv)
{
    struct bench bench = {.offer = bench_option(argc, argv, "--offer", NULL),
                          .n_agents = bench_number(argc, argv, "--agents", 100),
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .changed = PTHREAD_COND_INITIALIZER};
    struct kontor *customer = connect_as(argc, argv, "--cert", "--key");
    struct agent *agents = calloc((size_t)bench.n_agents, sizeof *agents);
    if (agents == NULL) {
        bench_die("--agents is %ld", bench.n_agents);
    }
    for (long i = 0; i < bench.n_agents; i++) {
        agents[i].bench = &bench;
        agents[i].kontor = connect_as(argc, argv, "--agent-cert", "--agent-key");
        if (pthread_create(&agents[i].thread, NULL, agent_run, &agents[i]) != 0) {
            bench_die("no thread could be started");
        }
    }
    run(argc, argv, customer, &bench);
    pthread_mutex_lock(&bench.lock);
    bench.is_over = true;
    pthread_mutex_unlock(&bench.lock);
    for (long i = 0; i < bench.n_agents; i++) {
        kontor_close(agents[i].kontor);
        pthread_join(agents[i].thread, NULL);
        kontor_free(agents[i].kontor);
    }
    kontor_free(customer);
    free(agents);
    return 0;
}
