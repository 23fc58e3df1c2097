/* What is taken of a capacity, by whom, and what is free of it when. */
#include <stdio.h>

#include "tools/kontor/own.h"
#include "tools/kontor/path.h"
#include "tools/kontor/run.h"
#include "tools/kontor/show.h"

/* Pages as they come. */
struct taken {
    struct cli *cli;
    struct table rows, outlook;
};

static const char *
amount(struct cli *cli, const Kontor__V1__Amount *amount)
{
    return amount == NULL
               ? ""
               : arena_print(cli->arena, "%s %s", amount->value, amount->unit);
}

static void
add_row(struct taken *taken, const Kontor__V1__AllocationRow *row)
{
    struct cli *cli = taken->cli;
    const Kontor__V1__Allocation *allocation = row->allocation;
    show_cell(&taken->rows, row->id);
    show_cell(&taken->rows, row->project);
    show_cell(&taken->rows, row->offer);
    show_cell(&taken->rows, allocation == NULL ? "" : amount(cli, allocation->amount));
    show_cell(&taken->rows,
              allocation == NULL ? "" : path_time(allocation->until, cli->arena));
}

static void
add_outlook(struct taken *taken, const Kontor__V1__CapacityOutlook *outlook)
{
    struct cli *cli = taken->cli;
    show_cell(&taken->outlook, path_time(outlook->from, cli->arena));
    show_cell(&taken->outlook, amount(cli, outlook->offered));
    show_cell(&taken->outlook, amount(cli, outlook->allocated));
    show_cell(&taken->outlook, amount(cli, outlook->requested));
    show_cell(&taken->outlook, outlook->is_short ? "none: too much is taken"
                                                 : amount(cli, outlook->free));
}

static void
take_page(const ProtobufCMessage *message, void *context)
{
    const Kontor__V1__ListAllocationsResponse *page = (const void *)message;
    struct taken *taken = context;
    if (taken->cli->is_json) {
        show_json(taken->cli, message);
        return;
    }
    for (size_t i = 0; i < page->n_allocations; i++) {
        add_row(taken, page->allocations[i]);
    }
    for (size_t i = 0; i < page->n_outlook; i++) {
        add_outlook(taken, page->outlook[i]);
    }
}

int
own_allocations(struct cli *cli)
{
    static const char *const row_titles[] = {"TAKEN BY", "PROJECT", "OFFER",
                                             "AMOUNT",   "UNTIL",   NULL};
    static const char *const outlook_titles[] = {"FROM",      "OFFERED", "ALLOCATED",
                                                 "REQUESTED", "FREE",    NULL};
    struct taken taken = {.cli = cli,
                          .rows = show_table(cli->arena, row_titles),
                          .outlook = show_table(cli->arena, outlook_titles)};
    ProtobufCMessage *request = run_request(cli);
    if (request == NULL) {
        return EXIT_USAGE;
    }
    int failed = cli_connect(cli);
    if (failed != EXIT_DONE) {
        return failed;
    }
    if (run_pages(cli, cli->command->method, request, take_page, &taken) != KONTOR_OK) {
        return cli_failed(cli);
    }
    if (!cli->is_json) {
        show_print(&taken.rows);
        show_print(&taken.outlook);
    }
    return EXIT_DONE;
}
