#include "tests/mongod/control.h"

#include <inttypes.h>
#include <string.h>

#include "tests/mongod/command.h"

enum { FAULTS_MAX = 64 };

/* An answer is said where it is known, and once. */
static void
say_ok(FILE *out)
{
    (void)fprintf(out, "ok\n");
}

static void
obey_script(struct mongod *mongod, char *rest, FILE *out)
{
    struct mongod_fault faults[FAULTS_MAX];
    char *place = NULL;
    size_t n = 0;
    char *word = strtok_r(rest, " ", &place);
    while (word != NULL && n < FAULTS_MAX && mongod_fault_parse(word, &faults[n])) {
        n++;
        word = strtok_r(NULL, " ", &place);
    }
    if (word == NULL) {
        mongod_script(mongod, faults, n);
        say_ok(out);
    } else {
        (void)fprintf(out, "no not understood: %s\n", word);
    }
    while (n > 0) {
        mongod_fault_done(&faults[--n]);
    }
}

static void
obey_play(struct mongod *mongod, char *rest, FILE *out)
{
    struct mongod_fault fault;
    if (!mongod_fault_parse(rest, &fault) || fault.action < MONGOD_STEPDOWN) {
        (void)fprintf(out, "no such state: %s\n", rest);
        return;
    }
    mongod_play(mongod, fault.action, fault.ms);
    mongod_fault_done(&fault);
    say_ok(out);
}

static void
obey_settle(struct mongod *mongod, char *rest, FILE *out)
{
    (void)rest;
    mongod_settle(mongod);
    say_ok(out);
}

static void
obey_pause(struct mongod *mongod, char *rest, FILE *out)
{
    (void)rest;
    mongod_pause(mongod);
    say_ok(out);
}

static void
obey_resume(struct mongod *mongod, char *rest, FILE *out)
{
    (void)rest;
    (void)fprintf(out, "%s\n", mongod_resume(mongod) ? "ok" : "no listener");
}

static void
obey_wipe(struct mongod *mongod, char *rest, FILE *out)
{
    (void)rest;
    mongod_wipe(mongod);
    say_ok(out);
}

static void
obey_count(struct mongod *mongod, char *rest, FILE *out)
{
    if (mongod_command_place(rest) == -1) {
        (void)fprintf(out, "no such command: %s\n", rest);
        return;
    }
    (void)fprintf(out, "ok %" PRIu64 "\n", mongod_count(mongod, rest));
}

static void
obey_refused(struct mongod *mongod, char *rest, FILE *out)
{
    const char *refused = mongod_refused(mongod);
    (void)rest;
    (void)fprintf(out, "ok %s\n", refused == NULL ? "" : refused);
}

static void
obey_forgive(struct mongod *mongod, char *rest, FILE *out)
{
    (void)rest;
    mongod_forgive(mongod);
    say_ok(out);
}

static const struct {
    const char *name;
    void (*obey)(struct mongod *mongod, char *rest, FILE *out);
} verbs[] = {
    {"script", obey_script}, {"play", obey_play},       {"settle", obey_settle},
    {"pause", obey_pause},   {"resume", obey_resume},   {"wipe", obey_wipe},
    {"count", obey_count},   {"refused", obey_refused}, {"forgive", obey_forgive},
};

void
mongod_control(struct mongod *mongod, char *line, FILE *out)
{
    line[strcspn(line, "\r\n")] = '\0';
    char *rest = line + strcspn(line, " ");
    if (*rest != '\0') {
        *rest++ = '\0';
    }
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].name, line) == 0) {
            verbs[i].obey(mongod, rest, out);
            (void)fflush(out);
            return;
        }
    }
    (void)fprintf(out, "no such verb: %s\n", line);
    (void)fflush(out);
}
