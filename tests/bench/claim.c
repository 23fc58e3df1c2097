/*
 * How soon an agent gets what became claimable, while so many wait in Claim; orders
 * that need nobody's approval are placed one after the other. Measured is from the
 * sending of PlaceOrder, whose commit makes the item claimable, to the job in the
 * agent's hands: what the customer's call takes is in it. Prints one JSON line, in
 * microseconds.
 *
 * usage: claim --server H:P --ca F --cert F --key F --agent-cert F --agent-key F
 *              --offer ID --project ID --prefix P [--agents N] [--orders N]
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/crew.h"
#include "tests/bench/transport.h"

enum { WARM_UP = 50, ID_SIZE = 160 };

/* One order, once all agents are idle again; what it took until it was claimed, and
 * until its customer was answered. */
static void
measure(struct kontor *customer, struct crew *crew, const char *project, char *id,
        int64_t took_us[2])
{
    crew_await_idle(crew);
    int64_t began_ns = bench_now_ns();
    crew_place(customer, crew, project, id);
    took_us[1] = (bench_now_ns() - began_ns) / 1000;
    pthread_mutex_lock(&crew->lock);
    while (crew->claimed_ns == 0) {
        pthread_cond_wait(&crew->changed, &crew->lock);
    }
    took_us[0] = (crew->claimed_ns - began_ns) / 1000;
    pthread_mutex_unlock(&crew->lock);
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
run(int argc, char **argv, struct kontor *customer, struct crew *crew)
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
        measure(customer, crew, project, id, took_us);
        if (i >= 0) {
            claims[i] = took_us[0];
            places[i] = took_us[1];
        }
    }
    printf("{");
    print("claim", claims, n);
    print("place", places, n);
    printf("\"agents\": %ld, \"orders\": %ld}\n", crew->n_agents, n);
    free(claims);
    free(places);
}

int
main(int argc, char **argv)
{
    struct crew crew;
    struct kontor *customer = crew_connect(argc, argv, "--cert", "--key");
    crew_start(&crew, argc, argv);
    run(argc, argv, customer, &crew);
    crew_end(&crew);
    kontor_free(customer);
    return 0;
}
