#include "tools/kontor/export_query.h"

#include <string.h>

#include "tools/kontor/options.h"

#define PATTERN "; % is anything, _ one character"

const struct option_row config_export_options[] = {
    {"as-of", "TIME|SEQ",
     "as it was then: a time such as 2026-11-23T20:00:00Z, or a position of the log",
     NULL, NULL, false, false},
    {"next-cursor", "N", "the page behind N, with links as GOCDB's; 0 = the first",
     NULL, NULL, false, false},
    {"prev-cursor", "N", "the page before N", NULL, NULL, false, false},
    {"sitename", "NAME", "sites called so, and services there" PATTERN, NULL, NULL,
     false, false},
    {"roc", "NAME", "sites of this operator group, and services there" PATTERN, NULL,
     NULL, false, false},
    {"country", "NAME", "sites in this country, and services there" PATTERN, NULL, NULL,
     false, false},
    {"certification-status", "STATUS",
     "sites that are Candidate, Uncertified, Certified, Suspended or Closed", NULL,
     NULL, false, false},
    {"exclude-certification-status", "STATUS", "sites that are not", NULL, NULL, false,
     false},
    {"production-status", "NAME", "sites of this infrastructure" PATTERN, NULL, NULL,
     false, false},
    {"hostname", "HOST", "services on this host" PATTERN, NULL, NULL, false, false},
    {"service-type", "TYPE", "services of this type" PATTERN, NULL, NULL, false, false},
    {"monitored", "Y|N", "services that are monitored, or are not", NULL, NULL, false,
     false},
    {"service-group-name", "NAME", "groups called so" PATTERN, NULL, NULL, false,
     false},
    {"topentity", "NAME",
     "downtimes of this host, site, operator group or country" PATTERN, NULL, NULL,
     false, false},
    {"ongoing-only", "yes|no", "downtimes that go on now, or then", NULL, NULL, false,
     false},
    {"startdate", "DATE", "downtimes that begin after it, such as 2026-12-01, UTC",
     NULL, NULL, false, false},
    {"enddate", "DATE", "downtimes that end before it", NULL, NULL, false, false},
    {"windowstart", "DATE", "downtimes that end after it", NULL, NULL, false, false},
    {"windowend", "DATE", "downtimes that begin less than a day after it", NULL, NULL,
     false, false},
    {"scope", "TAG,TAG...",
     "what has these scopes; of downtimes, what is hit; empty = all", NULL, NULL, false,
     false},
    {"scope-match", "all|any", "whether all of them, or any; all", NULL, NULL, false,
     false},
    {NULL, NULL, NULL, NULL, NULL, false, false},
};

/* What GOCDB calls certification_status is --certification-status. */
static const char *
option_of(enum gocdb_parameter parameter, struct arena *arena)
{
    char *name = arena_copy(arena, gocdb_query_name(parameter));
    for (char *at = strchr(name, '_'); at != NULL; at = strchr(at, '_')) {
        *at = '-';
    }
    return name;
}

static int
take_one(struct cli *cli, const struct gocdb_document *document,
         enum gocdb_parameter parameter, struct gocdb_query *query)
{
    const char *name = option_of(parameter, cli->arena);
    const char *value = cli_option(cli, name);
    const char *output = cli_option(cli, "output");
    if (value == NULL) {
        return EXIT_DONE;
    }
    if (document == NULL || (output != NULL && strcmp(output, "json") == 0)) {
        return cli_usage(cli, "--%s is for GOCDB's documents", name);
    }
    const char *wrong = gocdb_query_set(query, document, parameter, value, cli->arena);
    return wrong == NULL ? EXIT_DONE : cli_usage(cli, "--%s: %s", name, wrong);
}

int
export_query_take(struct cli *cli, const struct gocdb_document *document, int64_t now,
                  const struct gocdb_query **query)
{
    struct gocdb_query *made = arena_alloc(cli->arena, sizeof *made);
    bool is_asked = false;
    *query = NULL;
    made->now = now;
    for (int i = 0; i < GOCDB_N_PARAMETERS; i++) {
        int failed = take_one(cli, document, (enum gocdb_parameter)i, made);
        if (failed != EXIT_DONE) {
            return failed;
        }
        is_asked = is_asked || made->values[i] != NULL;
    }
    const char *wrong = gocdb_query_judge(made);
    if (wrong != NULL) {
        return cli_usage(cli, "%s", wrong);
    }
    *query = is_asked ? made : NULL;
    return EXIT_DONE;
}
