#include "tests/server/display.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void
display_text(char **field)
{
    *field = "https://coast.example/x";
}

/* Everything a phase up to PRE_PRODUCTION needs. */
Kontor__V1__Service *
display_whole(struct shelf *shelf, const char *id)
{
    static char *one[] = {"a term"};
    Kontor__V1__Service *service = shelf_plain(shelf, id);
    static Kontor__V1__Contact *contacts[1];
    contacts[0] = service->main_contact;
    service->phase = P(FORTHCOMING);
    service->description = "What it is";
    service->abbreviation = "W";
    service->tagline = "W is for whole";
    service->logo = "w.svg";
    service->trl = "trl-9";
    service->helpdesk_email = "desk@example.org";
    display_text(&service->webpage);
    display_text(&service->terms_of_use);
    display_text(&service->privacy_policy);
    service->scientific_domains = service->categories = service->target_users = one;
    service->geographical_availabilities = service->languages = one;
    service->n_scientific_domains = service->n_categories = 1;
    service->n_target_users = service->n_geographical_availabilities = 1;
    service->n_languages = 1;
    service->public_contacts = contacts;
    service->n_public_contacts = 1;
    return service;
}

enum status
display_move(struct shelf *shelf, const struct principal *who, const char *id,
             Kontor__V1__Phase phase, const char *override,
             Kontor__V1__MoveServiceResponse **reply, struct error *error)
{
    Kontor__V1__MoveServiceRequest request = KONTOR__V1__MOVE_SERVICE_REQUEST__INIT;
    request.id = arena_copy(shelf->h->arena, id);
    request.phase = phase;
    request.is_override = override != NULL;
    request.reason = override == NULL ? "" : arena_copy(shelf->h->arena, override);
    return harness_call(shelf->h, who, SHELF_CALL("MoveService"), &request,
                        (void **)reply, error);
}

/* A whole service of any phase, audited or not, put there by an admin. */
void
display_put(struct shelf *shelf, const char *id, Kontor__V1__Phase phase)
{
    Kontor__V1__Service *service = display_whole(shelf, id);
    display_text(&service->sla_url);
    service->phase = phase;
    shelf_created(shelf, service);
}

enum status
display_audit(struct shelf *shelf, const struct principal *who, const char *id,
              Kontor__V1__AuditState state, const char *comment, struct error *error)
{
    Kontor__V1__AuditRecordRequest request = KONTOR__V1__AUDIT_RECORD_REQUEST__INIT;
    request.record_case = KONTOR__V1__AUDIT_RECORD_REQUEST__RECORD_SERVICE;
    request.service = arena_copy(shelf->h->arena, id);
    request.state = state;
    request.comment = arena_copy(shelf->h->arena, comment);
    return harness_call(shelf->h, who, SHELF_CALL("AuditRecord"), &request, NULL,
                        error);
}

Kontor__V1__Service *
display_get(struct shelf *shelf, const char *id)
{
    Kontor__V1__Service *service = NULL;
    assert_int_equal(shelf_get_service(shelf->h, shelf->admin, id, &service, NULL),
                     STATUS_OK);
    return service;
}
