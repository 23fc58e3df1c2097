/* Commands of the catalogue. */
#include "tools/kontor/arguments.h"
#include "tools/kontor/commands.h"
#include "tools/kontor/options.h"
#include "tools/kontor/own.h"
#include "tools/kontor/run.h"

#define END_COLUMN                                                                     \
    {                                                                                  \
        NULL, NULL                                                                     \
    }

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
static const struct column stock_columns[] = {{"OFFER", "id"},  {"TOTAL", "total"},
                                              {"FREE", "free"}, {"WAITING", "waiting"},
                                              {"UNIT", "unit"}, END_COLUMN};
static const struct view stock_view = {NULL, stock_columns};

const struct command catalogue_commands[] = {
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
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
