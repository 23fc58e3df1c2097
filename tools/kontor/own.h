/*
 * Commands that do more than one call and one table.
 *
 * Memory: the arena of the run. Errors: the exit code. Threads: one, but for the
 * agent's.
 */
#ifndef KONTOR_TOOLS_KONTOR_OWN_H
#define KONTOR_TOOLS_KONTOR_OWN_H

#include "tools/kontor/cli.h"

int own_whoami(struct cli *cli);
int own_import(struct cli *cli);
int own_validate(struct cli *cli);
int own_search(struct cli *cli);
int own_move(struct cli *cli);
int own_waiting(struct cli *cli);
int own_end(struct cli *cli);
int own_check(struct cli *cli);
int own_opinion(struct cli *cli);
int own_diff(struct cli *cli);
int own_export(struct cli *cli);
int own_place(struct cli *cli);
/* Names in a request whom access details are sealed to, as the options say; false:
 * printed. */
bool own_seal_to(struct cli *cli, Kontor__V1__PlaceOrderRequest *request);
int own_open(struct cli *cli);
int own_order(struct cli *cli);
int own_history(struct cli *cli);
int own_decide_cancel(struct cli *cli);
int own_decide(struct cli *cli);
int own_override(struct cli *cli);
int own_agent(struct cli *cli);
int own_trace(struct cli *cli);
int own_impact(struct cli *cli);
int own_allocations(struct cli *cli);
int own_reconcile(struct cli *cli);
int own_plan_validate(struct cli *cli);
int own_plan_import(struct cli *cli);
int own_plan_propose(struct cli *cli);
int own_plan_write_back(struct cli *cli);
int own_report(struct cli *cli);
int own_config_export(struct cli *cli);
int own_calendar(struct cli *cli);
int own_create(struct cli *cli);
int own_principal(struct cli *cli);
int own_verify(struct cli *cli);
int own_backup(struct cli *cli);
int own_dev_ca(struct cli *cli);
int own_completion(struct cli *cli);

#endif
