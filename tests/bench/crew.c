#include "tests/bench/crew.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/transport.h"

enum { LEASE_S = 3600, WAIT_S = 60, DEADLINE_MS = 90000, ID_SIZE = 160 };

struct crew_agent {
    struct crew *crew;
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

struct kontor *
crew_connect(int argc, char **argv, const char *cert, const char *key)
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

static void
agent_register(struct crew_agent *agent)
{
    Kontor__V1__RegisterAgentRequest request = KONTOR__V1__REGISTER_AGENT_REQUEST__INIT;
    Kontor__V1__Session *session = NULL;
    struct kontor_error error = {0};
    char *offers[] = {(char *)(uintptr_t)agent->crew->offer};
    request.offers = offers;
    request.n_offers = 1;
    request.lease_seconds = LEASE_S;
    must(kontor_register_agent(agent->kontor, &request, &session, &error), "register",
         &error);
    (void)snprintf(agent->session, sizeof agent->session, "%s", session->id);
    kontor_reply_free(session);
}

static void
agent_deliver(struct crew_agent *agent, const Kontor__V1__ClaimedJob *job)
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
agent_wait(struct crew_agent *agent)
{
    struct crew *crew = agent->crew;
    Kontor__V1__ClaimRequest request = KONTOR__V1__CLAIM_REQUEST__INIT;
    Kontor__V1__ClaimResponse *reply = NULL;
    struct kontor_error error = {0};
    request.session = agent->session;
    request.wait_seconds = WAIT_S;
    enum kontor_status status = kontor_claim(agent->kontor, &request, &reply, &error);
    int64_t now_ns = bench_now_ns();
    bool has_job = status == KONTOR_OK && reply->n_jobs > 0;
    pthread_mutex_lock(&crew->lock);
    bool is_over = crew->is_over;
    if (has_job) {
        crew->n_waiting--;
        crew->claimed_ns = now_ns;
        pthread_cond_broadcast(&crew->changed);
    }
    pthread_mutex_unlock(&crew->lock);
    if (!is_over) {
        must(status, "claim", &error);
    }
    if (has_job) {
        agent_deliver(agent, reply->jobs[0]);
        pthread_mutex_lock(&crew->lock);
        crew->n_waiting++;
        crew->n_delivered++;
        pthread_cond_broadcast(&crew->changed);
        pthread_mutex_unlock(&crew->lock);
    }
    kontor_reply_free(reply);
    kontor_error_done(&error);
    return !is_over;
}

static void *
agent_run(void *context)
{
    struct crew_agent *agent = context;
    struct crew *crew = agent->crew;
    agent_register(agent);
    pthread_mutex_lock(&crew->lock);
    crew->n_waiting++;
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
    while (agent_wait(agent)) {
    }
    return NULL;
}

void
crew_place(struct kontor *customer, const struct crew *crew, const char *project,
           char *id)
{
    Kontor__V1__NewItem item = KONTOR__V1__NEW_ITEM__INIT;
    Kontor__V1__PlaceOrderRequest request = KONTOR__V1__PLACE_ORDER_REQUEST__INIT;
    Kontor__V1__NewItem *items[] = {&item};
    struct kontor_error error = {0};
    item.id = (char *)(uintptr_t) "storage";
    item.offer = (char *)(uintptr_t)crew->offer;
    request.id = id;
    request.project = (char *)(uintptr_t)project;
    request.items = items;
    request.n_items = 1;
    must(kontor_place_order(customer, &request, NULL, &error), "place", &error);
}

void
crew_start(struct crew *crew, int argc, char **argv)
{
    *crew = (struct crew){.offer = bench_option(argc, argv, "--offer", NULL),
                          .n_agents = bench_number(argc, argv, "--agents", 100),
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .changed = PTHREAD_COND_INITIALIZER};
    crew->agents = calloc((size_t)crew->n_agents, sizeof *crew->agents);
    if (crew->agents == NULL) {
        bench_die("--agents is %ld", crew->n_agents);
    }
    for (long i = 0; i < crew->n_agents; i++) {
        struct crew_agent *agent = &crew->agents[i];
        agent->crew = crew;
        agent->kontor = crew_connect(argc, argv, "--agent-cert", "--agent-key");
        if (pthread_create(&agent->thread, NULL, agent_run, agent) != 0) {
            bench_die("no thread could be started");
        }
    }
}

void
crew_await_idle(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    while (crew->n_waiting < crew->n_agents) {
        pthread_cond_wait(&crew->changed, &crew->lock);
    }
    crew->claimed_ns = 0;
    pthread_mutex_unlock(&crew->lock);
}

void
crew_end(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->is_over = true;
    pthread_mutex_unlock(&crew->lock);
    for (long i = 0; i < crew->n_agents; i++) {
        kontor_close(crew->agents[i].kontor);
        pthread_join(crew->agents[i].thread, NULL);
        kontor_free(crew->agents[i].kontor);
    }
    free(crew->agents);
}
