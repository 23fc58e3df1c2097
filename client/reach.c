#include "client/reach.h"

#include <stdio.h>
#include <string.h>

#include "client/error.h"

/*
 * What gRPC 1.51 says when no connection came up; all else is said of a call that was
 * on its way. An address without a usable security setting is not counted as one, hence
 * its "empty address list".
 */
struct reach_row {
    const char *said;
    enum kontor_status status;
    const char *reason;
};

static const struct reach_row reach_rows[] = {
    {"empty address list", KONTOR_INVALID_ARGUMENT, "CONNECTION_SETTINGS"},
    {"failed to connect to all addresses", KONTOR_UNAVAILABLE, "UNREACHABLE"},
    {"DNS resolution failed", KONTOR_UNAVAILABLE, "UNREACHABLE"},
};

/* The first that stands anywhere in gRPC's text. */
struct reach_cure {
    const char *said;
    const char *cure;
};

static const struct reach_cure reach_cures[] = {
    {"empty address list",
     "ca, cert or key holds no usable PEM, or the key does not belong to the "
     "certificate"},
    {"DNS resolution failed", "the name is not known: is the address right?"},
    {"Connection refused",
     "nothing listens there: is the broker running, and is the address right?"},
    {"certificate verify failed",
     "its certificate is not of the authorities given (ca), or is out of date"},
    {"not in peer certificate",
     "its certificate is for another name: call it by the name in there"},
    {"wrong version number",
     "what answers there speaks no TLS: is it the broker's port?"},
    {"ocket closed",
     "it hung up: does it know the authority of your certificate, and is it a broker?"},
    {"Connection reset",
     "it hung up: does it know the authority of your certificate, and is it a broker?"},
};

static const char *
reach_cure(const char *said)
{
    for (size_t i = 0; i < sizeof reach_cures / sizeof reach_cures[0]; i++) {
        if (strstr(said, reach_cures[i].said) != NULL) {
            return reach_cures[i].cure;
        }
    }
    return NULL;
}

/* The text goes through a buffer of its own: what gRPC said goes with the old one. */
static void
reach_say(struct kontor_error *error, const struct reach_row *row, const char *server)
{
    char said[512];
    snprintf(said, sizeof said, "%s", error->message);
    const char *cure = reach_cure(said);
    error_set(error, row->status, row->reason, "cannot reach the broker at %s: %s",
              server, cure == NULL ? said : cure);
}

/*
 * A deadline that gRPC counted has no words of a broker either. Its reason stays empty:
 * whether it is an unknown outcome depends on the call.
 */
void
reach_explain(struct kontor_error *error, const char *server)
{
    if (error->status == KONTOR_DEADLINE_EXCEEDED) {
        error_set(error, KONTOR_DEADLINE_EXCEEDED, "",
                  "the broker at %s did not answer in time: is it reachable, and is it "
                  "a broker?",
                  server);
        return;
    }
    if (error->status != KONTOR_UNAVAILABLE) {
        return;
    }
    for (size_t i = 0; i < sizeof reach_rows / sizeof reach_rows[0]; i++) {
        const char *said = reach_rows[i].said;
        if (strncmp(error->message, said, strlen(said)) == 0) {
            reach_say(error, &reach_rows[i], server);
            return;
        }
    }
}

bool
reach_is_unsent(const struct kontor_error *error)
{
    return error_is(error, "UNREACHABLE") || error_is(error, "CONNECTION_SETTINGS");
}
