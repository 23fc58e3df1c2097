#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "server/base.h"
#include "server/config.h"
#include "server/daemon.h"
#include "server/maintain.h"

enum { EXIT_USAGE = 2, ERROR_SIZE = 1024 };

/* What the command line says. */
struct options {
    const char *config;
    const char *restore;
    const char *registry;
    const char *trust_domain;
    const char *bundle;
    const char *admin;
    const char *erase[2]; /* Kind and id. */
    const char *reason;
    const char *trim;
    bool is_check;
    bool is_init;
    bool is_rebuild;
    bool is_help;
    bool is_version;
    bool is_help_settings;
    bool is_man_settings;
    bool is_example;
};

/* One option; its values go where offset says, one behind the other. */
struct option_row {
    const char *name;
    const char *value; /* What it takes, for people; NULL = it is a flag. */
    int n_values;
    size_t offset;
    const char *help; /* NULL = not shown. */
};

#define FLAG(member) NULL, 0, offsetof(struct options, member)
#define VALUE(what, member) what, 1, offsetof(struct options, member)
#define PAIR(what, member) what, 2, offsetof(struct options, member)

static const struct option_row option_table[] = {
    {"--config", VALUE("FILE", config),
     "settings of the broker; needed for all but help"},
    {"--check", FLAG(is_check), "judge store, certificates and trust; change nothing"},
    {"--init", FLAG(is_init), "begin an empty store with its home registry:"},
    {"--registry", VALUE("ID", registry), "  short name of the home registry"},
    {"--trust-domain", VALUE("NAME", trust_domain), "  its SPIFFE trust domain"},
    {"--bundle", VALUE("FILE", bundle), "  PEM certificates of its authorities"},
    {"--admin", VALUE("URI", admin), "  SPIFFE name of its first admin"},
    {"--restore", VALUE("FILE", restore), "fill an empty store from a backup"},
    {"--rebuild", FLAG(is_rebuild), "make every document anew from the log"},
    {"--erase", PAIR("KIND ID", erase),
     "take the content of a record's old versions out of the log:"},
    {"--reason", VALUE("TEXT", reason), "  why, for the log"},
    {"--trim", VALUE("SEQ", trim),
     "put a base in the place of all commits up to a position"},
    {"--help-settings", FLAG(is_help_settings), "every setting, its default and range"},
    {"--example-settings", FLAG(is_example), "a commented file of settings"},
    {"--man-settings", FLAG(is_man_settings), NULL},
    {"--version", FLAG(is_version), "the version"},
    {"--help", FLAG(is_help), "this text"},
};

static void
help_print(FILE *out)
{
    (void)fprintf(out,
                  "usage: kontord --config FILE [OPTION...]\n"
                  "Kontor's broker. Without an option it serves until SIGTERM.\n\n");
    for (size_t i = 0; i < sizeof option_table / sizeof option_table[0]; i++) {
        const struct option_row *row = &option_table[i];
        char name[64];
        (void)snprintf(name, sizeof name, "%s %s", row->name,
                       row->value != NULL ? row->value : "");
        if (row->help != NULL) {
            (void)fprintf(out, "  %-22s %s\n", name, row->help);
        }
    }
}

static int
usage(const char *what, const char *about)
{
    (void)fprintf(stderr, "kontord: %s%s; see kontord --help\n", what, about);
    return EXIT_USAGE;
}

static const struct option_row *
option_find(const char *name)
{
    for (size_t i = 0; i < sizeof option_table / sizeof option_table[0]; i++) {
        if (strcmp(option_table[i].name, name) == 0) {
            return &option_table[i];
        }
    }
    return NULL;
}

static int
options_read(int argc, char **argv, struct options *options)
{
    for (int i = 1; i < argc; i++) {
        const struct option_row *row = option_find(argv[i]);
        if (row == NULL) {
            return usage("there is no option ", argv[i]);
        }
        /* The last of two equal options counts, as with most programs. */
        char *place = (char *)options + row->offset;
        if (row->value == NULL) {
            *(bool *)place = true;
        }
        if (argc - 1 - i < row->n_values) {
            return usage("a value is missing after ", argv[i]);
        }
        for (int n = 0; n < row->n_values; n++) {
            ((const char **)(void *)place)[n] = argv[++i];
        }
    }
    return EXIT_SUCCESS;
}

static int
init(struct base *base, const struct options *options)
{
    struct maintain_init begin = {.registry = options->registry,
                                  .trust_domain = options->trust_domain,
                                  .bundle_path = options->bundle,
                                  .admin = options->admin};
    /* None of the four has a default one could live with: registry and trust domain
     * stand in every id and certificate that follows. */
    bool is_whole = begin.registry != NULL && begin.trust_domain != NULL &&
                    begin.bundle_path != NULL && begin.admin != NULL;
    if (!is_whole) {
        return usage("--init needs --registry, --trust-domain, --bundle and --admin",
                     "");
    }
    return maintain_begin(base, &begin);
}

/* The reason is asked for, not made up: it is all that later readers of the log learn.
 */
static int
erase(struct base *base, const struct options *options)
{
    if (options->reason == NULL) {
        return usage("--erase needs --reason", "");
    }
    return maintain_erase(base, options->erase[0], options->erase[1], options->reason);
}

static int
trim(struct base *base, const struct options *options)
{
    char *end;
    errno = 0;
    long long up_to = strtoll(options->trim, &end, 10);
    if (errno != 0 || *end != '\0' || end == options->trim || up_to < 1) {
        return usage("--trim takes a position of the log, not ", options->trim);
    }
    return maintain_trim(base, up_to);
}

static int
run(const struct options *options, struct settings *settings)
{
    struct base base;
    /* The store holds what people wrote: it is nobody else's to read. */
    (void)umask(S_IRWXG | S_IRWXO);
    base_init(&base, settings);
    /* Before the settings are read: the time to ready is measured as whoever starts the
     * broker feels it. */
    int64_t started_ms = clock_monotonic_ms(&base.clock);
    char error[ERROR_SIZE] = "";
    if (config_load(settings, options->config, error, sizeof error) != STATUS_OK) {
        (void)fprintf(stderr, "kontord: %s\n", error);
        return EXIT_FAILURE;
    }
    if (options->is_check) {
        return maintain_check(&base);
    }
    if (options->is_init) {
        return init(&base, options);
    }
    if (options->restore != NULL) {
        return maintain_restore(&base, options->restore);
    }
    if (options->erase[0] != NULL) {
        return erase(&base, options);
    }
    if (options->trim != NULL) {
        return trim(&base, options);
    }
    return options->is_rebuild ? maintain_rebuild(&base)
                               : daemon_run(&base, started_ms);
}

/* Texts asked for; false: none was. */
static bool
texts_print(const struct options *options)
{
    if (options->is_help) {
        help_print(stdout);
    } else if (options->is_version) {
        (void)printf("kontord %s\n", KONTOR_VERSION);
    } else if (options->is_help_settings) {
        config_print_help(stdout);
    } else if (options->is_man_settings) {
        config_print_man(stdout);
    } else if (options->is_example) {
        config_print_example(stdout);
    } else {
        return false;
    }
    return true;
}

static int
main_run(int argc, char **argv)
{
    struct options options = {0};
    int code = options_read(argc, argv, &options);
    if (code != EXIT_SUCCESS) {
        return code;
    }
    /* Help needs no settings, and least of all correct ones. */
    if (texts_print(&options)) {
        return EXIT_SUCCESS;
    }
    int n_verbs = options.is_check + options.is_init + options.is_rebuild +
                  (options.restore != NULL ? 1 : 0) +
                  (options.erase[0] != NULL ? 1 : 0) + (options.trim != NULL ? 1 : 0);
    /* Each of them opens the store its own way; in which order they were meant nobody
     * could guess. */
    if (n_verbs > 1) {
        return usage(
            "--check, --init, --restore, --rebuild, --erase and --trim exclude "
            "each other",
            "");
    }
    if (options.config == NULL) {
        return usage("--config FILE is needed", "");
    }
    struct settings settings;
    config_defaults(&settings);
    code = run(&options, &settings);
    config_done(&settings);
    return code;
}

/* Whoever reads what was asked for must not take a part of it for the whole. */
static int
main_end(int code)
{
    int why = fflush(stdout) == 0 ? 0 : errno;
    if (why == 0 && ferror(stdout) != 0) {
        /* Why was said when it happened; writing again says it again. */
        clearerr(stdout);
        why = putchar('\n') == EOF || fflush(stdout) == EOF ? errno : EIO;
    }
    if (why == 0 || code != EXIT_SUCCESS) {
        return code;
    }
    (void)fprintf(stderr, "kontord: standard output: %s\n", strerror(why));
    return EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
    return main_end(main_run(argc, argv));
}
