/* The options of every command: a row each, which says where in the request it goes. */
#include "tools/kontor/options.h"

#define END_OPTION                                                                     \
    {                                                                                  \
        NULL, NULL, NULL, NULL, NULL, false, false                                     \
    }
const struct option_row common_options[] = {
    {"server", "HOST:PORT", "the broker", NULL, NULL, false, false},
    {"ca", "FILE", "authorities of the broker's certificate, PEM", NULL, NULL, false,
     false},
    {"cert", "FILE", "your certificate, PEM", NULL, NULL, false, false},
    {"key", "FILE", "its private key, PEM", NULL, NULL, false, false},
    {"profile", "NAME", "directory below $XDG_CONFIG_HOME/kontor; default", NULL, NULL,
     false, false},
    {"timeout", "SECONDS", "longest for a call, retries included; 20", NULL, NULL,
     false, false},
    {"output", "json|table",
     "one JSON object a line, or a table; a table on a terminal, else json", NULL, NULL,
     false, false},
    {"request-id", "UUID", "repeat a change whose outcome is not known", "request_id",
     NULL, false, false},
    {"help", NULL, "this", NULL, NULL, false, false},
    END_OPTION,
};

#define VALIDATE_ONLY                                                                  \
    {                                                                                  \
        "validate-only", NULL, "judge only: nothing is stored", "validate_only",       \
            "true", false, false                                                       \
    }
#define AS_OF_WORDS                                                                    \
    "as it was then: a time such as 2026-11-23T20:00:00Z, or a position of the log"
#define AS_OF                                                                          \
    {                                                                                  \
        "as-of", "TIME|SEQ", AS_OF_WORDS, "as_of", NULL, false, false                  \
    }
#define REVISION                                                                       \
    {                                                                                  \
        "revision", "N", "refuse if the record is not at this revision any more",      \
            "expected_revision", NULL, false, false                                    \
    }

const struct option_row change_options[] = {REVISION, VALIDATE_ONLY, END_OPTION};
const struct option_row create_options[] = {VALIDATE_ONLY, END_OPTION};
const struct option_row reason_options[] = {
    {"reason", "TEXT", "why: the other side will read it", "reason", NULL, true, false},
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
#define REASON_GIVEN(why)                                                              \
    {                                                                                  \
        "reason", "TEXT", why, "reason", NULL, false, false                            \
    }
const struct option_row submit_options[] = {
    {"override", NULL, "admins: although it lacks something; needs --reason",
     "is_override", "true", false, false},
    REASON_GIVEN("why: it stays with the provider"),
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row judge_options[] = {
    {"approve", NULL, "it is good", "is_approved", "true", false, false},
    {"reject", NULL, "it is not; needs --reason", NULL, NULL, false, false},
    REASON_GIVEN("why: its side will read it"),
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row template_options[] = {
    {"approve", NULL, "it is good", "is_approved", "true", false, false},
    {"reject", NULL, "it is not; needs --reason", NULL, NULL, false, false},
    REASON_GIVEN("why: its side will read it"),
    {"service-revision", "N", "refuse unless the service still is what you read",
     "expected_service_revision", NULL, false, false},
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row opinion_options[] = {
    {"service", "ID=N", "a service of it and 1 (bad) to 5 (good); may be repeated",
     NULL, NULL, true, false},
    {"ordering", "N", "how ordering went, 1 (bad) to 5 (good)", "order_rating", NULL,
     true, false},
    {"text", "TEXT", "in your words", "text", NULL, false, false},
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row opinions_options[] = {{"service", "ID",
                                               "only what is said of this service",
                                               "service", NULL, false, false},
                                              END_OPTION};
const struct option_row bundle_options[] = {
    {"offer", "ID",
     "one that is taken beside the main offer; may be repeated; all that is not "
     "optional",
     "offers", NULL, false, false},
    END_OPTION};
const struct option_row words_options[] = {
    {"reason", "TEXT", "why", "reason", NULL, false, false},
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row move_options[] = {
    {"override", NULL, "admins: although the gate is not met; needs --reason",
     "is_override", "true", false, false},
    {"reason", "TEXT", "why: it stays with the service", "reason", NULL, false, false},
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row audit_options[] = {
    {"valid", NULL, "it is in order", "state", "AUDIT_VALID", false, false},
    {"invalid", NULL, "it is found wanting; needs --comment", "state", "AUDIT_INVALID",
     false, false},
    {"comment", "TEXT", "what was found: the owner will read it", "comment", NULL,
     false, false},
    {"sample", "NAME", "the sample it was drawn in", "sample", NULL, false, false},
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row sample_options[] = {
    {"size", "N", "so many records, up to 500; 20", "size", NULL, false, false},
    {"seed", "N", "any number from 1 on; the same draws the same", "seed", NULL, true,
     false},
    END_OPTION};
const struct option_row cancel_options[] = {
    {"item", "ITEM", "only this item of the order; may be repeated", "items", NULL,
     false, false},
    {"reason", "TEXT", "why", "reason", NULL, false, false},
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row decide_options[] = {
    {"approve", NULL, "the step is passed", "decision", "APPROVE", false, false},
    {"reject", NULL, "the item is declined; needs --reason", "decision", "REJECT",
     false, false},
    {"reason", "TEXT", "why: the customer will read it", "reason", NULL, false, false},
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row override_options[] = {
    {"fail", NULL, "the item is FAILED", "override", "FAIL", false, false},
    {"requeue", NULL, "a held item can be claimed again", "override", "REQUEUE", false,
     false},
    {"abandon-cleanup", NULL, "what may be left behind is given up", "override",
     "ABANDON_CLEANUP", false, false},
    {"reason", "TEXT", "why: kept in the history", "reason", NULL, true, false},
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row ask_options[] = {
    {"question", "TEXT", "what the customer is asked", "question", NULL, true, false},
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row answer_options[] = {
    {"text", "TEXT", "the answer, in words", "answer.text", NULL, false, false},
    {"integer", "N", "the answer, a whole number", "answer.integer", NULL, false,
     false},
    {"decimal", "N", "the answer, a decimal number", "answer.decimal", NULL, false,
     false},
    {"date", "YYYY-MM-DD", "the answer, a date", "answer.date", NULL, false, false},
    {"yes", NULL, "the answer is yes", "answer.boolean", "true", false, false},
    {"no", NULL, "the answer is no", "answer.boolean", "false", false, false},
    {"withdraw", NULL, "the provider takes the question back", "is_withdrawn", "true",
     false, false},
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row reschedule_options[] = {
    {"start", "TIME", "not before this time, such as 2027-03-01T08:00:00Z", "start_at",
     NULL, false, false},
    {"reason", "TEXT", "why: the provider will read it", "reason", NULL, false, false},
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row hold_options[] = {
    {"cause", "CAUSE", "SHORTAGE, MAINTENANCE, SUSPENDED_OFFER or NEEDS_OPERATOR",
     "cause", NULL, true, false},
    {"reason", "TEXT", "why: the customer will read it", "reason", NULL, true, false},
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row decide_cancel_options[] = {
    {"accept", NULL, "what was done so far is undone", "decision", "ACCEPT", false,
     false},
    {"decline", NULL, "work goes on; needs --reason", "decision", "DECLINE", false,
     false},
    {"reason", "TEXT", "why: the customer will read it", "reason", NULL, false, false},
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row message_options[] = {
    {"text", "TEXT", "what is said", "text", NULL, true, false},
    {"item", "ITEM", "about this item of the order only", "item", NULL, false, false},
    {"internal", NULL, "for nobody outside your registry", "scope", "INTERNAL", false,
     false},
    {"to", "PRINCIPAL", "for this one alone, such as alpine/ops", "to", NULL, false,
     false},
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row watch_options[] = {
    {"after", "SEQ", "begin behind this position of the log; 0 = from the beginning",
     "after.seq", NULL, false, false},
    {"kind", "KIND", "only this kind of record; may be repeated", "kinds", NULL, false,
     false},
    {"no-follow", NULL, "end once everything so far was shown", NULL, NULL, false,
     false},
    END_OPTION};
const struct option_row import_options[] = {
    {"format", "FORMAT",
     "what the files are, such as kontor-1, marketplace-2019, gocdb", NULL, NULL, true,
     false},
    {"registry", "ID", "whose records they become; your own", NULL, NULL, false, false},
    {"skip-template", NULL,
     "admins, catalogue only: new providers need no first service to be judged by",
     NULL, NULL, false, false},
    {"keep-names", NULL,
     "gocdb: keep addresses, telephone numbers, names and certificates' subjects of "
     "people, which are left out otherwise",
     NULL, NULL, false, false},
    {"take-over", NULL,
     "also replace what came from another source, or was made here, and make it this "
     "source's",
     NULL, NULL, false, false},
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row validate_options[] = {
    {"format", "FORMAT", "what the files are, such as kontor-1, eosc-5", NULL, NULL,
     true, false},
    {"registry", "ID", "whose records they are; local", NULL, NULL, false, false},
    {"strict", NULL, "exit with 1 for findings, too", NULL, NULL, false, false},
    END_OPTION};
const struct option_row export_options[] = {
    {"format", "FORMAT", "what the file is to be; kontor-1 if not given", NULL, NULL,
     false, false},
    END_OPTION};
const struct option_row search_options[] = {
    {"provider", "ID", "only this provider's; may be repeated", "providers", NULL,
     false, false},
    {"category", "TERM", "only this category; may be repeated", "categories", NULL,
     false, false},
    {"order", "TYPE", "only this order type; may be repeated", "order_types", NULL,
     false, false},
    {"domain", "TERM", "only this scientific domain; may be repeated", NULL, NULL,
     false, false},
    {"trl", "TERM", "only this readiness level; may be repeated", NULL, NULL, false,
     false},
    {"country", "TERM", "only where it is available there; may be repeated", NULL, NULL,
     false, false},
    {"access-type", "TERM", "only this kind of access; may be repeated", NULL, NULL,
     false, false},
    {"phase", "PHASE", "only this phase; may be repeated", NULL, NULL, false, false},
    {"tag", "TAG", "only with this tag; may be repeated", NULL, NULL, false, false},
    {"sort", "BY", "by-relevance, by-name, by-updated or by-trl; by-relevance", "order",
     NULL, false, false},
    {"text", NULL, "show where the words stand, too", NULL, NULL, false, false},
    {"all", NULL, "all pages, not only the first", NULL, NULL, false, false},
    END_OPTION};
const struct option_row services_options[] = {
    {"provider", "ID", "only this provider's", "provider", NULL, false, false},
    END_OPTION};
const struct option_row project_options[] = {
    {"name", "TEXT", "its name", "project.name", NULL, true, false},
    {"description", "TEXT", "what it is about", "project.description", NULL, false,
     false},
    {"organisation", "TEXT", "whose it is", "project.organisation", NULL, false, false},
    {"country", "CODE", "ISO 3166-1 alpha-2", "project.country", NULL, false, false},
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row orders_options[] = {
    {"waiting", NULL, "only those somebody has to act on", "waiting_only", "true",
     false, false},
    {"state", "STATE", "only those in this state, such as ORDER_HELD", "state", NULL,
     false, false},
    {"project", "ID", "only this project's", "project", NULL, false, false},
    END_OPTION};
const struct option_row items_options[] = {
    {"offer", "ID", "only this offer's", "offer", NULL, false, false},
    {"state", "STATE", "only those in this state, such as HELD", "state", NULL, false,
     false},
    END_OPTION};
const struct option_row instances_options[] = {
    {"project", "ID", "only this project's", "project", NULL, false, false},
    {"offer", "ID", "only this offer's", "offer", NULL, false, false},
    {"state", "STATE", "only those in this state, such as INSTANCE_ACTIVE", "state",
     NULL, false, false},
    END_OPTION};
const struct option_row place_options[] = {
    {"validate-only", NULL, "show the plan: nothing is stored", "validate_only", "true",
     false, false},
    {"seal-to", "FILE",
     "seal access details to this certificate, PEM, and not to those the order names, "
     "or "
     "to your own; may be repeated",
     NULL, NULL, false, false},
    {"no-seal", NULL, "seal them to nobody: none can be delivered", NULL, NULL, false,
     false},
    END_OPTION};
const struct option_row open_options[] = {
    {"with-cert", "FILE", "the certificate they are sealed to, PEM; yours", NULL, NULL,
     false, false},
    {"with-key", "FILE", "its private key, PEM; yours", NULL, NULL, false, false},
    END_OPTION};
const struct option_row agent_options[] = {
    {"offer", "ID", "an offer to serve; may be repeated", NULL, NULL, true, false},
    {"provision", "PROGRAM", "creates the object of a job", NULL, NULL, true, false},
    {"lookup", "PROGRAM", "finds the object an earlier attempt may have created", NULL,
     NULL, false, false},
    {"no-lookup", NULL, "without one such jobs are left to an operator", NULL, NULL,
     false, false},
    {"remove", "CMD",
     "removes the object of that name; exit 0 or 66 if it is gone. Without one what is "
     "to be ended, undone or cleaned up is left to other agents",
     NULL, NULL, false, false},
    {"modify", "CMD",
     "changes or renews the object of that name, as KONTOR_ACTION says", NULL, NULL,
     false, false},
    {"evaluate", "CMD", "decides the provider's approval; exit 0 approves, 65 rejects",
     NULL, NULL, false, false},
    {"assess", "PROGRAM",
     "says whether what has begun still can be cancelled, as KONTOR_CANCEL_REASON "
     "asks; "
     "exit 0 accepts, 65 declines with its reason, 75 later. Without one the operator "
     "decides",
     NULL, NULL, false, false},
    {"max", "N", "jobs at once, 1 to 64; 1", NULL, NULL, false, false},
    {"lease", "SECONDS", "lease of the session, 5 to 86400; 60", NULL, NULL, false,
     false},
    {"jobs", "N", "end after so many jobs", NULL, NULL, false, false},
    END_OPTION};
const struct option_row report_options[] = {
    {"source", "NAME",
     "who speaks: the extras of the vocabulary SERVICE_TYPE say what it calls a type",
     "source", NULL, false, false},
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row versions_options[] = {
    {"endpoint", "ID", "only this endpoint's", "endpoint", NULL, false, false},
    {"drift", NULL, "only where another version runs than is declared", "drift_only",
     "true", false, false},
    AS_OF,
    END_OPTION};
const struct option_row reconcile_options[] = {
    {"format", "FORMAT", "what the files are: gocdb, svmon or kontor-1", NULL, NULL,
     true, false},
    {"whole", NULL, "it is all the source has: tell what it lacks, too", "is_whole",
     "true", false, false},
    {"registry", "ID", "with whose endpoints to compare; your own", "registry", NULL,
     false, false},
    {"source", "NAME",
     "who speaks, where that is not the format: the extras of the vocabulary "
     "SERVICE_TYPE say what it calls a type",
     "source", NULL, false, false},
    AS_OF,
    END_OPTION};
const struct option_row capacities_options[] = {
    {"provider", "ID", "only this provider's", "provider", NULL, false, false},
    AS_OF,
    END_OPTION};
const struct option_row allocations_options[] = {
    {"requested", NULL, "what open items hold, not what was delivered", "requested",
     "true", false, false},
    AS_OF,
    END_OPTION};
#define PLAN_VERSION(field)                                                            \
    {                                                                                  \
        "version", "V",                                                                \
            "judge it by 1.0, 1.1 or 1.2; the one it names, else the newest that "     \
            "takes it",                                                                \
            field, NULL, false, false                                                  \
    }
const struct option_row plan_validate_options[] = {
    PLAN_VERSION(NULL),
    {"strict", NULL, "exit with 1 for notes, too", NULL, NULL, false, false},
    END_OPTION};
const struct option_row plan_import_options[] = {
    {"id", "ID", "what it is called here, such as coast/plan-1", "id", NULL, true,
     false},
    {"project", "ID", "whose data it plans; needed for a new plan", "project", NULL,
     false, false},
    PLAN_VERSION("version"),
    {"keep-names", NULL,
     "names, mail addresses and ids of people stay in it; else they are replaced",
     "keep_names", "true", false, false},
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row plans_options[] = {
    {"project", "ID", "only this project's", "project", NULL, false, false},
    AS_OF,
    END_OPTION};
const struct option_row propose_options[] = {
    {"project", "ID", "who orders; the plan's project", "project", NULL, false, false},
    {"order", "ID", "what the order is to be called; the plan's id and its revision",
     "order", NULL, false, false},
    {"choose", "ITEM=OFFER",
     "take this offer where several fit a place; may be repeated", NULL, NULL, false,
     false},
    {"to", "FILE", "write the order there, JSON, for kontor order place", NULL, NULL,
     false, false},
    END_OPTION};
const struct option_row write_back_options[] = {
    {"order", "ID", "what this order came to only; all that were placed for the plan",
     "order", NULL, false, false},
    {"to", "FILE", "write the patch there, JSON (RFC 6902)", NULL, NULL, false, false},
    END_OPTION};
const struct option_row impact_options[] = {
    {"site", NULL, "the id is of a site: all that is declared for its endpoints", NULL,
     NULL, false, false},
    {"endpoint", NULL, "the id is of an endpoint", NULL, NULL, false, false},
    {"group", NULL, "the id is of a group", NULL, NULL, false, false},
    {"version", NULL,
     "it is no id: COMPONENT=VERSION, or COMPONENT, wherever that was seen last", NULL,
     NULL, false, false},
    {"from", "TIME", "count hours from here on; the downtime's start, or now", "from",
     NULL, false, false},
    {"until", "TIME", "and up to here; the downtime's end, or without end", "until",
     NULL, false, false},
    AS_OF,
    END_OPTION};
const struct option_row certify_options[] = {
    {"reason", "TEXT", "why: it stays with the site's history", "reason", NULL, true,
     false},
    {"override", NULL, "although it is no move of the list, which is noted for good",
     "is_override", "true", false, false},
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row changes_options[] = {
    {"site", "ID", "only this site's, oldest first", "site", NULL, false, false},
    AS_OF,
    END_OPTION};
const struct option_row as_of_options[] = {AS_OF, END_OPTION};
const struct option_row sites_options[] = {{"operator-group", "NAME",
                                            "only this operator group's, such as NGI_X",
                                            "operator_group", NULL, false, false},
                                           AS_OF,
                                           END_OPTION};
const struct option_row endpoints_options[] = {
    {"site", "ID", "only this site's", "site", NULL, false, false},
    {"service", "ID", "only those this service of the catalogue runs at", "service",
     NULL, false, false},
    AS_OF,
    END_OPTION};
const struct option_row downtimes_options[] = {
    {"ends-after", "TIME",
     "only those that end after this, such as 2026-11-23T20:00:00Z", "ends_after", NULL,
     false, false},
    AS_OF,
    END_OPTION};
const struct option_row registry_options[] = {
    {"trust-domain", "NAME", "its SPIFFE trust domain", "registry.trust_domain", NULL,
     true, false},
    {"bundle", "FILE", "its authorities, PEM", "registry.bundle", NULL, true, true},
    {"admin", "URI", "SPIFFE name of its first admin", "first_admin", NULL, true,
     false},
    {"name", "TEXT", "its name for people", "registry.name", NULL, false, false},
    {"website", "URL", "its website", "registry.website", NULL, false, false},
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row rotate_options[] = {
    {"bundle", "FILE", "its authorities from now on, PEM; old and new may overlap",
     "bundle", NULL, true, true},
    REVISION,
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row principal_options[] = {
    {"uri", "URI", "the name in the certificate, exact or ending in /*",
     "principal.identity", NULL, true, false},
    {"role", "ROLE", "what it may do; may be repeated", "principal.roles", NULL, true,
     false},
    {"scope", "SCOPE", "what it may do it to, such as r:coast; may be repeated",
     "principal.scopes", NULL, false, false},
    {"id", "ID", "its id; made from the URI", "principal.id", NULL, false, false},
    {"registry", "ID", "whose it is, for the id; your own", NULL, NULL, false, false},
    {"description", "TEXT", "what it is for", "principal.description", NULL, false,
     false},
    VALIDATE_ONLY,
    END_OPTION};
const struct option_row revoke_options[] = {
    {"fingerprint", "HEX", "SHA-256 of the certificate (DER), 64 digits", "fingerprint",
     NULL, true, false},
    {"reason", "TEXT", "why", "reason", NULL, true, false},
    VALIDATE_ONLY,
    END_OPTION};
