/*
 * The whole life of orders: so many customers place in a closed loop, so many agents
 * claim, begin and complete. Measured until the last order that was placed is
 * delivered. Prints one JSON line.
 *
 * usage: life --server H:P --ca F --cert F --key F --agent-cert F --agent-key F
 *             --offer ID --project ID --prefix P [--agents N] [--callers N] [--seconds
 * S]
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/crew.h"
#include "tests/bench/transport.h"

enum { ID_SIZE = 160 };

struct customer {
    struct crew *crew;
    struct kontor *kontor;
    const char *project, *prefix;
    long number, n_placed;
    int64_t end_ns;
    pthread_t thread;
};

static void *
customer_run(void *context)
{
    struct customer *customer = context;
    while (bench_now_ns() < customer->end_ns) {
        char id[ID_SIZE];
        (void)snprintf(id, sizeof id, "%s-%ld-%ld", customer->prefix, customer->number,
                       customer->n_placed);
        crew_place(customer->kontor, customer->crew, customer->project, id);
        customer->n_placed++;
    }
    return NULL;
}

/* Answers how many were placed. */
static long
place_all(struct customer *customers, long n)
{
    long n_placed = 0;
    for (long i = 0; i < n; i++) {
        if (pthread_create(&customers[i].thread, NULL, customer_run, &customers[i]) !=
            0) {
            bench_die("no thread could be started");
        }
    }
    for (long i = 0; i < n; i++) {
        pthread_join(customers[i].thread, NULL);
        n_placed += customers[i].n_placed;
    }
    return n_placed;
}

static void
await_all(struct crew *crew, long n_placed)
{
    pthread_mutex_lock(&crew->lock);
    while (crew->n_delivered < n_placed) {
        pthread_cond_wait(&crew->changed, &crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
}

int
main(int argc, char **argv)
{
    struct crew crew;
    long n = bench_number(argc, argv, "--callers", 16);
    long seconds = bench_number(argc, argv, "--seconds", 3);
    struct customer *customers = calloc((size_t)n, sizeof *customers);
    if (customers == NULL) {
        bench_die("--callers is %ld", n);
    }
    crew_start(&crew, argc, argv);
    crew_await_idle(&crew);
    for (long i = 0; i < n; i++) {
        customers[i] =
            (struct customer){.crew = &crew,
                              .kontor = crew_connect(argc, argv, "--cert", "--key"),
                              .project = bench_option(argc, argv, "--project", NULL),
                              .prefix = bench_option(argc, argv, "--prefix", NULL),
                              .number = i,
                              .end_ns = bench_now_ns() + seconds * 1000000000};
    }
    int64_t began_ns = bench_now_ns();
    long n_placed = place_all(customers, n);
    double placed_s = (double)(bench_now_ns() - began_ns) / 1e9;
    await_all(&crew, n_placed);
    double took_s = (double)(bench_now_ns() - began_ns) / 1e9;
    printf("{\"calls\": %ld, \"per_second\": %.1f, \"placed_per_second\": %.1f, "
           "\"agents\": %ld, \"callers\": %ld}\n",
           n_placed, (double)n_placed / took_s, (double)n_placed / placed_s,
           crew.n_agents, n);
    crew_end(&crew);
    for (long i = 0; i < n; i++) {
        kontor_free(customers[i].kontor);
    }
    free(customers);
    return 0;
}
