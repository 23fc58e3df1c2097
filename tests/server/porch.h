/*
 * Providers on their way in: the calls of onboarding, and a provider in any state.
 *
 * Memory: the shelf's. Errors: a test that fails. Threads: the test's.
 */
#ifndef KONTOR_TESTS_SERVER_PORCH_H
#define KONTOR_TESTS_SERVER_PORCH_H

#include "tests/server/shelf.h"

#define S(name) KONTOR__V1__PROVIDER_STATE__PROVIDER_##name
#define T(name) KONTOR__V1__TEMPLATE_STATE__TEMPLATE_##name
#define P(name) KONTOR__V1__PHASE__##name

/* The calls that move a provider, by what they come to. */
enum { SUBMIT, APPROVE, REJECT, SUSPEND, RESUME, RETIRE, N_CALLS };
extern const char *const porch_calls[N_CALLS];

/* Who asks for what. */
struct porch_doing {
    const struct principal *who;
    const char *id;
    const char *reason;
    bool is_override;
    bool is_validate_only;
    int64_t expected;
};

/* The calls; what they answer. porch_act makes the one of that number. */
enum status porch_submit(struct shelf *shelf, const struct porch_doing *doing,
                         struct error *error);
enum status porch_decide(struct shelf *shelf, const struct porch_doing *doing,
                         bool is_approved, struct error *error);
enum status porch_suspend(struct shelf *shelf, const struct porch_doing *doing,
                          Kontor__V1__SuspendProviderResponse **reply,
                          struct error *error);
enum status porch_resume(struct shelf *shelf, const struct porch_doing *doing,
                         struct error *error);
enum status porch_retire(struct shelf *shelf, const struct porch_doing *doing,
                         struct error *error);
enum status porch_act(struct shelf *shelf, int call, const struct porch_doing *doing,
                      struct error *error);
enum status porch_template(struct shelf *shelf, const struct porch_doing *doing,
                           bool is_approved, struct error *error);
enum status porch_delete(struct shelf *shelf, const struct principal *who,
                         const char *id, struct error *error);
enum status porch_move(struct shelf *shelf, const struct principal *who, const char *id,
                       Kontor__V1__Phase phase, const char *override,
                       struct error *error);
/* The operator of coast/new, and an order manager of its registry. */
const struct principal *porch_owner(struct shelf *shelf);
const struct principal *porch_shifter(struct shelf *shelf);
/* A provider that shows all it must. */
Kontor__V1__Provider *porch_whole(struct shelf *shelf, const char *id);
/* Creates it, as it must succeed. */
void porch_make(struct shelf *shelf, const struct principal *who,
                Kontor__V1__Provider *provider);
/* As it is stored. */
Kontor__V1__Provider *porch_stored(struct shelf *shelf, const char *id);
/* A call that must succeed: the owner submits, an admin does the rest. */
void porch_must(struct shelf *shelf, int call, const char *id);
/* Makes coast/new and takes it to a state. */
void porch_reach(struct shelf *shelf, Kontor__V1__ProviderState state);

#endif
