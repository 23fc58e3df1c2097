/* Reporting versions: files of a monitor's reports, sent in batches. */
#include <stdio.h>
#include <string.h>

#include "tools/import/svmon.h"
#include "tools/kontor/own.h"
#include "tools/kontor/run.h"
#include "tools/kontor/show.h"

enum { BATCH = 500 };

/* One run. */
struct reporting {
    struct cli *cli;
    struct svmon_reports reports;
    struct table table;
    size_t n_news, n_refused;
};

static void
show_result(struct reporting *reporting, const Kontor__V1__VersionReport *report,
            const Kontor__V1__VersionResult *result)
{
    struct cli *cli = reporting->cli;
    reporting->n_news += result->is_news ? 1 : 0;
    reporting->n_refused += result->n_violations > 0 ? 1 : 0;
    for (size_t i = 0; i < result->n_violations; i++) {
        show_line(stderr, "kontor: %s %s %s refused: %s: %s", report->host,
                  report->type, report->component, result->violations[i]->field,
                  result->violations[i]->description);
    }
    if (cli->is_json) {
        show_json(cli, &result->base);
    } else if (result->is_news) {
        show_cell(&reporting->table, report->host);
        show_cell(&reporting->table, report->type);
        show_cell(&reporting->table, report->component);
        show_cell(&reporting->table, result->before);
        show_cell(&reporting->table, report->version);
        show_cell(&reporting->table,
                  result->endpoint[0] == '\0' ? "not known" : result->endpoint);
    }
}

static int
send(struct reporting *reporting, size_t from, size_t n)
{
    struct cli *cli = reporting->cli;
    Kontor__V1__ReportVersionsRequest *request =
        (Kontor__V1__ReportVersionsRequest *)run_request(cli);
    Kontor__V1__ReportVersionsResponse *reply = NULL;
    if (request == NULL) {
        return EXIT_USAGE;
    }
    request->reports = reporting->reports.rows + from;
    request->n_reports = n;
    int failed = run_reply(cli, &request->base, &reply);
    if (failed != EXIT_DONE) {
        return failed;
    }
    for (size_t i = 0; i < n && i < reply->n_results; i++) {
        show_result(reporting, reporting->reports.rows[from + i], reply->results[i]);
    }
    kontor_reply_free(reply);
    return EXIT_DONE;
}

static int
read_files(struct reporting *reporting)
{
    struct cli *cli = reporting->cli;
    struct faults faults = {.arena = cli->arena};
    for (size_t i = 0; i < cli->n_arguments; i++) {
        (void)svmon_read(cli->arguments[i], cli->arena, &reporting->reports, &faults);
    }
    int failed = show_faults(&faults);
    if (failed != EXIT_DONE) {
        return failed;
    }
    for (size_t i = 0; i < reporting->reports.told.n_findings; i++) {
        show_finding(cli, &reporting->reports.told.findings[i]);
    }
    return EXIT_DONE;
}

static int
end(const struct reporting *reporting)
{
    struct cli *cli = reporting->cli;
    if (!cli->is_json) {
        show_print(&reporting->table);
        show_line(stdout, "%zu reports, %zu of them news", reporting->reports.n_rows,
                  reporting->n_news);
    }
    if (reporting->n_refused > 0) {
        return cli_fail(KONTOR_INVALID_ARGUMENT,
                        "%zu of %zu reports were refused; the others were taken",
                        reporting->n_refused, reporting->reports.n_rows);
    }
    return EXIT_DONE;
}

int
own_report(struct cli *cli)
{
    static const char *const titles[] = {"HOST", "TYPE",     "COMPONENT", "BEFORE",
                                         "NOW",  "ENDPOINT", NULL};
    struct reporting reporting = {.cli = cli, .table = show_table(cli->arena, titles)};
    int failed = read_files(&reporting);
    if (failed != EXIT_DONE) {
        return failed;
    }
    size_t n_all = reporting.reports.n_rows;
    for (size_t from = 0; from < n_all; from += BATCH) {
        failed = send(&reporting, from, n_all - from < BATCH ? n_all - from : BATCH);
        if (failed != EXIT_DONE) {
            return failed;
        }
    }
    return end(&reporting);
}
