/* Commands of the configuration. */
#include "tools/kontor/arguments.h"
#include "tools/kontor/commands.h"
#include "tools/kontor/options.h"
#include "tools/kontor/own.h"
#include "tools/kontor/run.h"

#define END_COLUMN                                                                     \
    {                                                                                  \
        NULL, NULL                                                                     \
    }

static const struct column sites_columns[] = {{"ID", "id"},
                                              {"NAME", "short_name"},
                                              {"OPERATOR GROUP", "operator_group"},
                                              {"COUNTRY", "country"},
                                              {"CERTIFICATION", "certification"},
                                              END_COLUMN};
static const struct column changes_columns[] = {{"SITE", "site"},
                                                {"AT", "changed_at"},
                                                {"FROM", "from"},
                                                {"TO", "to"},
                                                {"OVERRIDE", "is_override"},
                                                {"BY", "changed_by"},
                                                {"WHY", "reason"},
                                                END_COLUMN};
static const struct view changes_view = {"changes", changes_columns};
static const struct view sites_view = {"sites", sites_columns};
static const struct column endpoints_columns[] = {
    {"ID", "id"}, {"SITE", "site"}, {"HOST", "host"}, {"TYPE", "type"}, END_COLUMN};
static const struct view endpoints_view = {"endpoints", endpoints_columns};
static const struct column operator_groups_columns[] = {
    {"ID", "id"}, {"NAME", "name"}, {"DESCRIPTION", "description"}, END_COLUMN};
static const struct view operator_groups_view = {"operator_groups",
                                                 operator_groups_columns};
static const struct column groups_columns[] = {
    {"ID", "id"},        {"NAME", "name"},      {"ENDPOINTS", "endpoints#"},
    {"SITES", "sites#"}, {"GROUPS", "groups#"}, END_COLUMN};
static const struct view groups_view = {"groups", groups_columns};
static const struct column versions_columns[] = {{"HOST", "version.host"},
                                                 {"TYPE", "version.type"},
                                                 {"COMPONENT", "version.component"},
                                                 {"SEEN", "seen"},
                                                 {"AT", "seen_at"},
                                                 {"DECLARED", "declared"},
                                                 {"DRIFT", "is_drift"},
                                                 END_COLUMN};
static const struct view versions_view = {"versions", versions_columns};
static const struct column capacities_columns[] = {
    {"ID", "id"},     {"PROVIDER", "provider"}, {"NAME", "name"},
    {"UNIT", "unit"}, {"STEPS", "steps#"},      END_COLUMN};
static const struct view capacities_view = {"capacities", capacities_columns};
static const struct column plans_columns[] = {
    {"ID", "id"},           {"PROJECT", "project"},     {"TITLE", "title"},
    {"VERSION", "version"}, {"CHANGED", "modified_at"}, END_COLUMN};
static const struct view plans_view = {"plans", plans_columns};
static const struct column downtimes_columns[] = {{"ID", "id"},
                                                  {"SEVERITY", "severity"},
                                                  {"START", "start_at"},
                                                  {"END", "end_at"},
                                                  {"KIND", "classification"},
                                                  {"HITS", "affected#"},
                                                  {"CANCELLED", "is_cancelled"},
                                                  {"WHAT", "description"},
                                                  END_COLUMN};
static const struct view downtimes_view = {"downtimes", downtimes_columns};

const struct command config_commands[] = {
    {"config", "import", "Take records from files of another configuration database",
     NULL, files_argument, import_options, NULL, own_import, NULL},
    {"config", "export",
     "Write one of GOCDB's documents: get_ngi, get_site_list, get_site, get_service, "
     "get_service_group, get_downtime, get_downtime_nested_services, "
     "get_service_types or get_cert_status_changes; without one, or with --output "
     "json, our own records as JSON",
     NULL, document_argument, config_export_options, NULL, own_config_export, NULL},
    {"config", "watch", "Follow changes of sites, endpoints, groups and downtimes",
     "ConfigurationService/Watch", prefix_argument, watch_options, NULL, run_watch,
     NULL},
    {"config", "trace", "Show what carries an order, and what is ahead of it",
     "ConfigurationService/Trace", order_argument, as_of_options, NULL, own_trace,
     "order"},

    {"config", "impact",
     "Say who must be told of a downtime, and why: projects, orders, hours",
     "ConfigurationService/Impact", any_id_argument, impact_options, NULL, own_impact,
     "impact"},
    {"config", "site create", "Create the site a JSON file describes",
     "ConfigurationService/CreateSite", file_argument, create_options, NULL, own_create,
     NULL},
    {"config", "site update", "Change what a JSON file says of a site",
     "ConfigurationService/UpdateSite", file_argument, change_options, NULL, own_create,
     "site"},
    {"config", "site show", "Show a site", "ConfigurationService/GetSite", id_argument,
     as_of_options, NULL, run_call, NULL},
    {"config", "site list", "List sites", "ConfigurationService/ListSites", NULL,
     sites_options, &sites_view, run_list, NULL},
    {"config", "site delete", "Delete a site with no endpoint at it",
     "ConfigurationService/DeleteSite", id_argument, change_options, NULL, run_call,
     "site"},
    {"config", "site certify",
     "Move a site's certification: UNCERTIFIED, CERTIFIED, SUSPENDED or CLOSED",
     "ConfigurationService/MoveCertification", certify_arguments, certify_options, NULL,
     run_call, "site"},
    {"config", "site history", "List what became of the certification of sites",
     "ConfigurationService/ListCertificationChanges", NULL, changes_options,
     &changes_view, run_list, NULL},
    {"config", "endpoint create", "Create the endpoint a JSON file describes",
     "ConfigurationService/CreateEndpoint", file_argument, create_options, NULL,
     own_create, NULL},
    {"config", "endpoint update", "Change what a JSON file says of an endpoint",
     "ConfigurationService/UpdateEndpoint", file_argument, change_options, NULL,
     own_create, "endpoint"},
    {"config", "endpoint show", "Show an endpoint", "ConfigurationService/GetEndpoint",
     id_argument, as_of_options, NULL, run_call, NULL},
    {"config", "endpoint list", "List endpoints", "ConfigurationService/ListEndpoints",
     NULL, endpoints_options, &endpoints_view, run_list, NULL},
    {"config", "endpoint delete", "Delete an endpoint that carries nothing in use",
     "ConfigurationService/DeleteEndpoint", id_argument, change_options, NULL, run_call,
     "endpoint"},
    {"config", "operator-group create",
     "Create the operator group a JSON file describes",
     "ConfigurationService/CreateOperatorGroup", file_argument, create_options, NULL,
     own_create, "operator-group"},
    {"config", "operator-group update",
     "Change what a JSON file says of an operator group",
     "ConfigurationService/UpdateOperatorGroup", file_argument, change_options, NULL,
     own_create, "operator-group"},
    {"config", "operator-group show", "Show an operator group and whom to ask there",
     "ConfigurationService/GetOperatorGroup", id_argument, as_of_options, NULL,
     run_call, "operator-group"},
    {"config", "operator-group list", "List operator groups",
     "ConfigurationService/ListOperatorGroups", NULL, as_of_options,
     &operator_groups_view, run_list, "operator-group"},
    {"config", "operator-group delete",
     "Delete an operator group that no site belongs to",
     "ConfigurationService/DeleteOperatorGroup", id_argument, change_options, NULL,
     run_call, "operator-group"},
    {"config", "group create", "Create the group a JSON file describes",
     "ConfigurationService/CreateGroup", file_argument, create_options, NULL,
     own_create, NULL},
    {"config", "group update", "Change what a JSON file says of a group",
     "ConfigurationService/UpdateGroup", file_argument, change_options, NULL,
     own_create, "group"},
    {"config", "group show", "Show a group", "ConfigurationService/GetGroup",
     id_argument, as_of_options, NULL, run_call, "group"},
    {"config", "group list", "List groups", "ConfigurationService/ListGroups", NULL,
     as_of_options, &groups_view, run_list, NULL},
    {"config", "group delete", "Delete a group; what is in it stays",
     "ConfigurationService/DeleteGroup", id_argument, change_options, NULL, run_call,
     "group"},
    {"config", "reconcile",
     "Say what files of another configuration database have differently",
     "ConfigurationService/Reconcile", files_argument, reconcile_options, NULL,
     own_reconcile, "reconcile"},
    {"config", "version report",
     "Report what versions run where: files of SVMON's clients, JSON or lines",
     "ConfigurationService/ReportVersions", files_argument, report_options, NULL,
     own_report, "report"},
    {"config", "version list", "List what versions run where, beside those declared",
     "ConfigurationService/ListVersions", NULL, versions_options, &versions_view,
     run_list, NULL},
    {"config", "capacity create", "Create the capacity a JSON file describes",
     "ConfigurationService/CreateCapacity", file_argument, create_options, NULL,
     own_create, "capacity"},
    {"config", "capacity update", "Change what a JSON file says of a capacity",
     "ConfigurationService/UpdateCapacity", file_argument, change_options, NULL,
     own_create, "capacity"},
    {"config", "capacity show", "Show a capacity", "ConfigurationService/GetCapacity",
     id_argument, as_of_options, NULL, run_call, "capacity"},
    {"config", "capacity list", "List what providers have to give",
     "ConfigurationService/ListCapacities", NULL, capacities_options, &capacities_view,
     run_list, NULL},
    {"config", "capacity use",
     "List what is taken of a capacity, by which orders, and what is free when",
     "ConfigurationService/ListAllocations", capacity_argument, allocations_options,
     NULL, own_allocations, "capacity"},
    {"config", "plan validate",
     "Judge a data management plan (maDMP), without a broker; exit with 1 if it is not "
     "valid",
     NULL, file_argument, plan_validate_options, NULL, own_plan_validate, NULL},
    {"config", "plan import",
     "Hand over a data management plan; who is named in it loses the name first",
     "ConfigurationService/ImportPlan", file_argument, plan_import_options, NULL,
     own_plan_import, "plan"},
    {"config", "plan show", "Show a plan", "ConfigurationService/GetPlan", id_argument,
     as_of_options, NULL, run_call, "plan"},
    {"config", "plan list", "List plans", "ConfigurationService/ListPlans", NULL,
     plans_options, &plans_view, run_list, NULL},
    {"config", "plan propose",
     "Say what has to be ordered for a plan, and what it leaves open",
     "ConfigurationService/ProposeOrder", id_argument, propose_options, NULL,
     own_plan_propose, "plan"},
    {"config", "plan write-back",
     "Say what of a plan became true, as a patch for it (RFC 6902)",
     "ConfigurationService/WriteBackPlan", id_argument, write_back_options, NULL,
     own_plan_write_back, "plan"},
    {"config", "downtime declare", "Declare the downtime a JSON file describes",
     "ConfigurationService/DeclareDowntime", file_argument, create_options, NULL,
     own_create, NULL},
    {"config", "downtime revise",
     "Change what a JSON file says of a downtime: its times, severity, what it hits",
     "ConfigurationService/ReviseDowntime", file_argument, change_options, NULL,
     own_create, "downtime"},
    {"config", "downtime show", "Show a downtime", "ConfigurationService/GetDowntime",
     id_argument, as_of_options, NULL, run_call, NULL},
    {"config", "downtime list", "List downtimes", "ConfigurationService/ListDowntimes",
     NULL, downtimes_options, &downtimes_view, run_list, NULL},
    {"config", "downtime calendar",
     "Write downtimes as a calendar, iCalendar; those that were cancelled say so",
     "ConfigurationService/ListDowntimes", NULL, downtimes_options, NULL, own_calendar,
     NULL},
    {"config", "downtime cancel", "Cancel a downtime; it is kept as cancelled",
     "ConfigurationService/CancelDowntime", id_argument, reason_options, NULL, run_call,
     NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
