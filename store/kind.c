#include "store/kind.h"

#include <string.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "kontor/v1/configuration.pb-c.h"
#include "kontor/v1/order.pb-c.h"
#include "kontor/v1/registry.pb-c.h"

/*
 * Every kind of document and all that is ever searched: what has no index here cannot
 * be listed by it, on any backend. Field numbers are those of the .proto files; tests
 * hold each against its descriptor. A row that is changed changes tables: the broker
 * then refuses the file until it was rebuilt from the log. Kinds that come and go by
 * the thousand (sessions, guards) keep no past.
 */
enum {
    ROW_REGISTRY,
    ROW_PRINCIPAL,
    ROW_REVOCATION,
    ROW_PROVIDER,
    ROW_SERVICE,
    ROW_VOCABULARY,
    ROW_BUNDLE,
    ROW_PROJECT,
    ROW_ORDER,
    ROW_ITEM,
    ROW_INSTANCE,
    ROW_STOCK,
    ROW_STOCK_WAIT,
    ROW_OBSERVATION,
    ROW_OPINION,
    ROW_TALLY,
    ROW_ACCESS,
    ROW_SESSION,
    ROW_MESSAGE,
    ROW_SITE,
    ROW_CERTIFICATION_CHANGE,
    ROW_OPERATOR_GROUP,
    ROW_ENDPOINT,
    ROW_GROUP,
    ROW_VERSION,
    ROW_CAPACITY,
    ROW_CAPACITY_USE,
    ROW_PLAN,
    ROW_DOWNTIME,
    ROW_GUARD,
    ROW_END,
};

_Static_assert(ROW_END <= 32, "a watcher keeps its kinds as bits of 32");

const struct kind kind_table[] =
    {
        [ROW_REGISTRY] =
            {
                .name = "registry",
                .record = &kontor__v1__registry__descriptor,
                .has_history = true,
                .declared = {{"trust_domain", DECLARED_TEXT, {6}}},
                .indexes = {{"trust_domain", {"trust_domain"}}},
            },
        [ROW_PRINCIPAL] =
            {
                .name = "principal",
                .record = &kontor__v1__principal__descriptor,
                .has_history = true,
                .declared = {{"identity", DECLARED_TEXT, {5}}},
                .indexes = {{"identity", {"identity"}}},
            },
        [ROW_REVOCATION] =
            {
                .name = "revocation",
                .record = &kontor__v1__revocation__descriptor,
                .has_history = true,
            },
        [ROW_PROVIDER] =
            {
                .name = "provider",
                .record = &kontor__v1__provider__descriptor,
                /* Contacts are for those who own the record. */
                .internal = (const uint8_t[]){17, 20, 22, 23, 24, 25, 45, 46, 47, 0},
                .has_history = true,
                .is_kept = true,
                .watch_field = 16,
                .declared = {{"waiting_since", DECLARED_TIME, {47}},
                             {"settling", DECLARED_INTEGER, {46}}},
                .indexes = {{"waiting", {"waiting_since"}, INDEX_CALLERS},
                            {"settling", {"settling"}, INDEX_OWN}},
            },
        [ROW_SERVICE] =
            {
                .name = "service",
                .record = &kontor__v1__service__descriptor,
                .internal = (const uint8_t[]){49, 50, 52, 53, 77, 78, 0},
                .has_history = true,
                .is_kept = true,
                .watch_field = 17,
                .declared = {{"provider", DECLARED_TEXT, {5}}},
                .indexes = {{"provider", {"provider"}}},
            },
        [ROW_VOCABULARY] =
            {
                .name = "vocabulary",
                .record = &kontor__v1__vocabulary__descriptor,
                .has_history = true,
                .is_kept = true,
                .watch_field = 25,
            },
        [ROW_BUNDLE] =
            {
                .name = "bundle",
                .record = &kontor__v1__bundle__descriptor,
                .has_history = true,
                .watch_field = 26,
                .declared = {{"provider", DECLARED_TEXT, {5}}},
                .indexes = {{"provider", {"provider"}}},
            },
        [ROW_PROJECT] =
            {
                .name = "project",
                .record = &kontor__v1__project__descriptor,
                .has_history = true,
                .is_kept = true,
                .watch_field = 18,
            },
        [ROW_ORDER] =
            {
                .name = "order",
                .record = &kontor__v1__order__descriptor,
                /* Who orders, who delivers and what is said: the customer's side only.
                 */
                .internal =
                    (const uint8_t[]){
                        8, 9,
                        10, 11, 13, 14, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 0},
                .has_history = true,
                .watch_field = 19,
                .declared = {{"state", DECLARED_INTEGER, {5}},
                             {"waiting_for", DECLARED_TEXT, {9}},
                             {"waiting_since", DECLARED_TIME, {10}}},
                .indexes = {{"state", {"state"}, INDEX_CALLERS},
                            {"waiting", {"waiting_since"}}},
            },
        [ROW_ITEM] =
            {
                .name = "item",
                .record = &kontor__v1__order_item__descriptor,
                .has_history = true,
                .watch_field = 20,
                .declared = {{"offer", DECLARED_TEXT, {11}},
                             {"ready_at", DECLARED_TIME, {21, 2}},
                             {"session", DECLARED_TEXT, {21, 4}},
                             {"state", DECLARED_INTEGER, {6}},
                             {"due_at", DECLARED_TIME, {39, 1}}},
                /* An agent claims the oldest job of its offers first. */
                .indexes = {{"offer", {"offer", "ready_at"}, INDEX_CALLERS},
                            {"session", {"session"}, INDEX_OWN},
                            {"state", {"state", "offer"}},
                            {"due", {"due_at"}, INDEX_OWN}},
            },
        [ROW_INSTANCE] =
            {
                .name = "instance",
                .record = &kontor__v1__instance__descriptor,
                .has_history = true,
                .watch_field = 24,
                .declared = {{"state", DECLARED_INTEGER, {5}},
                             {"offer", DECLARED_TEXT, {6}},
                             {"due_at", DECLARED_TIME, {19}}},
                .indexes = {{"state", {"state"}, INDEX_CALLERS},
                            {"offer", {"offer", "state"}, INDEX_CALLERS},
                            {"due", {"due_at"}, INDEX_OWN}},
            },
        /* What is taken of an offer's stock: a guard that counts, without a scope. Who
         * may see the offer is told what is free by GetStock. */
        [ROW_STOCK] =
            {
                .name = "stock",
                .record = &kontor__v1__stock__descriptor,
                .declared = {{"waiting", DECLARED_INTEGER, {6}},
                             {"observers", DECLARED_INTEGER, {11}}},
                .indexes = {{"waiting", {"waiting"}},
                            {"observers", {"observers"}, INDEX_OWN}},
            },
        /* Who waits for it: documents of their own, so that no other item pays for an
         * index of the waiting ones. */
        [ROW_STOCK_WAIT] =
            {
                .name = "stock_wait",
                .record = &kontor__v1__stock_wait__descriptor,
                .declared = {{"offer", DECLARED_TEXT, {5}},
                             {"since", DECLARED_TIME, {6}},
                             {"beyond", DECLARED_INTEGER, {7}}},
                /* Who waits for more than there ever are is in nobody's way. */
                .indexes = {{"offer", {"offer", "beyond", "since"}}},
            },
        [ROW_TALLY] =
            {
                .name = "tally",
                .record = &kontor__v1__tally__descriptor,
                .declared = {{"untold", DECLARED_INTEGER, {7}}},
                .indexes = {{"untold", {"untold"}, INDEX_OWN}},
            },
        [ROW_OBSERVATION] =
            {
                .name = "observation",
                .record = &kontor__v1__observation__descriptor,
                .has_history = true,
                .watch_field = 27,
                .declared = {{"waits_for", DECLARED_TEXT, {6}}},
                .indexes = {{"waits_for", {"waits_for"}, INDEX_OWN}},
            },
        [ROW_OPINION] =
            {
                .name = "opinion",
                .record = &kontor__v1__opinion__descriptor,
                .has_history = true,
                .watch_field = 28,
            },
        /* Sealed access details: asked for by the item's id, never listed or watched.
         */
        [ROW_ACCESS] = {.name = "access", .record = &kontor__v1__access__descriptor},
        [ROW_SESSION] =
            {
                .name = "session",
                .record = &kontor__v1__session__descriptor,
                .declared = {{"is_over", DECLARED_INTEGER, {9}}},
                .indexes = {{"over", {"is_over"}}},
            },
        [ROW_MESSAGE] =
            {
                .name = "message",
                .record = &kontor__v1__message__descriptor,
                .has_history = true,
                .is_addressed = true,
                .is_final = true,
                .watch_field = 40,
                .declared = {{"order", DECLARED_TEXT, {5}},
                             {"posted_at", DECLARED_TIME, {12}}},
                .indexes = {{"order", {"order", "posted_at"}}},
            },
        [ROW_SITE] =
            {
                .name = "site",
                .record = &kontor__v1__site__descriptor,
                .internal = (const uint8_t[]){23, 0},
                .has_history = true,
                .watch_field = 21,
                .declared = {{"short_name", DECLARED_TEXT, {5}},
                             {"operator_group", DECLARED_TEXT, {10}}},
                .indexes = {{"short_name", {"short_name"}},
                            {"operator_group", {"operator_group"}, INDEX_CALLERS}},
            },
        [ROW_CERTIFICATION_CHANGE] =
            {
                .name = "certification_change",
                .record = &kontor__v1__certification_change__descriptor,
                .internal = (const uint8_t[]){10, 0},
                .has_history = true,
                .watch_field = 29,
                .declared = {{"site", DECLARED_TEXT, {5}},
                             {"changed_at", DECLARED_TIME, {8}}},
                .indexes = {{"site", {"site", "changed_at"}}},
            },
        [ROW_OPERATOR_GROUP] =
            {
                .name = "operator_group",
                .record = &kontor__v1__operator_group__descriptor,
                .internal = (const uint8_t[]){7, 0},
                .has_history = true,
                .watch_field = 39,
            },
        [ROW_ENDPOINT] =
            {
                .name = "endpoint",
                .record = &kontor__v1__endpoint__descriptor,
                .internal = (const uint8_t[]){23, 0},
                .has_history = true,
                .watch_field = 22,
                .declared = {{"site", DECLARED_TEXT, {5}},
                             {"host", DECLARED_TEXT, {6}},
                             {"service", DECLARED_TEXT, {22}}},
                .indexes = {{"site", {"site"}},
                            {"host", {"host"}},
                            {"service", {"service"}, INDEX_CALLERS}},
            },
        [ROW_GROUP] =
            {
                .name = "group",
                .record = &kontor__v1__group__descriptor,
                .internal = (const uint8_t[]){13, 0},
                .has_history = true,
                .watch_field = 30,
            },
        [ROW_VERSION] =
            {
                .name = "version",
                .record = &kontor__v1__version__descriptor,
                .internal = (const uint8_t[]){12, 0},
                .has_history = true,
                .watch_field = 32,
                .declared = {{"endpoint", DECLARED_TEXT, {8}}},
                .indexes = {{"endpoint", {"endpoint"}, INDEX_CALLERS}},
            },
        [ROW_CAPACITY] =
            {
                .name = "capacity",
                .record = &kontor__v1__capacity__descriptor,
                .has_history = true,
                .watch_field = 33,
                .declared = {{"provider", DECLARED_TEXT, {5}}},
                .indexes = {{"provider", {"provider"}, INDEX_CALLERS}},
            },
        /* What is taken of it: a guard that counts, without a scope. */
        [ROW_CAPACITY_USE] =
            {
                .name = "capacity_use",
                .record = &kontor__v1__capacity_use__descriptor,
                .has_history = true,
            },
        [ROW_PLAN] =
            {
                .name = "plan",
                .record = &kontor__v1__plan__descriptor,
                .has_history = true,
                .watch_field = 38,
                .declared = {{"project", DECLARED_TEXT, {5}}},
                .indexes = {{"project", {"project"}, INDEX_CALLERS}},
            },
        [ROW_DOWNTIME] =
            {
                .name = "downtime",
                .record = &kontor__v1__downtime__descriptor,
                /* Whose instances it hits is not everybody's to know. */
                .internal = (const uint8_t[]){16, 0},
                .has_history = true,
                .watch_field = 23,
                .declared = {{"end_at", DECLARED_TIME, {8}}},
                .indexes = {{"end_at", {"end_at"}}},
            },
        /* A condition over many documents is a document of its own, written in the same
         * commit as what it counts. It has no scope, so that nobody ever sees one. */
        [ROW_GUARD] = {.name = "guard"},
        [ROW_END] = {.name = NULL},
};

const struct kind *const KIND_REGISTRY = &kind_table[ROW_REGISTRY];
const struct kind *const KIND_PRINCIPAL = &kind_table[ROW_PRINCIPAL];
const struct kind *const KIND_REVOCATION = &kind_table[ROW_REVOCATION];
const struct kind *const KIND_PROVIDER = &kind_table[ROW_PROVIDER];
const struct kind *const KIND_SERVICE = &kind_table[ROW_SERVICE];
const struct kind *const KIND_VOCABULARY = &kind_table[ROW_VOCABULARY];
const struct kind *const KIND_BUNDLE = &kind_table[ROW_BUNDLE];
const struct kind *const KIND_PROJECT = &kind_table[ROW_PROJECT];
const struct kind *const KIND_ORDER = &kind_table[ROW_ORDER];
const struct kind *const KIND_ITEM = &kind_table[ROW_ITEM];
const struct kind *const KIND_INSTANCE = &kind_table[ROW_INSTANCE];
const struct kind *const KIND_STOCK = &kind_table[ROW_STOCK];
const struct kind *const KIND_STOCK_WAIT = &kind_table[ROW_STOCK_WAIT];
const struct kind *const KIND_OBSERVATION = &kind_table[ROW_OBSERVATION];
const struct kind *const KIND_OPINION = &kind_table[ROW_OPINION];
const struct kind *const KIND_TALLY = &kind_table[ROW_TALLY];
const struct kind *const KIND_ACCESS = &kind_table[ROW_ACCESS];
const struct kind *const KIND_SESSION = &kind_table[ROW_SESSION];
const struct kind *const KIND_MESSAGE = &kind_table[ROW_MESSAGE];
const struct kind *const KIND_SITE = &kind_table[ROW_SITE];
const struct kind *const KIND_CERTIFICATION_CHANGE =
    &kind_table[ROW_CERTIFICATION_CHANGE];
const struct kind *const KIND_OPERATOR_GROUP = &kind_table[ROW_OPERATOR_GROUP];
const struct kind *const KIND_ENDPOINT = &kind_table[ROW_ENDPOINT];
const struct kind *const KIND_GROUP = &kind_table[ROW_GROUP];
const struct kind *const KIND_VERSION = &kind_table[ROW_VERSION];
const struct kind *const KIND_CAPACITY = &kind_table[ROW_CAPACITY];
const struct kind *const KIND_CAPACITY_USE = &kind_table[ROW_CAPACITY_USE];
const struct kind *const KIND_PLAN = &kind_table[ROW_PLAN];
const struct kind *const KIND_DOWNTIME = &kind_table[ROW_DOWNTIME];
const struct kind *const KIND_GUARD = &kind_table[ROW_GUARD];

const struct kind *
kind_by_name(const struct kind *table, const char *name)
{
    for (const struct kind *kind = table; kind->name != NULL; kind++) {
        if (strcmp(kind->name, name) == 0) {
            return kind;
        }
    }
    return NULL;
}
