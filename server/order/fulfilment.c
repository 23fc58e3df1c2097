#include "server/order/fulfilment.h"

#include "kontor/v1/fulfilment_service.pb-c.h"
#include "server/order/claim.h"
#include "server/order/fail.h"
#include "server/order/finish.h"
#include "server/order/halt.h"
#include "server/order/hold.h"
#include "server/order/question.h"
#include "server/order/session.h"

#define PATH(name) "/kontor.v1.FulfilmentService/" name
#define MESSAGE(name) &kontor__v1__##name##__descriptor

enum { CLAIM_TIMEOUT_MS = 75000 /* The longest wait, and some time to answer. */ };

/* Who may: API design, "Who may call". */
/* A peer carries out here what a partner was sent: for items it is an agent. */
#define AGENT_ROLES (ROLE_BIT(AGENT) | ROLE_BIT(PEER))
#define LIST_ROLES (ROLE_BIT(OPERATOR) | ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN))

/*
 * Renew carries no request_id and writes no commit: saying it twice is saying it later.
 * Only Claim waits, so only it has a time of its own.
 */
static const struct row rows[] = {
    {.path = PATH("RegisterAgent"),
     .request = MESSAGE(register_agent_request),
     .reply = MESSAGE(session),
     .klass = CLASS_WRITE,
     .roles = AGENT_ROLES,
     .is_mutation = true,
     .decide = session_register,
     .answer = session_register_answer},
    {.path = PATH("Claim"),
     .request = MESSAGE(claim_request),
     .reply = MESSAGE(claim_response),
     .klass = CLASS_WRITE,
     .roles = AGENT_ROLES,
     .timeout_ms = CLAIM_TIMEOUT_MS,
     .is_mutation = true,
     .decide = claim_decide,
     .answer = claim_answer},
    {.path = PATH("Begin"),
     .request = MESSAGE(begin_request),
     .reply = MESSAGE(order_item),
     .klass = CLASS_WRITE,
     .roles = AGENT_ROLES,
     .is_mutation = true,
     .decide = hold_begin,
     .answer = hold_answer},
    {.path = PATH("Renew"),
     .request = MESSAGE(renew_request),
     .reply = MESSAGE(renew_response),
     .klass = CLASS_WRITE,
     .roles = AGENT_ROLES,
     .is_mutation = true,
     .decide = session_renew,
     .answer = session_renew_answer},
    {.path = PATH("Report"),
     .request = MESSAGE(report_request),
     .reply = MESSAGE(report_response),
     .klass = CLASS_WRITE,
     .roles = AGENT_ROLES,
     .is_mutation = true,
     .decide = hold_report,
     .answer = hold_report_answer},
    {.path = PATH("Complete"),
     .request = MESSAGE(complete_request),
     .reply = MESSAGE(order_item),
     .klass = CLASS_WRITE,
     .roles = AGENT_ROLES,
     .is_mutation = true,
     .decide = finish_complete,
     .answer = hold_answer},
    {.path = PATH("Fail"),
     .request = MESSAGE(fail_request),
     .reply = MESSAGE(order_item),
     .klass = CLASS_WRITE,
     .roles = AGENT_ROLES,
     .is_mutation = true,
     .decide = fail_decide,
     .answer = hold_answer},
    {.path = PATH("Release"),
     .request = MESSAGE(release_request),
     .reply = MESSAGE(order_item),
     .klass = CLASS_WRITE,
     .roles = AGENT_ROLES,
     .is_mutation = true,
     .decide = hold_release,
     .answer = hold_answer},
    {.path = PATH("Hold"),
     .request = MESSAGE(hold_request),
     .reply = MESSAGE(order_item),
     .klass = CLASS_WRITE,
     .roles = AGENT_ROLES,
     .is_mutation = true,
     .decide = halt_by_agent,
     .answer = hold_answer},
    {.path = PATH("AskInfo"),
     .request = MESSAGE(ask_info_request),
     .reply = MESSAGE(order_item),
     .klass = CLASS_WRITE,
     .roles = AGENT_ROLES,
     .is_mutation = true,
     .decide = question_ask_by_agent,
     .answer = hold_answer},
    {.path = PATH("ListAgents"),
     .request = MESSAGE(list_agents_request),
     .reply = MESSAGE(list_agents_response),
     .klass = CLASS_READ,
     .roles = LIST_ROLES,
     .decide = session_list},
    {.path = NULL},
};

const struct service_rows fulfilment_rows = {.service = "kontor.v1.FulfilmentService",
                                             .rows = rows};
