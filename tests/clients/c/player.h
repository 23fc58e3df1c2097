/*
 * Plays the scenario of tests/clients on libkontor: what its files share.
 *
 * Memory: a player owns what its fields point to, until the program ends. Errors: a
 * step answers the status of its call; out of memory ends the program. Threads: one,
 * but for the agent's callbacks.
 */
#ifndef CLIENTS_PLAYER_H
#define CLIENTS_PLAYER_H

#include <jansson.h>
#include <kontor/kontor.h>

enum { N_NAMES = 4, N_SEEN = 512, SEEN_MAX = 200 };

/* A connection, and the files it was made with. */
struct caller {
    const char *who;
    char cert[512];
    char key[512];
    struct kontor *kontor;
};

/* A watch and all it saw. */
struct watching {
    struct kontor_watch *watch;
    char seen[N_SEEN][SEEN_MAX];
    size_t n_seen;
    const char *order; /* Names of states; "" = not seen yet. */
    const char *item;
};

/* What later steps need of earlier ones. */
struct player {
    const char *address;
    const char *language;
    char ca[512];
    struct caller callers[3];
    struct watching live;
    Kontor__V1__Position middle; /* Where the watch stood, */
    size_t n_middle;             /* and how many changes it had seen. */
    char session[300];
    struct {
        const char *name;
        Kontor__V1__ClaimResponse *claimed;
    } jobs[N_NAMES];
    struct {
        const char *name;
        char id[37];
        int64_t seq;
    } reports[N_NAMES];
};

/* One kind of step: puts what it saw into got. */
typedef enum kontor_status (*step_fn)(struct player *player, struct caller *caller,
                                      json_t *request, json_t *got,
                                      struct kontor_error *error);

struct operation {
    const char *name;
    step_fn run;
};
extern const struct operation portal_operations[];
extern const struct operation agent_operations[];

/* A text of a step's request; "" when it has none of that name. */
char *field(json_t *request, const char *name);
/* A whole number that is written as text. */
int64_t wide(json_t *request, const char *name);
/* The name of an enum's value. */
const char *name_of(const ProtobufCEnumDescriptor *descriptor, int value);
/* A value as proto3 JSON writes it; the caller's. */
json_t *value_text(const Kontor__V1__Value *value);
/* Values by their ids; the caller's. */
json_t *values_by_id(Kontor__V1__ParameterValue *const *values, size_t n);
/* Ends the program where memory has run out. */
void *must(void *memory);

#endif
