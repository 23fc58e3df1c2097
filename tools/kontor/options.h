/*
 * The options of the commands: tables that end with a row without a name.
 *
 * Memory: constant. Errors: none. Threads: any.
 */
#ifndef KONTOR_TOOLS_KONTOR_OPTIONS_H
#define KONTOR_TOOLS_KONTOR_OPTIONS_H

#include "tools/kontor/cli.h"

extern const struct option_row change_options[];
extern const struct option_row create_options[];
extern const struct option_row reason_options[];
extern const struct option_row words_options[];
extern const struct option_row move_options[];
extern const struct option_row submit_options[];
extern const struct option_row judge_options[];
extern const struct option_row template_options[];
extern const struct option_row bundle_options[];
extern const struct option_row opinion_options[];
extern const struct option_row opinions_options[];
extern const struct option_row audit_options[];
extern const struct option_row sample_options[];
extern const struct option_row cancel_options[];
extern const struct option_row decide_options[];
extern const struct option_row override_options[];
extern const struct option_row ask_options[];
extern const struct option_row answer_options[];
extern const struct option_row reschedule_options[];
extern const struct option_row hold_options[];
extern const struct option_row decide_cancel_options[];
extern const struct option_row message_options[];
extern const struct option_row watch_options[];
extern const struct option_row import_options[];
extern const struct option_row validate_options[];
extern const struct option_row export_options[];
extern const struct option_row config_export_options[];
extern const struct option_row search_options[];
extern const struct option_row services_options[];
extern const struct option_row project_options[];
extern const struct option_row orders_options[];
extern const struct option_row items_options[];
extern const struct option_row instances_options[];
extern const struct option_row place_options[];
extern const struct option_row open_options[];
extern const struct option_row agent_options[];
extern const struct option_row report_options[];
extern const struct option_row versions_options[];
extern const struct option_row capacities_options[];
extern const struct option_row allocations_options[];
extern const struct option_row reconcile_options[];
extern const struct option_row plan_validate_options[];
extern const struct option_row plan_import_options[];
extern const struct option_row plans_options[];
extern const struct option_row propose_options[];
extern const struct option_row write_back_options[];
extern const struct option_row impact_options[];
extern const struct option_row certify_options[];
extern const struct option_row changes_options[];
extern const struct option_row as_of_options[];
extern const struct option_row sites_options[];
extern const struct option_row endpoints_options[];
extern const struct option_row downtimes_options[];
extern const struct option_row registry_options[];
extern const struct option_row rotate_options[];
extern const struct option_row principal_options[];
extern const struct option_row revoke_options[];

#endif
