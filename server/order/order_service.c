#include "server/order/order_service.h"

#include "kontor/v1/order_service.pb-c.h"
#include "server/order/access.h"
#include "server/order/actions.h"
#include "server/order/cancel.h"
#include "server/order/decide_cancel.h"
#include "server/order/decide_item.h"
#include "server/order/halt.h"
#include "server/order/instance.h"
#include "server/order/list.h"
#include "server/order/message.h"
#include "server/order/observation.h"
#include "server/order/opinion.h"
#include "server/order/order.h"
#include "server/order/override.h"
#include "server/order/place.h"
#include "server/order/project.h"
#include "server/order/question.h"
#include "server/order/reschedule.h"
#include "server/order/stock.h"
#include "server/rpc/stream.h"

#define PATH(name) "/kontor.v1.OrderService/" name
#define MESSAGE(name) &kontor__v1__##name##__descriptor

/* Who may: API design, "Who may call". */
enum {
    MAX_PLACE_REQUEST =
        2 << 20, /* So that an order that is too large can be told so. */
};
#define PROJECT_ROLES (ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(ADMIN))
#define PLACE_ROLES (ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(PEER))
#define READ_ROLES                                                                     \
    (ROLE_BIT(PORTAL) | ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER) | ROLE_BIT(OPERATOR) |  \
     ROLE_BIT(AGENT) | ROLE_BIT(ADMIN) | ROLE_BIT(PEER))
/* Of the calls judged by the item machine: every role that stands in one of its rows.
 */
#define DECIDE_ROLES                                                                   \
    (ROLE_BIT(APPROVER) | ROLE_BIT(SHIFTER) | ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT) |   \
     ROLE_BIT(PEER) | ROLE_BIT(ADMIN))
/*
 * A role is judged twice: here, before the request is even unpacked, by the widest set;
 * and by the item machine, on the side it counts and for the state the item is in.
 */
#define CARE_ROLES (ROLE_BIT(SHIFTER) | ROLE_BIT(OPERATOR))
#define ANSWER_ROLES                                                                   \
    (ROLE_BIT(PORTAL) | ROLE_BIT(SHIFTER) | ROLE_BIT(OPERATOR) | ROLE_BIT(PEER))
#define DECIDE_CANCEL_ROLES (ROLE_BIT(OPERATOR) | ROLE_BIT(AGENT) | ROLE_BIT(PEER))
#define OVERRIDE_ROLES (ROLE_BIT(OPERATOR) | ROLE_BIT(ADMIN))

/*
 * PlaceOrder is idempotent by its order id alone (API design, "Records"): it is the one
 * row with an eid_field.
 */
static const struct row rows[] = {
    {.path = PATH("CreateProject"),
     .request = MESSAGE(create_project_request),
     .reply = MESSAGE(project),
     .klass = CLASS_WRITE,
     .roles = PROJECT_ROLES,
     .is_mutation = true,
     .decide = record_create,
     .answer = record_answer,
     .record = &project_record},
    {.path = PATH("GetProject"),
     .request = MESSAGE(get_project_request),
     .reply = MESSAGE(project),
     .klass = CLASS_READ,
     .roles = PROJECT_ROLES,
     .decide = record_get,
     .record = &project_record},
    {.path = PATH("ListProjects"),
     .request = MESSAGE(list_projects_request),
     .reply = MESSAGE(list_projects_response),
     .klass = CLASS_READ,
     .roles = PROJECT_ROLES,
     .decide = record_list,
     .record = &project_record},
    {.path = PATH("UpdateProject"),
     .request = MESSAGE(update_project_request),
     .reply = MESSAGE(project),
     .klass = CLASS_WRITE,
     .roles = PROJECT_ROLES,
     .is_mutation = true,
     .decide = record_update,
     .answer = record_answer,
     .record = &project_record},
    {.path = PATH("PlaceOrder"),
     .request = MESSAGE(place_order_request),
     .reply = MESSAGE(place_order_response),
     .klass = CLASS_WRITE,
     .roles = PLACE_ROLES,
     .max_request = MAX_PLACE_REQUEST,
     .is_mutation = true,
     .decide = place_decide,
     .answer = place_answer,
     .eid_field = "id"},
    {.path = PATH("GetOrder"),
     .request = MESSAGE(get_order_request),
     .reply = MESSAGE(get_order_response),
     .klass = CLASS_READ,
     .roles = READ_ROLES,
     .decide = order_get},
    {.path = PATH("ListOrders"),
     .request = MESSAGE(list_orders_request),
     .reply = MESSAGE(list_orders_response),
     .klass = CLASS_READ,
     .roles = READ_ROLES,
     .decide = record_list,
     .record = &order_list_record},
    {.path = PATH("ListItems"),
     .request = MESSAGE(list_items_request),
     .reply = MESSAGE(list_items_response),
     .klass = CLASS_READ,
     .roles = READ_ROLES,
     .decide = record_list,
     .record = &item_list_record},
    {.path = PATH("WatchOrders"),
     .request = MESSAGE(watch_request),
     .reply = MESSAGE(watch_response),
     .kind = ROW_SERVER_STREAM,
     .klass = CLASS_READ,
     .roles = READ_ROLES,
     .stream = &stream_orders},
    {.path = PATH("CancelOrder"),
     .request = MESSAGE(cancel_order_request),
     .reply = MESSAGE(get_order_response),
     .klass = CLASS_WRITE,
     .roles = PLACE_ROLES,
     .is_mutation = true,
     .decide = cancel_decide,
     .answer = cancel_answer},
    {.path = PATH("DecideItem"),
     .request = MESSAGE(decide_item_request),
     .reply = MESSAGE(order_item),
     .klass = CLASS_WRITE,
     .roles = DECIDE_ROLES,
     .is_mutation = true,
     .decide = decide_item_decide,
     .answer = decide_item_answer},
    {.path = PATH("AskCustomer"),
     .request = MESSAGE(ask_customer_request),
     .reply = MESSAGE(order_item),
     .klass = CLASS_WRITE,
     .roles = CARE_ROLES,
     .is_mutation = true,
     .decide = question_ask,
     .answer = decide_item_answer},
    {.path = PATH("AnswerQuestion"),
     .request = MESSAGE(answer_question_request),
     .reply = MESSAGE(order_item),
     .klass = CLASS_WRITE,
     .roles = ANSWER_ROLES,
     .is_mutation = true,
     .decide = question_answer,
     .answer = decide_item_answer},
    {.path = PATH("HoldItem"),
     .request = MESSAGE(hold_item_request),
     .reply = MESSAGE(order_item),
     .klass = CLASS_WRITE,
     .roles = CARE_ROLES,
     .is_mutation = true,
     .decide = halt_decide,
     .answer = decide_item_answer},
    {.path = PATH("DecideCancel"),
     .request = MESSAGE(decide_cancel_request),
     .reply = MESSAGE(order_item),
     .klass = CLASS_WRITE,
     .roles = DECIDE_CANCEL_ROLES,
     .is_mutation = true,
     .decide = decide_cancel_decide,
     .answer = decide_item_answer},
    {.path = PATH("GetStock"),
     .request = MESSAGE(get_stock_request),
     .reply = MESSAGE(stock),
     .klass = CLASS_READ,
     .roles = READ_ROLES,
     .decide = stock_get},
    {.path = PATH("GetInstance"),
     .request = MESSAGE(get_instance_request),
     .reply = MESSAGE(instance),
     .klass = CLASS_READ,
     .roles = READ_ROLES,
     .decide = record_get,
     .record = &instance_record},
    {.path = PATH("ListInstances"),
     .request = MESSAGE(list_instances_request),
     .reply = MESSAGE(list_instances_response),
     .klass = CLASS_READ,
     .roles = READ_ROLES,
     .decide = record_list,
     .record = &instance_record},
    {.path = PATH("RescheduleItem"),
     .request = MESSAGE(reschedule_item_request),
     .reply = MESSAGE(order_item),
     .klass = CLASS_WRITE,
     .roles = PLACE_ROLES,
     .is_mutation = true,
     .decide = reschedule_decide,
     .answer = decide_item_answer},
    {.path = PATH("AllowedActions"),
     .request = MESSAGE(allowed_actions_request),
     .reply = MESSAGE(allowed_actions_response),
     .klass = CLASS_READ,
     .roles = READ_ROLES,
     .decide = actions_decide},
    {.path = PATH("ResumeItem"),
     .request = MESSAGE(resume_item_request),
     .reply = MESSAGE(order_item),
     .klass = CLASS_WRITE,
     .roles = CARE_ROLES,
     .is_mutation = true,
     .decide = resume_decide,
     .answer = decide_item_answer},
    {.path = PATH("OverrideItem"),
     .request = MESSAGE(override_item_request),
     .reply = MESSAGE(order_item),
     .klass = CLASS_WRITE,
     .roles = OVERRIDE_ROLES,
     .is_mutation = true,
     .decide = override_decide,
     .answer = decide_item_answer},
    {.path = PATH("OpenAccess"),
     .request = MESSAGE(open_access_request),
     .reply = MESSAGE(open_access_response),
     .klass = CLASS_WRITE,
     .roles = PLACE_ROLES,
     .is_mutation = true,
     .decide = access_decide,
     .answer = access_answer},
    {.path = PATH("PostMessage"),
     .request = MESSAGE(post_message_request),
     .reply = MESSAGE(message),
     .klass = CLASS_WRITE,
     .roles = READ_ROLES,
     .is_mutation = true,
     .decide = message_post,
     .answer = message_answer},
    {.path = PATH("ListMessages"),
     .request = MESSAGE(list_messages_request),
     .reply = MESSAGE(list_messages_response),
     .klass = CLASS_READ,
     .roles = READ_ROLES,
     .decide = record_list,
     .record = &message_list_record},
    {.path = PATH("GiveOpinion"),
     .request = MESSAGE(give_opinion_request),
     .reply = MESSAGE(opinion),
     .klass = CLASS_WRITE,
     .roles = PLACE_ROLES,
     .is_mutation = true,
     .decide = opinion_give,
     .answer = opinion_answer},
    {.path = PATH("ListOpinions"),
     .request = MESSAGE(list_opinions_request),
     .reply = MESSAGE(list_opinions_response),
     .klass = CLASS_READ,
     .roles = READ_ROLES,
     .decide = record_list,
     .record = &opinion_record},
    {.path = PATH("ObserveOffer"),
     .request = MESSAGE(observe_offer_request),
     .reply = MESSAGE(observation),
     .klass = CLASS_WRITE,
     .roles = PLACE_ROLES,
     .is_mutation = true,
     .decide = observation_make,
     .answer = observation_answer},
    {.path = PATH("ListObservations"),
     .request = MESSAGE(list_observations_request),
     .reply = MESSAGE(list_observations_response),
     .klass = CLASS_READ,
     .roles = PLACE_ROLES,
     .decide = record_list,
     .record = &observation_record},
    {.path = PATH("DeleteObservation"),
     .request = MESSAGE(delete_observation_request),
     .reply = MESSAGE(delete_observation_response),
     .klass = CLASS_WRITE,
     .roles = PLACE_ROLES,
     .is_mutation = true,
     .decide = observation_delete,
     .answer = record_delete_answer},
    {.path = NULL},
};

const struct service_rows order_rows = {.service = "kontor.v1.OrderService",
                                        .rows = rows};
