#include "server/configuration/certification.h"

#include <string.h>

#include "kontor/v1/configuration_service.pb-c.h"
#include "proto/digest.h"
#include "proto/moment.h"
#include "server/configuration/site.h"
#include "server/rpc/import.h"

#define C(name) KONTOR__V1__CERTIFICATION__##name

enum {
    N_STATUSES = C(CLOSED) + 1,
    ID_DIGITS = 16,
    HISTORY_PAGE = 500,
    /* Who writes sites runs them. */
    RUNNERS = ROLE_BIT(SITE_ADMIN) | ROLE_BIT(ADMIN),
};

/* ---- The table ---- */

/* What is not written here is refused. Source: the CONFIGURATION design; what nobody
 * may is what GOCDB forbids by name. */
static const uint8_t moves[N_STATUSES][N_STATUSES] = {
    [C(CERTIFICATION_UNSPECIFIED)] = {[C(CANDIDATE)] = CERTIFICATION_LISTED,
                                      [C(UNCERTIFIED)] = CERTIFICATION_OVERRIDE,
                                      [C(CERTIFIED)] = CERTIFICATION_OVERRIDE,
                                      [C(SUSPENDED)] = CERTIFICATION_OVERRIDE,
                                      [C(CLOSED)] = CERTIFICATION_OVERRIDE},
    [C(CANDIDATE)] = {[C(UNCERTIFIED)] = CERTIFICATION_LISTED,
                      [C(CLOSED)] = CERTIFICATION_LISTED},
    [C(UNCERTIFIED)] = {[C(CANDIDATE)] = CERTIFICATION_OVERRIDE,
                        [C(UNCERTIFIED)] = CERTIFICATION_OVERRIDE,
                        [C(CERTIFIED)] = CERTIFICATION_LISTED,
                        [C(SUSPENDED)] = CERTIFICATION_OVERRIDE,
                        [C(CLOSED)] = CERTIFICATION_LISTED},
    [C(CERTIFIED)] = {[C(CANDIDATE)] = CERTIFICATION_OVERRIDE,
                      [C(UNCERTIFIED)] = CERTIFICATION_OVERRIDE,
                      [C(CERTIFIED)] = CERTIFICATION_OVERRIDE,
                      [C(SUSPENDED)] = CERTIFICATION_LISTED,
                      [C(CLOSED)] = CERTIFICATION_LISTED},
    [C(SUSPENDED)] = {[C(CANDIDATE)] = CERTIFICATION_OVERRIDE,
                      [C(UNCERTIFIED)] = CERTIFICATION_LISTED,
                      [C(SUSPENDED)] = CERTIFICATION_OVERRIDE,
                      [C(CLOSED)] = CERTIFICATION_LISTED},
};

enum certification_move
certification_move(Kontor__V1__Certification from, Kontor__V1__Certification to)
{
    bool is_known = (unsigned)from < N_STATUSES && (unsigned)to < N_STATUSES;
    return is_known ? (enum certification_move)moves[from][to] : CERTIFICATION_REFUSED;
}

const char *
certification_name(Kontor__V1__Certification status)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
        &kontor__v1__certification__descriptor, (int)status);
    return value == NULL ? "of no known status" : value->name;
}

/* "UNCERTIFIED, CLOSED": where one may go from a status in a way. */
static const char *
targets_of(struct arena *arena, Kontor__V1__Certification from,
           enum certification_move way)
{
    const char *all = "";
    for (unsigned to = 0; to < N_STATUSES; to++) {
        if (certification_move(from, to) == way) {
            all = arena_print(arena, "%s%s%s", all, all[0] == '\0' ? "" : ", ",
                              certification_name(to));
        }
    }
    return all;
}

/* ---- Moving ---- */

/* Whoever runs a site never certifies it. Source: GOCDB, where no role over a site
 * changes its certification. */
static enum status
must_not_run(struct call *call)
{
    if ((call->who->roles & RUNNERS) == 0) {
        return STATUS_OK;
    }
    return call_fail(call, REASON_RUNS_SITE,
                     "whoever has the role SITE_ADMIN or ADMIN runs sites of %s and "
                     "certifies none",
                     call->who->registry);
}

static enum status
judge_move(struct call *call, const Kontor__V1__MoveCertificationRequest *request,
           Kontor__V1__Certification from)
{
    enum certification_move move = certification_move(from, request->certification);
    if (move == CERTIFICATION_LISTED ||
        (move == CERTIFICATION_OVERRIDE && request->is_override)) {
        return STATUS_OK;
    }
    const char *allowed = targets_of(call->arena, from, CERTIFICATION_LISTED);
    if (move == CERTIFICATION_OVERRIDE) {
        allowed = arena_print(call->arena, "%s, or as an override %s", allowed,
                              targets_of(call->arena, from, CERTIFICATION_OVERRIDE));
    }
    return call_illegal(call, KIND_SITE, request->id, certification_name(from),
                        certification_name(request->certification), allowed);
}

/*
 * A free id in the site's registry. A site has each revision once, so that two changes
 * never meet; but an import may have taken any id before.
 */
static enum status
choose_id(struct call *call, const char *site, int64_t revision, char **id)
{
    for (int64_t n = 0;; n++) {
        uint8_t hash[DIGEST_SIZE];
        struct document document;
        struct digest *digest = digest_new(call->arena);
        digest_add_text(digest, site);
        digest_add_int(digest, revision);
        digest_add_int(digest, n);
        digest_end(digest, hash);
        *id = arena_print(call->arena, "%s/certification-%.*s",
                          call_registry_of(call, site), ID_DIGITS,
                          digest_hex(call->arena, hash));
        enum status status =
            call_get_any(call, KIND_CERTIFICATION_CHANGE, *id, &document);
        if (status != STATUS_OK) {
            return status == STATUS_NOT_FOUND ? STATUS_OK : status;
        }
    }
}

/* Notes that a site's certification becomes what it says now. */
static enum status
note_change(struct call *call, const Kontor__V1__Site *site,
            Kontor__V1__CertificationChange *change, struct decision *decision)
{
    char **scope;
    size_t n_scope;
    enum status status = choose_id(call, site->id, site->revision, &change->id);
    if (status != STATUS_OK) {
        return status;
    }
    change->site = site->id;
    change->to = site->certification;
    change->changed_at = moment_new(call->arena, call->at_ms);
    change->changed_by = (char *)call->actor;
    change->is_override =
        certification_move(change->from, change->to) != CERTIFICATION_LISTED;
    site_scope(call, site->id, &scope, &n_scope);
    decision_put(call, decision, KIND_CERTIFICATION_CHANGE, change->id, 0, scope,
                 n_scope, &change->base);
    return STATUS_OK;
}

static enum status
read_site(struct call *call, const Kontor__V1__MoveCertificationRequest *request,
          struct document *document)
{
    enum status status = call_get(call, KIND_SITE, request->id, document);
    if (status == STATUS_OK) {
        status = call_must_own(call, document);
    }
    return status == STATUS_OK ? call_expect(call, document, request->expected_revision)
                               : status;
}

enum status
certification_decide(struct call *call, const void *message, struct decision *decision)
{
    const Kontor__V1__MoveCertificationRequest *request = message;
    Kontor__V1__CertificationChange change = KONTOR__V1__CERTIFICATION_CHANGE__INIT;
    struct document document;
    enum status status = read_site(call, request, &document);
    if (status == STATUS_OK) {
        status = must_not_run(call);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Kontor__V1__Site *site = call_record(call, &document);
    change.from = site->certification;
    change.reason = request->reason;
    status = judge_move(call, request, site->certification);
    if (status != STATUS_OK) {
        return status;
    }
    site->certification = request->certification;
    decision_put(call, decision, KIND_SITE, document.id, document.revision,
                 document.scope, document.n_scope, &site->base);
    return note_change(call, site, &change, decision);
}

enum status
certification_answer(struct call *call, const void *message,
                     const Kontor__V1__Commit *commit, void **reply)
{
    const Kontor__V1__MoveCertificationRequest *request = message;
    return answer_record(call, commit, KIND_SITE, request->id, reply);
}

/* ---- A site's beginning ---- */

/* Where the moves made here left a site of this id; what was imported is another's
 * word.
 */
static enum status
find_last(struct call *call, const char *site, Kontor__V1__Certification *last)
{
    struct find find = {.kind = KIND_CERTIFICATION_CHANGE,
                        .index = "site",
                        .equal = {{.text = site}},
                        .n_equal = 1,
                        .limit = HISTORY_PAGE};
    struct page page = {.next_token = ""};
    *last = C(CERTIFICATION_UNSPECIFIED);
    do {
        find.token = page.next_token;
        enum status status = call_find(call, &find, true, &page);
        if (status != STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < page.n_documents; i++) {
            const Kontor__V1__CertificationChange *change =
                call_record(call, &page.documents[i]);
            *last = change->source == NULL ? change->to : *last;
        }
    } while (page.next_token[0] != '\0');
    return STATUS_OK;
}

/* A site that was deleted and comes again is where it was: deleting it moves nothing.
 */
enum status
certification_begin(struct call *call, Kontor__V1__Site *site,
                    struct decision *decision)
{
    Kontor__V1__CertificationChange change = KONTOR__V1__CERTIFICATION_CHANGE__INIT;
    Kontor__V1__Certification last;
    enum status status = find_last(call, site->id, &last);
    if (status != STATUS_OK) {
        return status;
    }
    if (last != C(CERTIFICATION_UNSPECIFIED)) {
        site->certification = last;
        return STATUS_OK;
    }
    bool is_said = import_is(call) &&
                   site->certification != C(CERTIFICATION_UNSPECIFIED) &&
                   site->certification != C(CANDIDATE);
    if (is_said && (call->who->roles & ROLE_BIT(ADMIN)) != 0) {
        change.reason = "taken over from another database";
        return note_change(call, site, &change, decision);
    }
    if (is_said) {
        import_finding(call, "certification",
                       "%s is not taken over: whoever runs sites certifies none. It "
                       "begins as CANDIDATE; an admin imports it as it is, or a "
                       "certifier moves it",
                       certification_name(site->certification));
    }
    site->certification = C(CANDIDATE);
    return STATUS_OK;
}

/* ---- Imported history ---- */

/* By the second: other databases know no finer times. */
static bool
is_same(const Kontor__V1__CertificationChange *old,
        const Kontor__V1__CertificationChange *change)
{
    return strcmp(old->site, change->site) == 0 && old->from == change->from &&
           old->to == change->to && strcmp(old->reason, change->reason) == 0 &&
           (old->changed_by[0] == '\0' ||
            strcmp(old->changed_by, change->changed_by) == 0) &&
           old->changed_at->seconds == change->changed_at->seconds;
}

/* History is told once: what comes again, or comes back from where it was taken to,
 * says the same and changes nothing. */
static void
judge_same(struct call *call, const Kontor__V1__CertificationChange *old,
           Kontor__V1__CertificationChange *change)
{
    if (!is_same(old, change)) {
        call_fault(call, "id",
                   "is of a change that stays as it is: history is not written anew");
        return;
    }
    if (strcmp(old->changed_by, change->changed_by) != 0) {
        import_finding(call, "changed_by",
                       "was left out when it was imported first, and stays so");
    }
    change->changed_by = old->changed_by;
    change->changed_at = old->changed_at;
    change->source = old->source;
}

/* Finds what comes before a change of its site, and what behind. */
struct neighbours {
    const Kontor__V1__CertificationChange *before, *behind;
};

static enum status
find_neighbours(struct call *call, const Kontor__V1__CertificationChange *change,
                struct neighbours *out)
{
    int64_t at_ms = moment_ms(change->changed_at, 0);
    struct find find = {.kind = KIND_CERTIFICATION_CHANGE,
                        .index = "site",
                        .equal = {{.text = change->site}},
                        .n_equal = 1,
                        .scopes = &call->who->scopes,
                        .limit = HISTORY_PAGE};
    struct page page = {.next_token = ""};
    *out = (struct neighbours){.before = NULL};
    do {
        find.token = page.next_token;
        enum status status = store_find(call->reader, &find, call->arena, &page);
        for (size_t i = 0; status == STATUS_OK && i < page.n_documents; i++) {
            const Kontor__V1__CertificationChange *other =
                call_record(call, &page.documents[i]);
            if (moment_ms(other->changed_at, 0) < at_ms) {
                out->before = other;
            } else if (moment_ms(other->changed_at, 0) > at_ms) {
                out->behind = other;
                return STATUS_OK;
            }
        }
        if (status != STATUS_OK) {
            return status;
        }
    } while (page.next_token[0] != '\0');
    return STATUS_OK;
}

/* Where nothing was known before, it is what was found then. */
static Kontor__V1__Certification
begin_of(const Kontor__V1__CertificationChange *change)
{
    return change->from == C(CERTIFICATION_UNSPECIFIED) ? change->to : change->from;
}

static void
find_gap(struct call *call, const Kontor__V1__CertificationChange *before,
         const Kontor__V1__CertificationChange *change)
{
    if (before != NULL && change != NULL && before->to != begin_of(change)) {
        import_finding(
            call, "from",
            "a gap in the history of %s: what comes before ended at %s, this "
            "begins at %s",
            change->site, certification_name(before->to),
            certification_name(begin_of(change)));
    }
}

static enum status
judge_new(struct call *call, Kontor__V1__CertificationChange *change)
{
    struct neighbours neighbours;
    switch (certification_move(change->from, change->to)) {
    case CERTIFICATION_REFUSED:
        call_fault(call, "to",
                   "%s to %s is a change nobody may make; from %s one goes to %s",
                   certification_name(change->from), certification_name(change->to),
                   certification_name(change->from),
                   targets_of(call->arena, change->from, CERTIFICATION_LISTED));
        return STATUS_OK;
    case CERTIFICATION_OVERRIDE:
        import_finding(call, "to", "%s to %s is not in the list: kept as an override",
                       certification_name(change->from),
                       certification_name(change->to));
        break;
    case CERTIFICATION_LISTED:
        break;
    }
    enum status status = find_neighbours(call, change, &neighbours);
    if (status == STATUS_OK) {
        find_gap(call, neighbours.before, change);
        find_gap(call, change, neighbours.behind);
    }
    return status;
}

static enum status
judge(struct call *call, const void *old, const struct document *old_doc, void *record,
      struct decision *decision)
{
    Kontor__V1__CertificationChange *change = record;
    (void)old_doc;
    (void)decision;
    enum status status = site_must_own(call, change->id);
    if (status != STATUS_OK) {
        return status;
    }
    if (strcmp(call_registry_of(call, change->site),
               call_registry_of(call, change->id)) != 0) {
        call_fault(call, "site", "must be a site of the change's own registry");
    }
    if (change->source == NULL || change->source->format[0] == '\0') {
        call_fault(call, "source", "is required: what is imported happened elsewhere");
    }
    if (moment_ms(change->changed_at, 0) > call->now_ms) {
        call_fault(call, "changed_at", "lies ahead: history is what has happened");
    }
    if (old != NULL) {
        judge_same(call, old, change);
        return STATUS_OK;
    }
    change->is_override =
        certification_move(change->from, change->to) == CERTIFICATION_OVERRIDE;
    import_find_reference(call, "site", KIND_SITE, change->site);
    return judge_new(call, change);
}

static void
scope(struct call *call, const void *record, char ***out, size_t *n_out)
{
    const Kontor__V1__CertificationChange *change = record;
    site_scope(call, change->id, out, n_out);
}

static enum status
filter(struct call *call, const void *message, struct find *find)
{
    const Kontor__V1__ListCertificationChangesRequest *request = message;
    (void)call;
    if (request->site[0] != '\0') {
        find->index = "site";
        find->equal[0].text = request->site;
        find->n_equal = 1;
    }
    return STATUS_OK;
}

enum { IS_OVERRIDE = 11 };

const struct record certification_change_record = {
    .kind = &KIND_CERTIFICATION_CHANGE,
    .field = "certification_change",
    .list_field = "changes",
    .output_only = (const uint8_t[]){IS_OVERRIDE, 0},
    .judge = judge,
    .scope = scope,
    .filter = filter,
};
