#include "server/registry/revocation.h"

#include <ctype.h>

#include "server/registry/standing.h"

/* Fingerprints are compared as text, so they are stored in lower case. */
static const char *
revocation_id(struct call *call, const Kontor__V1__RevokeCertificateRequest *revoke)
{
    char *id = arena_print(call->arena, "%s/%s", revoke->registry, revoke->fingerprint);
    for (char *byte = id; *byte != '\0'; byte++) {
        *byte = (char)tolower((unsigned char)*byte);
    }
    return id;
}

enum status
revocation_create(struct call *call, const void *request, struct decision *decision)
{
    const Kontor__V1__RevokeCertificateRequest *revoke = request;
    /* Home is no exception: what a registry trusts is its own affair, and home can
     * suspend a whole registry where it must. */
    enum status status = standing_inside(call, revoke->registry);
    if (status != STATUS_OK) {
        return status;
    }
    const char *id = revocation_id(call, revoke);
    struct document document;
    status = call_get_any(call, KIND_REVOCATION, id, &document);
    if (status == STATUS_OK) {
        call_value(call, "id", "%s", id);
        return call_fail(call, REASON_ALREADY_EXISTS,
                         "the certificate %s is revoked already", revoke->fingerprint);
    }
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    /* That the broker has never seen this certificate is no reason to refuse: it may be
     * stolen before it is first used. */
    Kontor__V1__Revocation revocation = KONTOR__V1__REVOCATION__INIT;
    revocation.id = (char *)id;
    revocation.reason = revoke->reason;
    decision_put(call, decision, KIND_REVOCATION, id, 0,
                 standing_scope(call, revoke->registry), 1, &revocation.base);
    return STATUS_OK;
}

enum status
revocation_create_answer(struct call *call, const void *request,
                         const Kontor__V1__Commit *commit, void **reply)
{
    return answer_record(call, commit, KIND_REVOCATION, revocation_id(call, request),
                         reply);
}
