/* Commands of projects, orders, what they made, and agents. */
#include "tools/kontor/arguments.h"
#include "tools/kontor/commands.h"
#include "tools/kontor/options.h"
#include "tools/kontor/own.h"
#include "tools/kontor/run.h"

#define END_COLUMN                                                                     \
    {                                                                                  \
        NULL, NULL                                                                     \
    }

static const struct column projects_columns[] = {{"ID", "id"},
                                                 {"NAME", "name"},
                                                 {"ORGANISATION", "organisation"},
                                                 {"ARCHIVED", "is_archived"},
                                                 END_COLUMN};
static const struct view projects_view = {"projects", projects_columns};
static const struct column orders_columns[] = {{"ORDER", "id"},
                                               {"STATE", "state"},
                                               {"WAITING FOR", "waiting_for"},
                                               {"SINCE", "waiting_since"},
                                               {"UNTIL", "next_due"},
                                               {"WHAT", "waiting_what"},
                                               END_COLUMN};
static const struct view orders_view = {"orders", orders_columns};
static const struct column items_columns[] = {{"ITEM", "id"},
                                              {"STATE", "state"},
                                              {"OFFER", "offer"},
                                              {"SESSION", "job.session"},
                                              {"REASON", "reason_text"},
                                              END_COLUMN};
static const struct view items_view = {"items", items_columns};
static const struct view item_view = {NULL, items_columns};
static const struct column messages_columns[] = {
    {"AT", "posted_at"}, {"FROM", "author"}, {"AS", "role"},   {"FOR", "scope"},
    {"TO", "to"},        {"ITEM", "item"},   {"TEXT", "text"}, END_COLUMN};
static const struct view messages_view = {"messages", messages_columns};
static const struct view message_view = {NULL, messages_columns};
static const struct column actions_columns[] = {{"ITEM", "item"},
                                                {"CALL", "call"},
                                                {"ACTION", "action"},
                                                {"NEEDS", "needs"},
                                                END_COLUMN};
static const struct view actions_view = {"actions", actions_columns};
static const struct column instances_columns[] = {
    {"INSTANCE", "id"},       {"STATE", "state"},          {"OFFER", "offer"},
    {"UNTIL", "valid_until"}, {"CHANGES BY", "open_item"}, END_COLUMN};
static const struct view instances_view = {"instances", instances_columns};
static const struct column opinions_columns[] = {{"ORDER", "id"},
                                                 {"ORDERING", "order_rating"},
                                                 {"SERVICES", "services#"},
                                                 {"TEXT", "text"},
                                                 END_COLUMN};
static const struct view opinions_view = {"opinions", opinions_columns};
static const struct column observations_columns[] = {{"ID", "id"},
                                                     {"OFFER", "offer"},
                                                     {"WAITS FOR", "waits_for"},
                                                     {"RETURNED", "returned_at"},
                                                     {"FREE", "free"},
                                                     END_COLUMN};
static const struct view observations_view = {"observations", observations_columns};
static const struct view observation_view = {NULL, observations_columns};
static const struct column agents_columns[] = {
    {"SESSION", "session.id"},    {"AGENT", "session.agent"},
    {"OFFERS", "session.offers"}, {"UNTIL", "expires_at"},
    {"OVER", "session.is_over"},  END_COLUMN};
static const struct view agents_view = {"agents", agents_columns};

const struct command order_commands[] = {
    {"project", "create", "Create a project", "OrderService/CreateProject",
     project_argument, project_options, NULL, run_call, NULL},
    {"project", "show", "Show a project", "OrderService/GetProject", id_argument, NULL,
     NULL, run_call, NULL},
    {"project", "list", "List projects", "OrderService/ListProjects", NULL, NULL,
     &projects_view, run_list, NULL},

    {"order", "place", "Place the order a JSON file describes; - reads standard input",
     "OrderService/PlaceOrder", file_argument, place_options, NULL, own_place, NULL},
    {"order", "show", "Show an order and its items", "OrderService/GetOrder",
     id_argument, NULL, NULL, own_order, NULL},
    {"order", "list", "List orders", "OrderService/ListOrders", NULL, orders_options,
     &orders_view, run_list, NULL},
    {"order", "items", "List items", "OrderService/ListItems", NULL, items_options,
     &items_view, run_list, NULL},
    {"order", "history", "Show every move of an order's items", "OrderService/GetOrder",
     id_argument, NULL, NULL, own_history, NULL},
    {"order", "watch", "Follow changes of orders, items and messages",
     "OrderService/WatchOrders", prefix_argument, watch_options, NULL, run_watch, NULL},
    {"order", "open",
     "Open the sealed access details of an item and write them out as they are",
     "OrderService/OpenAccess", item_argument, open_options, NULL, own_open,
     "access details"},
    {"order", "actions", "Show what you may do with an order or an item now",
     "OrderService/AllowedActions", id_argument, NULL, &actions_view, run_list, NULL},
    {"order", "cancel",
     "Cancel an order, or items of it; once work has begun the provider is asked",
     "OrderService/CancelOrder", id_argument, cancel_options, NULL, own_order, NULL},
    {"order", "decide", "Approve or reject an item's open step",
     "OrderService/DecideItem", item_argument, decide_options, &item_view, own_decide,
     "decision"},
    {"order", "ask", "Ask the customer about an item", "OrderService/AskCustomer",
     item_argument, ask_options, &item_view, run_call, "item"},
    {"order", "answer", "Answer the open question of an item, or take it back",
     "OrderService/AnswerQuestion", item_argument, answer_options, &item_view, run_call,
     "item"},
    {"order", "reschedule", "Set when an item may begin; without --start at once",
     "OrderService/RescheduleItem", item_argument, reschedule_options, &item_view,
     run_call, "item"},
    {"order", "hold", "Hold an item", "OrderService/HoldItem", item_argument,
     hold_options, &item_view, run_call, "item"},
    {"order", "decide-cancel", "Accept or decline to cancel what has begun",
     "OrderService/DecideCancel", item_argument, decide_cancel_options, &item_view,
     own_decide_cancel, "decision"},
    {"order", "resume", "Let a held item go on", "OrderService/ResumeItem",
     item_argument, words_options, &item_view, run_call, "item"},
    {"order", "override", "An admin's last resort", "OrderService/OverrideItem",
     item_argument, override_options, &item_view, own_override, "item"},
    {"order", "message", "Write a message about an order; both sides read it",
     "OrderService/PostMessage", order_argument, message_options, &message_view,
     run_call, "message"},
    {"order", "messages", "List the messages of an order you may read",
     "OrderService/ListMessages", order_argument, NULL, &messages_view, run_list, NULL},

    {"order", "opinion", "Say what you think of an order that was delivered; once",
     "OrderService/GiveOpinion", order_argument, opinion_options, NULL, own_opinion,
     "opinion"},
    {"order", "opinions", "List opinions you may read", "OrderService/ListOpinions",
     NULL, opinions_options, &opinions_view, run_list, NULL},
    {"order", "observe",
     "Ask to be told when an offer can be ordered again: order watch tells",
     "OrderService/ObserveOffer", observe_arguments, create_options, &observation_view,
     run_call, "observation"},
    {"order", "observations", "List what you asked to be told of",
     "OrderService/ListObservations", NULL, NULL, &observations_view, run_list, NULL},
    {"order", "unobserve", "Take an observation back", "OrderService/DeleteObservation",
     id_argument, change_options, NULL, run_call, "observation"},

    {"instance", "show", "Show what was delivered and how it stands",
     "OrderService/GetInstance", id_argument, NULL, NULL, run_call, NULL},
    {"instance", "list", "List what was delivered", "OrderService/ListInstances", NULL,
     instances_options, &instances_view, run_list, NULL},

    {"agent", "run", "Be the agent of some offers", NULL, NULL, agent_options, NULL,
     own_agent, NULL},
    {"agent", "list", "List agents' sessions", "FulfilmentService/ListAgents", NULL,
     NULL, &agents_view, run_list, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
