#include "server/registry/clock_accept.h"
#include "server/registry/principal.h"
#include "server/registry/registry.h"
#include "server/registry/revocation.h"
#include "server/registry/status.h"
#include "server/registry/whoami.h"
#include "server/rpc/stream.h"

/* A bundle of 16 certificates with room to spare. */
enum { MAX_BUNDLE_REQUEST = 512 << 10 };

/* Whether the caller is an admin of this registry is for the handler to say: the row
 * knows roles, not whose they are. */
#define ROLES_ADMINS (ROLE_BIT(ADMIN) | ROLE_BIT_HOME_ADMIN)

static const struct row rows[] = {
    {
        .path = "/kontor.v1.RegistryService/WhoAmI",
        .request = &kontor__v1__who_am_irequest__descriptor,
        .reply = &kontor__v1__who_am_iresponse__descriptor,
        .klass = CLASS_INLINE,
        .roles = ROLE_BIT_ANY_CERTIFICATE,
        .decide = whoami_get,
    },
    {
        .path = "/kontor.v1.RegistryService/GetStatus",
        .request = &kontor__v1__get_status_request__descriptor,
        .reply = &kontor__v1__get_status_response__descriptor,
        .klass = CLASS_ADMIN,
        .roles = ROLE_BIT(ADMIN) | ROLE_BIT(MONITOR),
        .decide = status_get,
    },
    {
        .path = "/kontor.v1.RegistryService/AcceptClock",
        .request = &kontor__v1__accept_clock_request__descriptor,
        .reply = &kontor__v1__accept_clock_response__descriptor,
        .klass = CLASS_ADMIN,
        .roles = ROLE_BIT_HOME_ADMIN,
        .is_mutation = true,
        .decide = clock_accept,
        .answer = clock_accept_answer,
    },
    {
        .path = "/kontor.v1.RegistryService/ReadLog",
        .request = &kontor__v1__read_log_request__descriptor,
        .reply = &kontor__v1__read_log_response__descriptor,
        .kind = ROW_SERVER_STREAM,
        .klass = CLASS_ADMIN,
        .roles = ROLE_BIT_HOME_ADMIN,
        .stream = &stream_read_log,
    },
    {
        .path = "/kontor.v1.RegistryService/CreateRegistry",
        .request = &kontor__v1__create_registry_request__descriptor,
        .reply = &kontor__v1__registry__descriptor,
        .klass = CLASS_ADMIN,
        .roles = ROLE_BIT_HOME_ADMIN,
        .max_request = MAX_BUNDLE_REQUEST,
        .is_mutation = true,
        .decide = registry_create,
        .answer = registry_create_answer,
    },
    {
        .path = "/kontor.v1.RegistryService/GetRegistry",
        .request = &kontor__v1__get_registry_request__descriptor,
        .reply = &kontor__v1__registry__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_get,
        .record = &registry_record,
    },
    {
        .path = "/kontor.v1.RegistryService/ListRegistries",
        .request = &kontor__v1__list_registries_request__descriptor,
        .reply = &kontor__v1__list_registries_response__descriptor,
        .klass = CLASS_READ,
        .roles = ROLES_ALL,
        .decide = record_list,
        .record = &registry_record,
    },
    {
        .path = "/kontor.v1.RegistryService/UpdateRegistry",
        .request = &kontor__v1__update_registry_request__descriptor,
        .reply = &kontor__v1__registry__descriptor,
        .klass = CLASS_ADMIN,
        .roles = ROLES_ADMINS,
        .is_mutation = true,
        .decide = registry_update,
        .answer = registry_update_answer,
    },
    {
        .path = "/kontor.v1.RegistryService/RotateBundle",
        .request = &kontor__v1__rotate_bundle_request__descriptor,
        .reply = &kontor__v1__registry__descriptor,
        .klass = CLASS_ADMIN,
        .roles = ROLES_ADMINS,
        .max_request = MAX_BUNDLE_REQUEST,
        .is_mutation = true,
        .decide = registry_rotate,
        .answer = registry_rotate_answer,
    },
    {
        .path = "/kontor.v1.RegistryService/SuspendRegistry",
        .request = &kontor__v1__suspend_registry_request__descriptor,
        .reply = &kontor__v1__registry__descriptor,
        .klass = CLASS_ADMIN,
        .roles = ROLE_BIT_HOME_ADMIN,
        .is_mutation = true,
        .decide = registry_suspend,
        .answer = registry_suspend_answer,
    },
    {
        .path = "/kontor.v1.RegistryService/ResumeRegistry",
        .request = &kontor__v1__resume_registry_request__descriptor,
        .reply = &kontor__v1__registry__descriptor,
        .klass = CLASS_ADMIN,
        .roles = ROLE_BIT_HOME_ADMIN,
        .is_mutation = true,
        .decide = registry_resume,
        .answer = registry_resume_answer,
    },
    {
        .path = "/kontor.v1.RegistryService/CreatePrincipal",
        .request = &kontor__v1__create_principal_request__descriptor,
        .reply = &kontor__v1__principal__descriptor,
        .klass = CLASS_ADMIN,
        .roles = ROLE_BIT(ADMIN),
        .is_mutation = true,
        .decide = principal_create,
        .answer = principal_create_answer,
    },
    {
        .path = "/kontor.v1.RegistryService/GetPrincipal",
        .request = &kontor__v1__get_principal_request__descriptor,
        .reply = &kontor__v1__principal__descriptor,
        .klass = CLASS_READ,
        .roles = ROLE_BIT(ADMIN),
        .decide = record_get,
        .record = &principal_record,
    },
    {
        .path = "/kontor.v1.RegistryService/ListPrincipals",
        .request = &kontor__v1__list_principals_request__descriptor,
        .reply = &kontor__v1__list_principals_response__descriptor,
        .klass = CLASS_READ,
        .roles = ROLE_BIT(ADMIN),
        .decide = record_list,
        .record = &principal_record,
    },
    {
        .path = "/kontor.v1.RegistryService/DeletePrincipal",
        .request = &kontor__v1__delete_principal_request__descriptor,
        .reply = &kontor__v1__delete_principal_response__descriptor,
        .klass = CLASS_ADMIN,
        .roles = ROLE_BIT(ADMIN),
        .is_mutation = true,
        .decide = principal_delete,
        .answer = principal_delete_answer,
    },
    {
        .path = "/kontor.v1.RegistryService/RevokeCertificate",
        .request = &kontor__v1__revoke_certificate_request__descriptor,
        .reply = &kontor__v1__revocation__descriptor,
        .klass = CLASS_ADMIN,
        .roles = ROLE_BIT(ADMIN),
        .is_mutation = true,
        .decide = revocation_create,
        .answer = revocation_create_answer,
    },
    {.path = NULL},
};

const struct service_rows registry_rows = {
    .service = "kontor.v1.RegistryService",
    .rows = rows,
};
