#include "server/catalogue/catalogue.h"

#include "kontor/v1/catalogue_service.pb-c.h"
#include "server/catalogue/audit.h"
#include "server/catalogue/diff.h"
#include "server/catalogue/finding.h"
#include "server/catalogue/move.h"
#include "server/catalogue/offer_bundle.h"
#include "server/catalogue/onboard.h"
#include "server/catalogue/provider.h"
#include "server/catalogue/search_call.h"
#include "server/catalogue/service.h"
#include "server/catalogue/vocabulary.h"
#include "server/rpc/import.h"
#include "server/rpc/record.h"
#include "server/rpc/stream.h"

enum {
    IMPORT_BYTES = 2 << 20
}; /* An import takes up to 500 records or so many bytes. */

/* An operator writes what its provider owns, an admin all of its registry: the scope
 * tells them apart. */
#define WRITERS (ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN))
/* Who decides about records of others. */
#define DECIDERS (ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN))

static const struct import_part parts[] = {
    {"vocabulary", "vocabulary_fields", &vocabulary_record, finding_vocabulary},
    {"provider", "provider_fields", &provider_record, finding_provider},
    {"service", "service_fields", &service_record, finding_service},
    {"bundle", "bundle_fields", &offer_bundle_record, finding_bundle},
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
        .path = "/kontor.v1.CatalogueService/CreateVocabulary",
        .request = &kontor__v1__create_vocabulary_request__descriptor,
        .reply = &kontor__v1__vocabulary__descriptor,
        .klass = CLASS_WRITE,
        .roles = DECIDERS,
        .is_mutation = true,
        .decide = record_create,
        .answer = record_answer,
        .record = &vocabulary_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/GetVocabulary",
        .request = &kontor__v1__get_vocabulary_request__descriptor,
        .reply = &kontor__v1__vocabulary__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_get,
        .record = &vocabulary_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/ListVocabularies",
        .request = &kontor__v1__list_vocabularies_request__descriptor,
        .reply = &kontor__v1__list_vocabularies_response__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_list,
        .record = &vocabulary_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/UpdateVocabulary",
        .request = &kontor__v1__update_vocabulary_request__descriptor,
        .reply = &kontor__v1__vocabulary__descriptor,
        .klass = CLASS_WRITE,
        .roles = DECIDERS,
        .is_mutation = true,
        .decide = record_update,
        .answer = record_answer,
        .record = &vocabulary_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/DeleteVocabulary",
        .request = &kontor__v1__delete_vocabulary_request__descriptor,
        .reply = &kontor__v1__delete_vocabulary_response__descriptor,
        .klass = CLASS_WRITE,
        .roles = DECIDERS,
        .is_mutation = true,
        .decide = record_delete,
        .answer = record_delete_answer,
        .record = &vocabulary_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/CreateProvider",
        .request = &kontor__v1__create_provider_request__descriptor,
        .reply = &kontor__v1__provider__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_create,
        .answer = record_answer,
        .record = &provider_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/GetProvider",
        .request = &kontor__v1__get_provider_request__descriptor,
        .reply = &kontor__v1__provider__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_get,
        .record = &provider_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/ListProviders",
        .request = &kontor__v1__list_providers_request__descriptor,
        .reply = &kontor__v1__list_providers_response__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_list,
        .record = &provider_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/UpdateProvider",
        .request = &kontor__v1__update_provider_request__descriptor,
        .reply = &kontor__v1__provider__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_update,
        .answer = record_answer,
        .record = &provider_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/DeleteProvider",
        .request = &kontor__v1__delete_provider_request__descriptor,
        .reply = &kontor__v1__delete_provider_response__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_delete,
        .answer = record_delete_answer,
        .record = &provider_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/SubmitProvider",
        .request = &kontor__v1__submit_provider_request__descriptor,
        .reply = &kontor__v1__provider__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = onboard_submit,
        .answer = onboard_answer,
    },
    {
        .path = "/kontor.v1.CatalogueService/DecideProvider",
        .request = &kontor__v1__decide_provider_request__descriptor,
        .reply = &kontor__v1__provider__descriptor,
        .klass = CLASS_WRITE,
        .roles = DECIDERS,
        .is_mutation = true,
        .decide = onboard_decide,
        .answer = onboard_answer,
    },
    {
        .path = "/kontor.v1.CatalogueService/DecideTemplate",
        .request = &kontor__v1__decide_template_request__descriptor,
        .reply = &kontor__v1__provider__descriptor,
        .klass = CLASS_WRITE,
        .roles = DECIDERS,
        .is_mutation = true,
        .decide = onboard_template,
        .answer = onboard_answer,
    },
    {
        .path = "/kontor.v1.CatalogueService/SuspendProvider",
        .request = &kontor__v1__suspend_provider_request__descriptor,
        .reply = &kontor__v1__suspend_provider_response__descriptor,
        .klass = CLASS_WRITE,
        .roles = DECIDERS,
        .is_mutation = true,
        .decide = onboard_suspend,
        .answer = onboard_answer_touched,
    },
    {
        .path = "/kontor.v1.CatalogueService/ResumeProvider",
        .request = &kontor__v1__resume_provider_request__descriptor,
        .reply = &kontor__v1__provider__descriptor,
        .klass = CLASS_WRITE,
        .roles = DECIDERS,
        .is_mutation = true,
        .decide = onboard_resume,
        .answer = onboard_answer,
    },
    {
        .path = "/kontor.v1.CatalogueService/RetireProvider",
        .request = &kontor__v1__retire_provider_request__descriptor,
        .reply = &kontor__v1__retire_provider_response__descriptor,
        .klass = CLASS_WRITE,
        .roles = DECIDERS,
        .is_mutation = true,
        .decide = onboard_retire,
        .answer = onboard_answer_touched,
    },
    {
        .path = "/kontor.v1.CatalogueService/CreateService",
        .request = &kontor__v1__create_service_request__descriptor,
        .reply = &kontor__v1__service__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_create,
        .answer = record_answer,
        .record = &service_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/GetService",
        .request = &kontor__v1__get_service_request__descriptor,
        .reply = &kontor__v1__service__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_get,
        .record = &service_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/ListServices",
        .request = &kontor__v1__list_services_request__descriptor,
        .reply = &kontor__v1__list_services_response__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_list,
        .record = &service_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/UpdateService",
        .request = &kontor__v1__update_service_request__descriptor,
        .reply = &kontor__v1__service__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_update,
        .answer = record_answer,
        .record = &service_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/DeleteService",
        .request = &kontor__v1__delete_service_request__descriptor,
        .reply = &kontor__v1__delete_service_response__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_delete,
        .answer = record_delete_answer,
        .record = &service_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/CreateBundle",
        .request = &kontor__v1__create_bundle_request__descriptor,
        .reply = &kontor__v1__bundle__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_create,
        .answer = record_answer,
        .record = &offer_bundle_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/GetBundle",
        .request = &kontor__v1__get_bundle_request__descriptor,
        .reply = &kontor__v1__bundle__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_get,
        .record = &offer_bundle_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/ListBundles",
        .request = &kontor__v1__list_bundles_request__descriptor,
        .reply = &kontor__v1__list_bundles_response__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_list,
        .record = &offer_bundle_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/UpdateBundle",
        .request = &kontor__v1__update_bundle_request__descriptor,
        .reply = &kontor__v1__bundle__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_update,
        .answer = record_answer,
        .record = &offer_bundle_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/DeleteBundle",
        .request = &kontor__v1__delete_bundle_request__descriptor,
        .reply = &kontor__v1__delete_bundle_response__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = record_delete,
        .answer = record_delete_answer,
        .record = &offer_bundle_record,
    },
    {
        .path = "/kontor.v1.CatalogueService/CheckBundle",
        .request = &kontor__v1__check_bundle_request__descriptor,
        .reply = &kontor__v1__check_bundle_response__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = offer_bundle_check,
    },
    {
        .path = "/kontor.v1.CatalogueService/DiffService",
        .request = &kontor__v1__diff_service_request__descriptor,
        .reply = &kontor__v1__diff_service_response__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = diff_decide,
    },
    {
        .path = "/kontor.v1.CatalogueService/MoveService",
        .request = &kontor__v1__move_service_request__descriptor,
        .reply = &kontor__v1__move_service_response__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .is_mutation = true,
        .decide = move_decide,
        .answer = move_answer,
    },
    {
        .path = "/kontor.v1.CatalogueService/AuditRecord",
        .request = &kontor__v1__audit_record_request__descriptor,
        .reply = &kontor__v1__audit_record_response__descriptor,
        .klass = CLASS_WRITE,
        .roles = DECIDERS,
        .is_mutation = true,
        .decide = audit_decide,
        .answer = audit_answer,
    },
    {
        .path = "/kontor.v1.CatalogueService/SampleForAudit",
        .request = &kontor__v1__sample_for_audit_request__descriptor,
        .reply = &kontor__v1__sample_for_audit_response__descriptor,
        .klass = CLASS_ADMIN,
        .roles = DECIDERS,
        .decide = audit_sample,
    },
    {
        .path = "/kontor.v1.CatalogueService/SearchServices",
        .request = &kontor__v1__search_services_request__descriptor,
        .reply = &kontor__v1__search_services_response__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = search_call_decide,
    },
    {
        .path = "/kontor.v1.CatalogueService/Import",
        .request = &kontor__v1__catalogue_import_request__descriptor,
        .reply = &kontor__v1__catalogue_import_response__descriptor,
        .klass = CLASS_WRITE,
        .roles = WRITERS,
        .max_request = IMPORT_BYTES,
        .is_mutation = true,
        .batch = &import_batch,
    },
    {
        .path = "/kontor.v1.CatalogueService/Watch",
        .request = &kontor__v1__watch_request__descriptor,
        .reply = &kontor__v1__watch_response__descriptor,
        .kind = ROW_SERVER_STREAM,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .stream = &stream_catalogue,
    },
    {.path = NULL},
};

const struct service_rows catalogue_rows = {
    .service = "kontor.v1.CatalogueService",
    .rows = rows,
};
