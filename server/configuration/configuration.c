#include "server/configuration/configuration.h"

#include "kontor/v1/configuration_service.pb-c.h"
#include "server/catalogue/finding.h"
#include "server/configuration/capacity.h"
#include "server/configuration/certification.h"
#include "server/configuration/downtime.h"
#include "server/configuration/endpoint.h"
#include "server/configuration/group.h"
#include "server/configuration/impact.h"
#include "server/configuration/operator_group.h"
#include "server/configuration/plan.h"
#include "server/configuration/reconcile.h"
#include "server/configuration/site.h"
#include "server/configuration/trace.h"
#include "server/configuration/version.h"
#include "server/rpc/import.h"
#include "server/rpc/record.h"
#include "server/rpc/stream.h"

enum {
    IMPORT_BYTES = 2 << 20, /* An import takes up to 500 records or so many bytes. */
    PLAN_BYTES = 320 << 10, /* A plan's document, and what is said beside it. */
};

/* Whose site it is, the scope decides; these roles only say who writes configuration at
 * all. */
#define WRITERS (ROLE_BIT(SITE_ADMIN) | ROLE_BIT(ADMIN))
/* What a provider has to give, its operators say and its side sees. */
#define PROVIDERS (ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN))
#define PROVIDER_SIDE                                                                  \
    (PROVIDERS | ROLE_BIT(SHIFTER) | ROLE_BIT(AGENT) | ROLE_BIT(APPROVER))
/* Whose data it is plans it, as projects are made; who decides about orders on that
 * side reads it, too. */
#define PLANNERS (ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN))
#define PLAN_READERS (PLANNERS | ROLE_BIT(APPROVER))
#define CERTIFIERS ROLE_BIT(CERTIFIER)
/* Who may read an order may trace it. A reader may not: what carries an order is part
 * of the order. */
#define TRACERS                                                                        \
    (ROLE_BIT(PORTAL) | ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER) | ROLE_BIT(OPERATOR) |  \
     ROLE_BIT(AGENT) | ROLE_BIT(ADMIN) | ROLE_BIT(PEER))

/* What is referred to stands first, but records may come in any order: what refers to a
 * later one is a finding. */
static const struct import_part parts[] = {
    {"operator_group", "operator_group_fields", &operator_group_record, NULL},
    {"site", "site_fields", &site_import_record, site_find},
    {"certification_change", "certification_change_fields",
     &certification_change_record, NULL},
    {"endpoint", "endpoint_fields", &endpoint_record, finding_endpoint},
    {"group", "group_fields", &group_record, NULL},
    {"downtime", "downtime_fields", &downtime_import_record, NULL},
    {NULL, NULL, NULL, NULL},
};

static enum status
decide_import(struct call *call, const void *request, struct decision *decision)
{
    return import_decide(call, request, decision, parts);
}

static const struct row_batch import_batch = {
    .count = import_count,
    .decide = decide_import,
    .note = import_note,
    .reply = import_reply,
};

static const struct row rows[] = {
    {
        .path = "/kontor.v1.ConfigurationService/CreateSite",
        .request = &kontor__v1__create_site_request__descriptor,
        .reply = &kontor__v1__site__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_create,
        .answer = record_answer,
        .record = &site_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/GetSite",
        .request = &kontor__v1__get_site_request__descriptor,
        .reply = &kontor__v1__site__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_get,
        .record = &site_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/ListSites",
        .request = &kontor__v1__list_sites_request__descriptor,
        .reply = &kontor__v1__list_sites_response__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_list,
        .record = &site_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/UpdateSite",
        .request = &kontor__v1__update_site_request__descriptor,
        .reply = &kontor__v1__site__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_update,
        .answer = record_answer,
        .record = &site_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/DeleteSite",
        .request = &kontor__v1__delete_site_request__descriptor,
        .reply = &kontor__v1__delete_site_response__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_delete,
        .answer = record_delete_answer,
        .record = &site_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/MoveCertification",
        .request = &kontor__v1__move_certification_request__descriptor,
        .reply = &kontor__v1__site__descriptor,
        .klass = CLASS_WRITE,
        .roles = CERTIFIERS,
        .is_mutation = true,
        .decide = certification_decide,
        .answer = certification_answer,
    },
    {
        .path = "/kontor.v1.ConfigurationService/ListCertificationChanges",
        .request = &kontor__v1__list_certification_changes_request__descriptor,
        .reply = &kontor__v1__list_certification_changes_response__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_list,
        .record = &certification_change_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/CreateEndpoint",
        .request = &kontor__v1__create_endpoint_request__descriptor,
        .reply = &kontor__v1__endpoint__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_create,
        .answer = record_answer,
        .record = &endpoint_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/GetEndpoint",
        .request = &kontor__v1__get_endpoint_request__descriptor,
        .reply = &kontor__v1__endpoint__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_get,
        .record = &endpoint_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/ListEndpoints",
        .request = &kontor__v1__list_endpoints_request__descriptor,
        .reply = &kontor__v1__list_endpoints_response__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_list,
        .record = &endpoint_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/UpdateEndpoint",
        .request = &kontor__v1__update_endpoint_request__descriptor,
        .reply = &kontor__v1__endpoint__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_update,
        .answer = record_answer,
        .record = &endpoint_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/DeleteEndpoint",
        .request = &kontor__v1__delete_endpoint_request__descriptor,
        .reply = &kontor__v1__delete_endpoint_response__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_delete,
        .answer = record_delete_answer,
        .record = &endpoint_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/CreateOperatorGroup",
        .request = &kontor__v1__create_operator_group_request__descriptor,
        .reply = &kontor__v1__operator_group__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_create,
        .answer = record_answer,
        .record = &operator_group_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/GetOperatorGroup",
        .request = &kontor__v1__get_operator_group_request__descriptor,
        .reply = &kontor__v1__operator_group__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_get,
        .record = &operator_group_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/ListOperatorGroups",
        .request = &kontor__v1__list_operator_groups_request__descriptor,
        .reply = &kontor__v1__list_operator_groups_response__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_list,
        .record = &operator_group_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/UpdateOperatorGroup",
        .request = &kontor__v1__update_operator_group_request__descriptor,
        .reply = &kontor__v1__operator_group__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_update,
        .answer = record_answer,
        .record = &operator_group_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/DeleteOperatorGroup",
        .request = &kontor__v1__delete_operator_group_request__descriptor,
        .reply = &kontor__v1__delete_operator_group_response__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_delete,
        .answer = record_delete_answer,
        .record = &operator_group_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/CreateGroup",
        .request = &kontor__v1__create_group_request__descriptor,
        .reply = &kontor__v1__group__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_create,
        .answer = record_answer,
        .record = &group_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/GetGroup",
        .request = &kontor__v1__get_group_request__descriptor,
        .reply = &kontor__v1__group__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_get,
        .record = &group_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/ListGroups",
        .request = &kontor__v1__list_groups_request__descriptor,
        .reply = &kontor__v1__list_groups_response__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_list,
        .record = &group_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/UpdateGroup",
        .request = &kontor__v1__update_group_request__descriptor,
        .reply = &kontor__v1__group__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_update,
        .answer = record_answer,
        .record = &group_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/DeleteGroup",
        .request = &kontor__v1__delete_group_request__descriptor,
        .reply = &kontor__v1__delete_group_response__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_delete,
        .answer = record_delete_answer,
        .record = &group_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/DeclareDowntime",
        .request = &kontor__v1__declare_downtime_request__descriptor,
        .reply = &kontor__v1__downtime__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_create,
        .answer = record_answer,
        .record = &downtime_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/ReviseDowntime",
        .request = &kontor__v1__revise_downtime_request__descriptor,
        .reply = &kontor__v1__downtime__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_update,
        .answer = record_answer,
        .record = &downtime_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/CancelDowntime",
        .request = &kontor__v1__cancel_downtime_request__descriptor,
        .reply = &kontor__v1__downtime__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = downtime_cancel,
        .answer = downtime_cancel_answer,
    },
    {
        .path = "/kontor.v1.ConfigurationService/GetDowntime",
        .request = &kontor__v1__get_downtime_request__descriptor,
        .reply = &kontor__v1__downtime__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_get,
        .record = &downtime_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/ListDowntimes",
        .request = &kontor__v1__list_downtimes_request__descriptor,
        .reply = &kontor__v1__list_downtimes_response__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_list,
        .record = &downtime_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/ReportVersions",
        .request = &kontor__v1__report_versions_request__descriptor,
        .reply = &kontor__v1__report_versions_response__descriptor,
        .klass = CLASS_WRITE,
        .roles = ROLE_BIT(MONITOR),
        .is_mutation = true,
        .batch = &version_batch,
    },
    {
        .path = "/kontor.v1.ConfigurationService/ListVersions",
        .request = &kontor__v1__list_versions_request__descriptor,
        .reply = &kontor__v1__list_versions_response__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = version_list,
    },
    {
        .path = "/kontor.v1.ConfigurationService/Reconcile",
        .request = &kontor__v1__reconcile_request__descriptor,
        .reply = &kontor__v1__reconcile_response__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = reconcile_decide,
    },
    {
        .path = "/kontor.v1.ConfigurationService/CreateCapacity",
        .request = &kontor__v1__create_capacity_request__descriptor,
        .reply = &kontor__v1__capacity__descriptor,
        .klass = CLASS_WRITE,
        .roles = PROVIDERS,
        .is_mutation = true,
        .decide = record_create,
        .answer = record_answer,
        .record = &capacity_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/GetCapacity",
        .request = &kontor__v1__get_capacity_request__descriptor,
        .reply = &kontor__v1__capacity__descriptor,
        .klass = CLASS_READ,
        .roles = PROVIDER_SIDE,
        .decide = record_get,
        .record = &capacity_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/ListCapacities",
        .request = &kontor__v1__list_capacities_request__descriptor,
        .reply = &kontor__v1__list_capacities_response__descriptor,
        .klass = CLASS_READ,
        .roles = PROVIDER_SIDE,
        .decide = record_list,
        .record = &capacity_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/UpdateCapacity",
        .request = &kontor__v1__update_capacity_request__descriptor,
        .reply = &kontor__v1__capacity__descriptor,
        .klass = CLASS_WRITE,
        .roles = PROVIDERS,
        .is_mutation = true,
        .decide = record_update,
        .answer = record_answer,
        .record = &capacity_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/ListAllocations",
        .request = &kontor__v1__list_allocations_request__descriptor,
        .reply = &kontor__v1__list_allocations_response__descriptor,
        .klass = CLASS_READ,
        .roles = PROVIDER_SIDE,
        .decide = capacity_list_allocations,
    },
    {
        .path = "/kontor.v1.ConfigurationService/ImportPlan",
        .request = &kontor__v1__import_plan_request__descriptor,
        .reply = &kontor__v1__import_plan_response__descriptor,
        .klass = CLASS_WRITE,
        .roles = PLANNERS,
        .max_request = PLAN_BYTES,
        .is_mutation = true,
        .decide = plan_import_decide,
        .answer = plan_import_answer,
    },
    {
        .path = "/kontor.v1.ConfigurationService/GetPlan",
        .request = &kontor__v1__get_plan_request__descriptor,
        .reply = &kontor__v1__plan__descriptor,
        .klass = CLASS_READ,
        .roles = PLAN_READERS,
        .decide = record_get,
        .record = &plan_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/ListPlans",
        .request = &kontor__v1__list_plans_request__descriptor,
        .reply = &kontor__v1__list_plans_response__descriptor,
        .klass = CLASS_READ,
        .roles = PLAN_READERS,
        .decide = record_list,
        .record = &plan_record,
    },
    {
        .path = "/kontor.v1.ConfigurationService/ProposeOrder",
        .request = &kontor__v1__propose_order_request__descriptor,
        .reply = &kontor__v1__propose_order_response__descriptor,
        .klass = CLASS_READ,
        .roles = PLANNERS,
        .decide = plan_propose_decide,
    },
    {
        .path = "/kontor.v1.ConfigurationService/WriteBackPlan",
        .request = &kontor__v1__write_back_plan_request__descriptor,
        .reply = &kontor__v1__write_back_plan_response__descriptor,
        .klass = CLASS_READ,
        .roles = PLANNERS,
        .decide = plan_write_back_decide,
    },
    {
        .path = "/kontor.v1.ConfigurationService/Import",
        .request = &kontor__v1__configuration_import_request__descriptor,
        .reply = &kontor__v1__configuration_import_response__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .max_request = IMPORT_BYTES,
        .is_mutation = true,
        .batch = &import_batch,
    },
    {
        .path = "/kontor.v1.ConfigurationService/Export",
        .request = &kontor__v1__export_request__descriptor,
        .reply = &kontor__v1__watch_response__descriptor,
        .kind = ROW_SERVER_STREAM,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .stream = &stream_export_configuration,
    },
    {
        .path = "/kontor.v1.ConfigurationService/Watch",
        .request = &kontor__v1__watch_request__descriptor,
        .reply = &kontor__v1__watch_response__descriptor,
        .kind = ROW_SERVER_STREAM,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .stream = &stream_configuration,
    },
    {
        .path = "/kontor.v1.ConfigurationService/Trace",
        .request = &kontor__v1__trace_request__descriptor,
        .reply = &kontor__v1__trace_response__descriptor,
        .klass = CLASS_READ,
        .roles = TRACERS,
        .decide = trace_decide,
    },
    {
        .path = "/kontor.v1.ConfigurationService/Impact",
        .request = &kontor__v1__impact_request__descriptor,
        .reply = &kontor__v1__impact_response__descriptor,
        .klass = CLASS_READ,
        .roles = TRACERS | ROLE_BIT(SITE_ADMIN),
        .decide = impact_decide,
    },
    {.path = NULL},
};

const struct service_rows configuration_rows = {
    .service = "kontor.v1.ConfigurationService",
    .rows = rows,
};
