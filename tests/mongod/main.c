/* kontor-mongod: the server as a program, for tests that cross processes. */
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tests/mongod/control.h"

enum { FAULTS_MAX = 64, USAGE = 2 };

struct settings {
    struct mongod_options options;
    struct mongod_fault faults[FAULTS_MAX];
    size_t n_faults;
    bool is_controlled;
};

static const struct option long_options[] = {
    {"port", required_argument, NULL, 'p'},
    {"replica-set", no_argument, NULL, 'r'},
    {"ignore-txn", no_argument, NULL, 'i'},
    {"ferretdb", no_argument, NULL, 'd'},
    {"seed", required_argument, NULL, 's'},
    {"fault", required_argument, NULL, 'f'},
    {"control", no_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void
print_help(void)
{
    (void)printf(
        "usage: kontor-mongod [OPTION]...\n"
        "Speaks MongoDB's protocol on the loopback, keeps everything in memory, "
        "refuses\n"
        "what is outside of the portable subset, and plays faults. Prints one line\n"
        "\"ready URI\" when it listens; SIGTERM ends it.\n"
        "\n"
        "  --port N        the port; without it the system chooses\n"
        "  --replica-set   the primary of the set rs0 instead of a standalone\n"
        "  --ignore-txn    retried writes are applied again\n"
        "  --ferretdb      buildInfo says so\n"
        "  --seed N        of faults with a probability\n"
        "  --fault SPEC    ACTION[=MS][@COMMAND[/COLLECTION]][#NTH | %%PROBABILITY]"
        "[+TIMES];\n"
        "                  may come several times\n"
        "  --control       obeys lines of stdin, and ends with it; control.h lists "
        "them\n"
        "\n"
        "Actions:\n");
    for (int i = 0; i < MONGOD_N_ACTIONS; i++) {
        (void)printf("  %s\n", mongod_action_name((enum mongod_action)i));
    }
}

static bool
read_unsigned(const char *text, uint64_t max, uint64_t *out)
{
    enum { BASE = 10 };
    char *end = NULL;
    unsigned long long value = strtoull(text, &end, BASE);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value > max) {
        return false;
    }
    *out = value;
    return true;
}

static bool
read_fault(const char *text, struct settings *settings)
{
    return settings->n_faults < FAULTS_MAX &&
           mongod_fault_parse(text, &settings->faults[settings->n_faults++]);
}

static bool
read_option(int option, const char *argument, struct settings *settings)
{
    uint64_t number = 0;
    bool is_fine = true;
    switch (option) {
    case 'p':
        is_fine = read_unsigned(argument, UINT16_MAX, &number);
        settings->options.port = (uint16_t)number;
        break;
    case 's':
        is_fine = read_unsigned(argument, UINT64_MAX, &settings->options.seed);
        break;
    case 'f':
        is_fine = read_fault(argument, settings);
        break;
    case 'r':
        settings->options.is_replica_set = true;
        break;
    case 'i':
        settings->options.ignores_txn = true;
        break;
    case 'c':
        settings->is_controlled = true;
        break;
    case 'd':
        settings->options.is_ferretdb = true;
        break;
    default:
        return false;
    }
    if (!is_fine) {
        (void)fprintf(stderr, "kontor-mongod: not understood: %s\n", argument);
    }
    return is_fine;
}

/* Obeys lines until a signal comes, or the lines end. */
static void
obey(struct mongod *mongod, int signal_fd)
{
    enum { LINE_MAX_SIZE = 4096 };
    struct pollfd polled[] = {{.fd = signal_fd, .events = POLLIN},
                              {.fd = STDIN_FILENO, .events = POLLIN}};
    /* A line that waits in a buffer would not be polled for. */
    (void)setvbuf(stdin, NULL, _IONBF, 0);
    for (;;) {
        char line[LINE_MAX_SIZE];
        if (poll(polled, sizeof polled / sizeof *polled, -1) <= 0) {
            continue;
        }
        if (polled[0].revents != 0 || fgets(line, sizeof line, stdin) == NULL) {
            return;
        }
        mongod_control(mongod, line, stdout);
    }
}

static void
await_end(struct mongod *mongod, const struct settings *settings,
          const sigset_t *signals)
{
    int signal_number = 0;
    int signal_fd = settings->is_controlled ? signalfd(-1, signals, SFD_CLOEXEC) : -1;
    if (signal_fd == -1) {
        (void)sigwait(signals, &signal_number);
        return;
    }
    obey(mongod, signal_fd);
    close(signal_fd);
}

static int
serve(const struct settings *settings, const sigset_t *signals)
{
    struct mongod *mongod = mongod_start(&settings->options);
    if (mongod == NULL) {
        return EXIT_FAILURE;
    }
    mongod_script(mongod, settings->faults, settings->n_faults);
    (void)printf("ready %s\n", mongod_uri(mongod));
    (void)fflush(stdout);
    await_end(mongod, settings, signals);
    if (mongod_refused(mongod) != NULL) {
        (void)fprintf(stderr, "kontor-mongod: refused %s\n", mongod_refused(mongod));
    }
    mongod_stop(mongod);
    return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
    struct settings settings = {.n_faults = 0};
    sigset_t signals;
    /* Blocked before there is a second thread, so that none but sigwait gets them. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    for (;;) {
        int option = getopt_long(argc, argv, "", long_options, NULL);
        if (option == -1) {
            break;
        }
        if (option == 'h') {
            print_help();
            return EXIT_SUCCESS;
        }
        if (!read_option(option, optarg, &settings)) {
            return USAGE;
        }
    }
    if (optind < argc) {
        (void)fprintf(stderr, "kontor-mongod: not understood: %s\n", argv[optind]);
        return USAGE;
    }
    int status = serve(&settings, &signals);
    for (size_t i = 0; i < settings.n_faults; i++) {
        mongod_fault_done(&settings.faults[i]);
    }
    return status;
}
