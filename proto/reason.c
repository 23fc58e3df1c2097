#include "proto/reason.h"

#include <stddef.h>

/* In the order of the enum. Meaning and cure are whole sentences: people read them in
 * docs/errors.md. */
static const struct reason_row rows[REASON_COUNT] = {
    [REASON_NONE] = {"NONE", STATUS_OK, "Nothing went wrong.", "Nothing to do."},
    [REASON_FIELDS_INVALID] =
        {"FIELDS_INVALID", STATUS_INVALID_ARGUMENT,
         "One or more fields of the request break a rule of the contract. BadRequest "
         "names every one of them with its path.",
         "Correct each field named and send the request again."},
    [REASON_MESSAGE_INVALID] =
        {"MESSAGE_INVALID", STATUS_INVALID_ARGUMENT,
         "The bytes of the request are not a message of the method: damaged, nested "
         "too "
         "deeply, with too many fields, or with text that is not UTF-8.",
         "Build the request with code generated from the published .proto files."},
    [REASON_REQUEST_ID_REUSED] =
        {"REQUEST_ID_REUSED", STATUS_INVALID_ARGUMENT,
         "The request_id was used before for a request with other content.",
         "Use a new UUID for each new request; repeat the old one only with the same "
         "content."},
    [REASON_PAGE_TOKEN_INVALID] =
        {"PAGE_TOKEN_INVALID", STATUS_INVALID_ARGUMENT,
         "The page_token is not one this list gave, or the filter changed between "
         "pages.",
         "Start again from the first page, and keep every other field the same while "
         "paging."},
    [REASON_TOO_LARGE] =
        {"TOO_LARGE", STATUS_RESOURCE_EXHAUSTED,
         "The request, or the record it would make, is larger than the limit.",
         "Send less at once: split the batch, or shorten the texts."},
    [REASON_ORDER_TOO_LARGE] =
        {"ORDER_TOO_LARGE", STATUS_RESOURCE_EXHAUSTED,
         "The order with all its items does not fit into one entry of the log.",
         "Place several smaller orders, or give fewer and shorter parameters."},
    [REASON_METHOD_UNKNOWN] =
        {"METHOD_UNKNOWN", STATUS_UNIMPLEMENTED,
         "This broker has no method of that name.",
         "Check the name of the service and the method; list them with server "
         "reflection."},
    [REASON_CERTIFICATE_INVALID] =
        {"CERTIFICATE_INVALID", STATUS_UNAUTHENTICATED,
         "The client certificate does not fit the profile, or no registry vouches for "
         "it.",
         "Use a certificate with exactly one SPIFFE URI, issued by an authority in "
         "your "
         "registry's bundle."},
    [REASON_CERTIFICATE_REVOKED] =
        {"CERTIFICATE_REVOKED", STATUS_UNAUTHENTICATED,
         "The client certificate was revoked.",
         "Ask an admin of your registry for a new certificate."},
    [REASON_CERTIFICATE_EXPIRED] =
        {"CERTIFICATE_EXPIRED", STATUS_UNAUTHENTICATED,
         "The client certificate has expired, or is not valid yet.",
         "Renew the certificate and check the clock of this machine."},
    [REASON_REGISTRY_SUSPENDED] =
        {"REGISTRY_SUSPENDED", STATUS_PERMISSION_DENIED,
         "The registry of the caller is suspended; its principals may not call.",
         "Ask an admin of the home registry why, and to resume it."},
    [REASON_NOT_REGISTERED] =
        {"NOT_REGISTERED", STATUS_PERMISSION_DENIED,
         "The certificate is good, but no principal has its name.",
         "Call WhoAmI and pass its advice on to an admin of your registry."},
    [REASON_ROLE_MISSING] =
        {"ROLE_MISSING", STATUS_PERMISSION_DENIED,
         "The caller has none of the roles that may call this method.",
         "Ask an admin of your registry for one of the roles the error names."},
    [REASON_NOT_OWNER] =
        {"NOT_OWNER", STATUS_PERMISSION_DENIED,
         "The caller may see the record but does not own it.",
         "Let a principal whose scopes own the record make the change."},
    [REASON_OTHER_REGISTRY] = {"OTHER_REGISTRY", STATUS_PERMISSION_DENIED,
                               "The id belongs to another registry than the caller's.",
                               "Begin the id with your own registry's short name."},
    [REASON_NOT_FOUND] =
        {"NOT_FOUND", STATUS_NOT_FOUND,
         "There is no such record, or the caller may not see it: the answer is the "
         "same "
         "for both.",
         "Check the id; if it is right, ask its owner whether you take part."},
    [REASON_ALREADY_EXISTS] =
        {"ALREADY_EXISTS", STATUS_ALREADY_EXISTS, "A record of that id exists already.",
         "Choose another id, or update the record that is there."},
    [REASON_NAME_TAKEN] =
        {"NAME_TAKEN", STATUS_ALREADY_EXISTS,
         "Another record has a name that reads the same, case and accents aside.",
         "Choose another name."},
    [REASON_ORDER_DIFFERS] =
        {"ORDER_DIFFERS", STATUS_ALREADY_EXISTS,
         "An order of that id was placed before with other content.",
         "Read the order that is there; give a new order a new id."},
    [REASON_REVISION_MISMATCH] =
        {"REVISION_MISMATCH", STATUS_ABORTED,
         "The record changed since the revision the request expects.",
         "Read the record again, look at what changed, and repeat with its revision."},
    [REASON_CONTENTION] =
        {"CONTENTION", STATUS_ABORTED,
         "Others wrote the same records again and again; the broker gave up.",
         "Repeat the same request, with the same request_id, after a short wait."},
    [REASON_ILLEGAL_STATE] =
        {"ILLEGAL_STATE", STATUS_FAILED_PRECONDITION,
         "The record's state does not allow this. The error names the state and what "
         "is "
         "allowed in it.",
         "Read the record and do one of the things its state allows."},
    [REASON_GATE_UNMET] =
        {"GATE_UNMET", STATUS_FAILED_PRECONDITION,
         "The record does not show what the state it was to go to needs. BadRequest "
         "names every field that is missing.",
         "Set the fields named, let it be audited where that is missing, and repeat "
         "it; an admin may pass over it with a reason."},
    [REASON_PROVIDER_CLOSED] =
        {"PROVIDER_CLOSED", STATUS_FAILED_PRECONDITION,
         "The provider is not approved, or not any more, so it can have no new "
         "services.",
         "Submit the provider and wait for the decision; kontor catalogue provider "
         "show "
         "says how it stands."},
    [REASON_TEMPLATE_PENDING] =
        {"TEMPLATE_PENDING", STATUS_FAILED_PRECONDITION,
         "The provider's first service waits for a decision; until then no other is "
         "taken.",
         "Wait until an order manager of the registry has decided on the service "
         "named, "
         "then repeat this."},
    [REASON_BUNDLE_CONFLICT] = {"BUNDLE_CONFLICT", STATUS_FAILED_PRECONDITION,
                                "The items do not make an order of the bundle: "
                                "something is left out, or a rule "
                                "of it does not hold.",
                                "Ask CheckBundle for everything that is in the way, "
                                "and choose other offers of "
                                "the bundle."},
    [REASON_PAST_NO_RETURN] =
        {"PAST_NO_RETURN", STATUS_FAILED_PRECONDITION,
         "The item has passed the milestone from which on its offer allows no cancel.",
         "Wait for the item to end and order its end then, or name the other items."},
    [REASON_CATALOGUE_CHANGED] =
        {"CATALOGUE_CHANGED", STATUS_FAILED_PRECONDITION,
         "The offer changed since the customer saw it.",
         "Show the offer as it is now, and order with its new offer_rev."},
    [REASON_OUT_OF_STOCK] =
        {"OUT_OF_STOCK", STATUS_FAILED_PRECONDITION,
         "Not as many pieces of the offer are free as the item takes, and it has no "
         "waiting list, or never had so many.",
         "Order fewer pieces, or ask for the stock (GetStock) and order once it is "
         "free."},
    [REASON_CAPACITY_EXCEEDED] =
        {"CAPACITY_EXCEEDED", STATUS_FAILED_PRECONDITION,
         "The provider does not have as much as the item takes, for as long as it is "
         "wanted.",
         "Order less, for a shorter time or to begin later, or ask the provider, who "
         "sees with ListAllocations what is free when."},
    [REASON_NOT_ORDERABLE] =
        {"NOT_ORDERABLE", STATUS_FAILED_PRECONDITION,
         "The offer cannot be ordered through this broker now.",
         "Look at the phase of the service and the order type of the offer."},
    [REASON_PROJECT_ARCHIVED] =
        {"PROJECT_ARCHIVED", STATUS_FAILED_PRECONDITION,
         "The project is archived and takes no new orders.",
         "Order for another project, or let its registry reopen this one."},
    [REASON_CONCURRENT_CHANGE] =
        {"CONCURRENT_CHANGE", STATUS_FAILED_PRECONDITION,
         "Another order is changing the same service instance; there is one at a time.",
         "Wait for the order the error names to end, or cancel it."},
    [REASON_LEASE_LOST] =
        {"LEASE_LOST", STATUS_ABORTED,
         "The job is no longer held by this session and fence: the lease ran out, or "
         "the "
         "job was taken away.",
         "Of a job: stop its work at once and claim again. Of a session (Claim, "
         "Renew): "
         "register again. Do not repeat the call."},
    [REASON_COMPLETION_DIFFERS] =
        {"COMPLETION_DIFFERS", STATUS_ALREADY_EXISTS,
         "The item was completed before with another delivery.",
         "Read the item; the first delivery counts. Tell the provider's operator about "
         "the second."},
    [REASON_ACCESS_MISSING] =
        {"ACCESS_MISSING", STATUS_FAILED_PRECONDITION,
         "No sealed access details of the item were delivered, or they are erased.",
         "Wait for the item to be delivered; if it is, read its outputs or ask its "
         "provider."},
    [REASON_HOME_REGISTRY] =
        {"HOME_REGISTRY", STATUS_FAILED_PRECONDITION,
         "The home registry runs this broker and cannot be suspended.",
         "Choose another registry."},
    [REASON_LAST_ADMIN] = {"LAST_ADMIN", STATUS_FAILED_PRECONDITION,
                           "It is the last admin of the home registry, which nobody "
                           "could administer then.",
                           "Create another admin first."},
    [REASON_BUNDLE_COLLIDES] =
        {"BUNDLE_COLLIDES", STATUS_ALREADY_EXISTS,
         "An authority of the bundle has the name or the key of one that belongs to "
         "another registry.",
         "Give the registry authorities of its own, with names of their own."},
    [REASON_IN_USE] = {"IN_USE", STATUS_FAILED_PRECONDITION,
                       "Other records need the record: it cannot be deleted.",
                       "Delete or change first what the error names."},
    [REASON_RUNS_SITE] =
        {"RUNS_SITE", STATUS_PERMISSION_DENIED,
         "The caller runs sites of the registry, and whoever runs a site never "
         "certifies it.",
         "Let a principal with the role CERTIFIER and neither SITE_ADMIN nor ADMIN "
         "do it."},
    [REASON_DOWNTIME_OVER] =
        {"DOWNTIME_OVER", STATUS_FAILED_PRECONDITION,
         "The downtime has ended or was cancelled and stays as it was.",
         "Declare a new downtime."},
    [REASON_TOO_MANY_MESSAGES] =
        {"TOO_MANY_MESSAGES", STATUS_RESOURCE_EXHAUSTED,
         "The caller's registry has written as many messages about the order as one "
         "may, those that were erased since included.",
         "Go on by other means, such as the contacts of the project or the service."},
    [REASON_HISTORY_CHANGED] =
        {"HISTORY_CHANGED", STATUS_OUT_OF_RANGE,
         "The broker was restored: the position belongs to a past that was lost.",
         "List again and watch from the first page's position. Up to the "
         "`lastCommonSeq` "
         "of the error all is as it was."},
    [REASON_TRIMMED] = {"TRIMMED", STATUS_OUT_OF_RANGE,
                        "The log was trimmed: the position, or the time, lies before "
                        "the oldest one that can be served.",
                        "List again and watch from the first page's position; read as "
                        "of the `oldest` of the error or later."},
    [REASON_SCOPE_CHANGED] =
        {"SCOPE_CHANGED", STATUS_OUT_OF_RANGE,
         "What the caller may see changed since the position was given.",
         "List again and watch from the first page's position."},
    [REASON_BEHIND] = {"BEHIND", STATUS_OUT_OF_RANGE,
                       "The stream's reader was too slow and was let go.",
                       "Watch again from the last position received, and read faster."},
    [REASON_AHEAD] = {"AHEAD", STATUS_OUT_OF_RANGE,
                      "The position lies above what this broker has applied.",
                      "Check the position; to wait for one's own write, send "
                      "kontor-min-seq instead."},
    [REASON_OVERLOADED] =
        {"OVERLOADED", STATUS_RESOURCE_EXHAUSTED,
         "The broker, or the caller's share of it, has as much work as it takes.",
         "Repeat after the delay in RetryInfo, with fewer calls at once."},
    [REASON_STORE_UNAVAILABLE] =
        {"STORE_UNAVAILABLE", STATUS_UNAVAILABLE, "The store does not answer.",
         "Repeat after the delay in RetryInfo; if it lasts, tell the operator of the "
         "broker."},
    [REASON_OUTCOME_UNKNOWN] =
        {"OUTCOME_UNKNOWN", STATUS_DEADLINE_EXCEEDED,
         "The deadline came before it was certain whether the change was stored.",
         "Repeat the same request with the same request_id: it is done once."},
    [REASON_DEADLINE] =
        {"DEADLINE", STATUS_DEADLINE_EXCEEDED,
         "The deadline came before the call was carried out; nothing was changed.",
         "Repeat with a longer deadline."},
    [REASON_DRAINING] = {"DRAINING", STATUS_UNAVAILABLE,
                         "The broker is stopping and takes no new calls.",
                         "Repeat; the client library does so by itself."},
    [REASON_INDEX_BUILDING] =
        {"INDEX_BUILDING", STATUS_UNAVAILABLE,
         "The search index is still being built after a start.",
         "Repeat in a few seconds; lists and reads answer already."},
    [REASON_INTERNAL] =
        {"INTERNAL", STATUS_INTERNAL,
         "The broker made a mistake. Its log has the details under the call's id.",
         "Report the call id of the error to the operator of the broker."},
};

const struct reason_row *
reason_row(enum reason reason)
{
    size_t number = (size_t)reason;
    /* A reason nobody knows is a mistake of ours. */
    if (number >= REASON_COUNT) {
        return &rows[REASON_INTERNAL];
    }
    return &rows[number];
}
