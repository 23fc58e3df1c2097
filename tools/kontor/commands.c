/* Every command: one row each. Help, completion and the man page are made from here. */
#include "tools/kontor/cli.h"
#include "tools/kontor/options.h"
#include "tools/kontor/own.h"
#include "tools/kontor/run.h"

#define END_ARGUMENT                                                                   \
    {                                                                                  \
        NULL, NULL, false, false                                                       \
    }
#define END_COLUMN                                                                     \
    {                                                                                  \
        NULL, NULL                                                                     \
    }

/* ---- Words ---- */

static const struct argument offer_argument[] = {{"OFFER", "offer", false, false},
                                                 END_ARGUMENT};
static const struct argument id_argument[] = {{"ID", "id", false, false}, END_ARGUMENT};
static const struct argument move_arguments[] = {
    {"ID", "id", false, false}, {"PHASE", "phase", false, false}, END_ARGUMENT};
static const struct argument certify_arguments[] = {
    {"ID", "id", false, false},
    {"STATUS", "certification", false, false},
    END_ARGUMENT};
static const struct argument diff_arguments[] = {{"ID", "id", false, false},
                                                 {"FROM", "from", false, false},
                                                 {"TO", "to", true, false},
                                                 END_ARGUMENT};
static const struct argument observe_arguments[] = {
    {"ID", "id", false, false}, {"OFFER", "offer", false, false}, END_ARGUMENT};
static const struct argument audited_service[] = {{"ID", "service", false, false},
                                                  END_ARGUMENT};
static const struct argument audited_provider[] = {{"ID", "provider", false, false},
                                                   END_ARGUMENT};
static const struct argument item_argument[] = {{"ITEM", "id", false, false},
                                                END_ARGUMENT};
static const struct argument prefix_argument[] = {{"ID", "id_prefix", true, false},
                                                  END_ARGUMENT};
static const struct argument files_argument[] = {{"FILE", NULL, false, true},
                                                 END_ARGUMENT};
static const struct argument file_argument[] = {{"FILE", NULL, false, false},
                                                END_ARGUMENT};
static const struct argument words_argument[] = {{"WORDS", NULL, true, true},
                                                 END_ARGUMENT};
static const struct argument project_argument[] = {{"ID", "project.id", false, false},
                                                   END_ARGUMENT};
static const struct argument registry_argument[] = {{"ID", "registry.id", false, false},
                                                    END_ARGUMENT};
static const struct argument of_registry_argument[] = {
    {"REGISTRY", "registry", false, false}, END_ARGUMENT};
static const struct argument order_argument[] = {{"ORDER", "order", false, false},
                                                 END_ARGUMENT};
static const struct argument directory_argument[] = {{"DIRECTORY", NULL, false, false},
                                                     END_ARGUMENT};
static const struct argument shell_argument[] = {{"bash", NULL, true, false},
                                                 END_ARGUMENT};

/* ---- Views ---- */

static const struct column services_columns[] = {{"ID", "id"},
                                                 {"NAME", "name"},
                                                 {"PROVIDER", "provider"},
                                                 {"ORDER", "order_type"},
                                                 {"PHASE", "phase"},
                                                 {"OFFERS", "offers#"},
                                                 END_COLUMN};
static const struct view services_view = {"services", services_columns};
static const struct column providers_columns[] = {{"ID", "id"},
                                                  {"NAME", "name"},
                                                  {"COUNTRY", "country"},
                                                  {"STATE", "state"},
                                                  END_COLUMN};
static const struct view providers_view = {"providers", providers_columns};
static const struct column waiting_columns[] = {{"PROVIDER", "id"},
                                                {"STATE", "state"},
                                                {"TEMPLATE", "template_state"},
                                                {"SERVICE", "template_service"},
                                                {"SINCE", "waiting_since"},
                                                {"NAME", "name"},
                                                END_COLUMN};
static const struct view waiting_view = {"providers", waiting_columns};
static const struct column bundles_columns[] = {{"ID", "id"},
                                                {"NAME", "name"},
                                                {"MAIN OFFER", "main_offer"},
                                                {"OFFERS", "offers#"},
                                                {"RULES", "rules#"},
                                                {"PUBLISHED", "is_published"},
                                                END_COLUMN};
static const struct view bundles_view = {"bundles", bundles_columns};
static const struct column vocabularies_columns[] = {{"ID", "id"},
                                                     {"NAME", "name"},
                                                     {"TERMS", "terms#"},
                                                     {"ABOVE", "parents"},
                                                     END_COLUMN};
static const struct view vocabularies_view = {"vocabularies", vocabularies_columns};
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
static const struct column stock_columns[] = {{"OFFER", "id"},  {"TOTAL", "total"},
                                              {"FREE", "free"}, {"WAITING", "waiting"},
                                              {"UNIT", "unit"}, END_COLUMN};
static const struct view stock_view = {NULL, stock_columns};
static const struct column agents_columns[] = {
    {"SESSION", "session.id"},    {"AGENT", "session.agent"},
    {"OFFERS", "session.offers"}, {"UNTIL", "expires_at"},
    {"OVER", "session.is_over"},  END_COLUMN};
static const struct view agents_view = {"agents", agents_columns};
static const struct column sites_columns[] = {{"ID", "id"},
                                              {"NAME", "short_name"},
                                              {"COUNTRY", "country"},
                                              {"CERTIFICATION", "certification"},
                                              END_COLUMN};
static const struct column changes_columns[] = {{"SITE", "site"},
                                                {"AT", "changed_at"},
                                                {"FROM", "from"},
                                                {"TO", "to"},
                                                {"OVERRIDE", "is_override"},
                                                {"BY", "changed_by"},
                                                {"WHY", "reason"},
                                                END_COLUMN};
static const struct view changes_view = {"changes", changes_columns};
static const struct view sites_view = {"sites", sites_columns};
static const struct column endpoints_columns[] = {
    {"ID", "id"}, {"SITE", "site"}, {"HOST", "host"}, {"TYPE", "type"}, END_COLUMN};
static const struct view endpoints_view = {"endpoints", endpoints_columns};
static const struct column downtimes_columns[] = {{"ID", "id"},
                                                  {"SEVERITY", "severity"},
                                                  {"START", "start_at"},
                                                  {"END", "end_at"},
                                                  {"KIND", "classification"},
                                                  {"HITS", "affected#"},
                                                  {"CANCELLED", "is_cancelled"},
                                                  {"WHAT", "description"},
                                                  END_COLUMN};
static const struct view downtimes_view = {"downtimes", downtimes_columns};
static const struct column registries_columns[] = {
    {"ID", "id"},       {"NAME", "name"},    {"TRUST DOMAIN", "trust_domain"},
    {"STATE", "state"}, {"HOME", "is_home"}, END_COLUMN};
static const struct view registries_view = {"registries", registries_columns};
static const struct column principals_columns[] = {{"ID", "id"},
                                                   {"IDENTITY", "identity"},
                                                   {"ROLES", "roles"},
                                                   {"SCOPES", "scopes"},
                                                   END_COLUMN};
static const struct view principals_view = {"principals", principals_columns};

/* ---- Commands ---- */

const struct command commands[] = {
    {"whoami", NULL, "Say who the broker takes you for", NULL, NULL, NULL, NULL,
     own_whoami, NULL},
    {"status", NULL, "Say how the broker is", "RegistryService/GetStatus", NULL, NULL,
     NULL, run_call, NULL},
    {"clock", "accept",
     "Let deadlines go on after the broker's clock was set: it is right now",
     "RegistryService/AcceptClock", NULL, NULL, NULL, run_call, NULL},

    {"catalogue", "import", "Take records from files of another catalogue", NULL,
     files_argument, import_options, NULL, own_import, NULL},
    {"catalogue", "validate",
     "Say what a broker would refuse or find odd in files, without one; exit 1 where "
     "it "
     "would refuse something",
     NULL, files_argument, validate_options, NULL, own_validate, NULL},
    {"catalogue", "search",
     "Find services by words; the last may be the beginning of one",
     "CatalogueService/SearchServices", words_argument, search_options, NULL,
     own_search, NULL},
    {"catalogue", "show", "Show a service", "CatalogueService/GetService", id_argument,
     NULL, NULL, run_call, "service"},
    {"catalogue", "stock", "Tell how many pieces of an offer are free",
     "OrderService/GetStock", offer_argument, NULL, &stock_view, run_call, NULL},
    {"catalogue", "list", "List services", "CatalogueService/ListServices", NULL,
     services_options, &services_view, run_list, NULL},
    {"catalogue", "export",
     "Write all vocabularies, providers, services and bundles as one file, "
     "fit for import; what the format cannot say is told",
     NULL, NULL, export_options, NULL, own_export, NULL},
    {"catalogue", "move",
     "Take a service to another phase; ending it tells what that touches",
     "CatalogueService/MoveService", move_arguments, move_options, NULL, own_move,
     "service"},
    {"catalogue", "diff",
     "Show what differs between two revisions of a service, the second one now if not "
     "given",
     "CatalogueService/DiffService", diff_arguments, NULL, NULL, own_diff, "service"},
    {"catalogue", "audit service", "Note what an audit of a service came to",
     "CatalogueService/AuditRecord", audited_service, audit_options, NULL, run_call,
     "service"},
    {"catalogue", "audit provider", "Note what an audit of a provider came to",
     "CatalogueService/AuditRecord", audited_provider, audit_options, NULL, run_call,
     "provider"},
    {"catalogue", "audit sample",
     "Draw services and providers to audit; the same seed draws the same",
     "CatalogueService/SampleForAudit", NULL, sample_options, NULL, run_call, NULL},
    {"catalogue", "waiting",
     "List the providers that wait for your decision, the longest first",
     "CatalogueService/ListProviders", NULL, NULL, &waiting_view, own_waiting, NULL},
    {"catalogue", "create", "Create the service a JSON file describes",
     "CatalogueService/CreateService", file_argument, create_options, NULL, own_create,
     NULL},
    {"catalogue", "delete",
     "Delete a service that is FORTHCOMING and was never ordered",
     "CatalogueService/DeleteService", id_argument, change_options, NULL, run_call,
     "service"},
    {"catalogue", "provider create", "Create the provider a JSON file describes",
     "CatalogueService/CreateProvider", file_argument, create_options, NULL, own_create,
     NULL},
    {"catalogue", "provider submit", "Put a provider up for a decision",
     "CatalogueService/SubmitProvider", id_argument, submit_options, NULL, run_call,
     "provider"},
    {"catalogue", "provider decide", "Approve or reject a provider that was submitted",
     "CatalogueService/DecideProvider", id_argument, judge_options, NULL, own_decide,
     "provider"},
    {"catalogue", "provider template",
     "Approve or reject the first service of a provider, the template of the rest",
     "CatalogueService/DecideTemplate", id_argument, template_options, NULL, own_decide,
     "provider"},
    {"catalogue", "provider suspend",
     "Hide a provider and its services for now; tells what that touches",
     "CatalogueService/SuspendProvider", id_argument, reason_options, NULL, own_end,
     "provider"},
    {"catalogue", "provider resume", "Show a suspended provider and its services again",
     "CatalogueService/ResumeProvider", id_argument, words_options, NULL, run_call,
     "provider"},
    {"catalogue", "provider retire",
     "Hide a provider and its services for good; tells what that touches",
     "CatalogueService/RetireProvider", id_argument, reason_options, NULL, own_end,
     "provider"},
    {"catalogue", "provider delete", "Delete a provider that was never approved",
     "CatalogueService/DeleteProvider", id_argument, change_options, NULL, run_call,
     "provider"},
    {"catalogue", "provider show", "Show a provider", "CatalogueService/GetProvider",
     id_argument, NULL, NULL, run_call, "provider"},
    {"catalogue", "provider list", "List providers", "CatalogueService/ListProviders",
     NULL, NULL, &providers_view, run_list, NULL},
    {"catalogue", "bundle create", "Create the bundle a JSON file describes",
     "CatalogueService/CreateBundle", file_argument, create_options, NULL, own_create,
     NULL},
    {"catalogue", "bundle show", "Show a bundle", "CatalogueService/GetBundle",
     id_argument, NULL, NULL, run_call, "bundle"},
    {"catalogue", "bundle list", "List bundles", "CatalogueService/ListBundles", NULL,
     services_options, &bundles_view, run_list, NULL},
    {"catalogue", "bundle delete", "Delete a bundle; orders of it stay",
     "CatalogueService/DeleteBundle", id_argument, change_options, NULL, run_call,
     "bundle"},
    {"catalogue", "bundle check",
     "Say whether a bundle can be ordered, and everything that is in the way; exit 1 "
     "then",
     "CatalogueService/CheckBundle", id_argument, bundle_options, NULL, own_check,
     "bundle"},
    {"catalogue", "vocabulary show", "Show a vocabulary with its terms",
     "CatalogueService/GetVocabulary", id_argument, NULL, NULL, run_call, "vocabulary"},
    {"catalogue", "vocabulary list", "List vocabularies",
     "CatalogueService/ListVocabularies", NULL, NULL, &vocabularies_view, run_list,
     NULL},
    {"catalogue", "vocabulary delete",
     "Delete a vocabulary; records keep the terms they name",
     "CatalogueService/DeleteVocabulary", id_argument, change_options, NULL, run_call,
     "vocabulary"},
    {"catalogue", "watch",
     "Follow changes of vocabularies, providers, services and bundles",
     "CatalogueService/Watch", prefix_argument, watch_options, NULL, run_watch, NULL},

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

    {"config", "import", "Take records from files of another configuration database",
     NULL, files_argument, import_options, NULL, own_import, NULL},
    {"config", "watch", "Follow changes of sites, endpoints and downtimes",
     "ConfigurationService/Watch", prefix_argument, watch_options, NULL, run_watch,
     NULL},
    {"config", "trace", "Show what carries an order, and what is ahead of it",
     "ConfigurationService/Trace", order_argument, NULL, NULL, own_trace, "order"},

    {"config", "site create", "Create the site a JSON file describes",
     "ConfigurationService/CreateSite", file_argument, create_options, NULL, own_create,
     NULL},
    {"config", "site show", "Show a site", "ConfigurationService/GetSite", id_argument,
     NULL, NULL, run_call, NULL},
    {"config", "site list", "List sites", "ConfigurationService/ListSites", NULL, NULL,
     &sites_view, run_list, NULL},
    {"config", "site certify",
     "Move a site's certification: UNCERTIFIED, CERTIFIED, SUSPENDED or CLOSED",
     "ConfigurationService/MoveCertification", certify_arguments, certify_options, NULL,
     run_call, "site"},
    {"config", "site history", "List what became of the certification of sites",
     "ConfigurationService/ListCertificationChanges", NULL, changes_options,
     &changes_view, run_list, NULL},
    {"config", "endpoint create", "Create the endpoint a JSON file describes",
     "ConfigurationService/CreateEndpoint", file_argument, create_options, NULL,
     own_create, NULL},
    {"config", "endpoint show", "Show an endpoint", "ConfigurationService/GetEndpoint",
     id_argument, NULL, NULL, run_call, NULL},
    {"config", "endpoint list", "List endpoints", "ConfigurationService/ListEndpoints",
     NULL, endpoints_options, &endpoints_view, run_list, NULL},
    {"config", "downtime declare", "Declare the downtime a JSON file describes",
     "ConfigurationService/DeclareDowntime", file_argument, create_options, NULL,
     own_create, NULL},
    {"config", "downtime show", "Show a downtime", "ConfigurationService/GetDowntime",
     id_argument, NULL, NULL, run_call, NULL},
    {"config", "downtime list", "List downtimes", "ConfigurationService/ListDowntimes",
     NULL, downtimes_options, &downtimes_view, run_list, NULL},
    {"config", "downtime cancel", "Cancel a downtime; it is kept as cancelled",
     "ConfigurationService/CancelDowntime", id_argument, reason_options, NULL, run_call,
     NULL},

    {"registry", "create", "Create a partner registry and its first admin",
     "RegistryService/CreateRegistry", registry_argument, registry_options, NULL,
     run_call, NULL},
    {"registry", "list", "List registries", "RegistryService/ListRegistries", NULL,
     NULL, &registries_view, run_list, NULL},
    {"registry", "show", "Show a registry", "RegistryService/GetRegistry", id_argument,
     NULL, NULL, run_call, NULL},
    {"registry", "rotate", "Replace the authorities of a registry",
     "RegistryService/RotateBundle", id_argument, rotate_options, NULL, run_call, NULL},
    {"registry", "suspend", "Stop a registry's principals from calling",
     "RegistryService/SuspendRegistry", id_argument, reason_options, NULL, run_call,
     NULL},
    {"registry", "resume", "Let them call again", "RegistryService/ResumeRegistry",
     id_argument, change_options, NULL, run_call, NULL},
    {"principal", "create", "Say who may call, as what, and over what",
     "RegistryService/CreatePrincipal", NULL, principal_options, NULL, own_principal,
     NULL},
    {"principal", "list", "List principals", "RegistryService/ListPrincipals", NULL,
     NULL, &principals_view, run_list, NULL},
    {"principal", "show", "Show a principal", "RegistryService/GetPrincipal",
     id_argument, NULL, NULL, run_call, NULL},
    {"principal", "delete", "Remove a principal", "RegistryService/DeletePrincipal",
     id_argument, change_options, NULL, run_call, NULL},
    {"certificate", "revoke", "Take back trust in one certificate of a registry",
     "RegistryService/RevokeCertificate", of_registry_argument, revoke_options, NULL,
     run_call, NULL},

    {"audit", "verify", "Judge a backup: every hash, every digest, no gap", NULL,
     file_argument, NULL, NULL, own_verify, NULL},
    {"backup", NULL,
     "Write the log into a file; into one that is there, only what is new", NULL,
     file_argument, NULL, NULL, own_backup, NULL},
    {"dev", "ca",
     "Make authorities of two registries and a certificate for every role, to try "
     "Kontor with",
     NULL, directory_argument, NULL, NULL, own_dev_ca, NULL},
    {"completion", NULL, "Print a completion script for a shell", NULL, shell_argument,
     NULL, NULL, own_completion, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
