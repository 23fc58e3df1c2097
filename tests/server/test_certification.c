/* The certification of sites: every status to every other, who moves it, what is kept
 * of it, and how history is imported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/moment.h"
#include "server/configuration/certification.h"
#include "tests/server/ground.h"

enum { N_STATUSES = 6 };

/* A copy by hand of the design's table, from above to the left: L = listed, O = as an
 * override only, - = never. Candidate, Uncertified, Certified, Suspended, Closed; in
 * front of them what is not known. */
static const char *const table[N_STATUSES] = {
    "-LOOOO", /* nothing known */
    "--L--L", /* Candidate */
    "-OOLOL", /* Uncertified */
    "-OOOLL", /* Certified */
    "-OL-OL", /* Suspended */
    "------", /* Closed */
};

static const struct principal *
certifier(struct ground *ground)
{
    return harness_principal(ground->h, "coast/cert", ROLE_BIT(CERTIFIER), "r:coast",
                             NULL);
}

/* A site in a status, as if it had come there. */
static void
seed_site(struct ground *ground, const char *id, Kontor__V1__Certification status)
{
    Kontor__V1__Site *site = ground_site(ground->h, id, id);
    site->certification = status;
    harness_seed(ground->h, KIND_SITE, id, &site->base, "=r:coast", "~*", NULL);
}

static enum status
move_as(struct ground *ground, const struct principal *who, const char *id,
        Kontor__V1__Certification to, bool is_override, struct error *error)
{
    Kontor__V1__MoveCertificationRequest request =
        KONTOR__V1__MOVE_CERTIFICATION_REQUEST__INIT;
    request.id = (char *)id;
    request.certification = to;
    request.reason = "as agreed";
    request.is_override = is_override;
    return harness_call(ground->h, who, GROUND_CALL("MoveCertification"), &request,
                        NULL, error);
}

static Kontor__V1__Certification
status_of(struct ground *ground, const char *id)
{
    const Kontor__V1__Site *site = harness_record(ground->h, KIND_SITE, id);
    return site->certification;
}

static Kontor__V1__ListCertificationChangesResponse *
history(struct ground *ground, const struct principal *who, const char *site)
{
    Kontor__V1__ListCertificationChangesRequest request =
        KONTOR__V1__LIST_CERTIFICATION_CHANGES_REQUEST__INIT;
    Kontor__V1__ListCertificationChangesResponse *page = NULL;
    request.site = (char *)site;
    assert_int_equal(harness_call(ground->h, who,
                                  GROUND_CALL("ListCertificationChanges"), &request,
                                  (void **)&page, NULL),
                     STATUS_OK);
    return page;
}

/* One cell: what is moved, with and without answering for it. */
static void
check_cell(struct ground *ground, int from, int to, bool is_override)
{
    struct error error;
    const char *id = arena_print(ground->h->arena, "coast/s-%d-%d-%d", from, to,
                                 is_override ? 1 : 0);
    seed_site(ground, id, (Kontor__V1__Certification)from);
    char way = table[from][to];
    bool is_taken = way == 'L' || (way == 'O' && is_override);
    enum status status = move_as(ground, certifier(ground), id,
                                 (Kontor__V1__Certification)to, is_override, &error);
    const Kontor__V1__ListCertificationChangesResponse *kept =
        history(ground, ground->admin, id);
    if (to == 0) {
        assert_int_equal(status, STATUS_INVALID_ARGUMENT);
        assert_true(harness_has_fault(&error, "certification"));
    } else if (!is_taken) {
        assert_int_equal(error.reason, REASON_ILLEGAL_STATE);
        assert_string_equal(harness_value(&error, "from"),
                            certification_name((Kontor__V1__Certification)from));
    }
    assert_int_equal(status == STATUS_OK, is_taken);
    assert_int_equal(status_of(ground, id), is_taken ? to : from);
    assert_int_equal(kept->n_changes, is_taken ? 1 : 0);
    if (is_taken) {
        const Kontor__V1__CertificationChange *change = kept->changes[0];
        assert_string_equal(change->site, id);
        assert_int_equal(change->from, from);
        assert_int_equal(change->to, to);
        assert_int_equal(change->is_override, way == 'O');
        assert_string_equal(change->reason, "as agreed");
        assert_string_equal(change->changed_by, "coast/cert");
    }
}

static void
test_every_status_meets_every_other(void **state)
{
    struct ground *ground = *state;
    for (int from = 0; from < N_STATUSES; from++) {
        for (int to = 0; to < N_STATUSES; to++) {
            check_cell(ground, from, to, false);
            check_cell(ground, from, to, true);
        }
    }
    assert_int_equal(certification_move((Kontor__V1__Certification)N_STATUSES,
                                        KONTOR__V1__CERTIFICATION__CANDIDATE),
                     CERTIFICATION_REFUSED);
    assert_int_equal(certification_move(KONTOR__V1__CERTIFICATION__CANDIDATE,
                                        (Kontor__V1__Certification)-1),
                     CERTIFICATION_REFUSED);
}

static void
test_an_error_names_where_one_may_go(void **state)
{
    struct ground *ground = *state;
    struct error error;
    seed_site(ground, "coast/s", KONTOR__V1__CERTIFICATION__CERTIFIED);
    (void)move_as(ground, certifier(ground), "coast/s",
                  KONTOR__V1__CERTIFICATION__UNCERTIFIED, false, &error);
    assert_string_equal(harness_value(&error, "allowed"),
                        "SUSPENDED, CLOSED, or as an override CANDIDATE, UNCERTIFIED, "
                        "CERTIFIED");
    seed_site(ground, "coast/t", KONTOR__V1__CERTIFICATION__SUSPENDED);
    (void)move_as(ground, certifier(ground), "coast/t",
                  KONTOR__V1__CERTIFICATION__CERTIFIED, true, &error);
    assert_string_equal(harness_value(&error, "allowed"), "UNCERTIFIED, CLOSED");
}

static void
test_who_runs_a_site_never_certifies_it(void **state)
{
    struct ground *ground = *state;
    struct error error;
    const uint32_t runners[] = {ROLE_BIT(SITE_ADMIN), ROLE_BIT(ADMIN)};
    seed_site(ground, "coast/s", KONTOR__V1__CERTIFICATION__UNCERTIFIED);
    for (size_t i = 0; i < 2; i++) {
        const struct principal *both = harness_principal(
            ground->h, arena_print(ground->h->arena, "coast/both%zu", i),
            runners[i] | ROLE_BIT(CERTIFIER), "r:coast", NULL);
        assert_int_equal(move_as(ground, both, "coast/s",
                                 KONTOR__V1__CERTIFICATION__CERTIFIED, true, &error),
                         STATUS_PERMISSION_DENIED);
        assert_int_equal(error.reason, REASON_RUNS_SITE);
    }
    assert_int_equal(move_as(ground, ground->admin, "coast/s",
                             KONTOR__V1__CERTIFICATION__CERTIFIED, false, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_ROLE_MISSING);
    const struct principal *elsewhere = harness_principal(
        ground->h, "hills/cert", ROLE_BIT(CERTIFIER), "r:hills", NULL);
    assert_int_equal(move_as(ground, elsewhere, "coast/s",
                             KONTOR__V1__CERTIFICATION__CERTIFIED, false, &error),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(error.reason, REASON_NOT_OWNER);
    assert_int_equal(status_of(ground, "coast/s"),
                     KONTOR__V1__CERTIFICATION__UNCERTIFIED);
}

static void
test_a_new_site_is_a_candidate_and_its_keepers_leave_it_so(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__UpdateSiteRequest request = KONTOR__V1__UPDATE_SITE_REQUEST__INIT;
    Kontor__V1__Site *site = ground_site(ground->h, "coast/s", "South");
    site->certification = KONTOR__V1__CERTIFICATION__CERTIFIED;
    assert_int_equal(ground_create_site(ground, ground->admin, site, NULL), STATUS_OK);
    assert_int_equal(status_of(ground, "coast/s"),
                     KONTOR__V1__CERTIFICATION__CANDIDATE);
    assert_int_equal(history(ground, ground->admin, "coast/s")->n_changes, 0);
    request.site = site;
    assert_int_equal(harness_call(ground->h, ground->admin, GROUND_CALL("UpdateSite"),
                                  &request, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(status_of(ground, "coast/s"),
                     KONTOR__V1__CERTIFICATION__CANDIDATE);
}

static void
test_what_a_move_needs(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__MoveCertificationRequest request =
        KONTOR__V1__MOVE_CERTIFICATION_REQUEST__INIT;
    struct error error;
    seed_site(ground, "coast/s", KONTOR__V1__CERTIFICATION__CANDIDATE);
    request.id = "coast/s";
    request.certification = KONTOR__V1__CERTIFICATION__UNCERTIFIED;
    assert_int_equal(harness_call(ground->h, certifier(ground),
                                  GROUND_CALL("MoveCertification"), &request, NULL,
                                  &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "reason"));
    request.reason = "as agreed";
    request.validate_only = true;
    assert_int_equal(harness_call(ground->h, certifier(ground),
                                  GROUND_CALL("MoveCertification"), &request, NULL,
                                  &error),
                     STATUS_OK);
    assert_int_equal(status_of(ground, "coast/s"),
                     KONTOR__V1__CERTIFICATION__CANDIDATE);
    request.validate_only = false;
    request.expected_revision = 999;
    assert_int_equal(harness_call(ground->h, certifier(ground),
                                  GROUND_CALL("MoveCertification"), &request, NULL,
                                  &error),
                     STATUS_ABORTED);
    request.id = "coast/none";
    assert_int_equal(harness_call(ground->h, certifier(ground),
                                  GROUND_CALL("MoveCertification"), &request, NULL,
                                  &error),
                     STATUS_NOT_FOUND);
}

/* A request said twice is one change; two moves within one moment are two. */
static void
test_every_move_is_kept_once(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__MoveCertificationRequest request =
        KONTOR__V1__MOVE_CERTIFICATION_REQUEST__INIT;
    seed_site(ground, "coast/s", KONTOR__V1__CERTIFICATION__CANDIDATE);
    request.id = "coast/s";
    request.certification = KONTOR__V1__CERTIFICATION__UNCERTIFIED;
    request.reason = "as agreed";
    request.request_id = "5a6c7d3e-0f7b-4b43-9a58-9d4f0a2d9a10";
    for (int i = 0; i < 2; i++) {
        Kontor__V1__Site *reply = NULL;
        assert_int_equal(harness_call(ground->h, certifier(ground),
                                      GROUND_CALL("MoveCertification"), &request,
                                      (void **)&reply, NULL),
                         STATUS_OK);
        assert_int_equal(reply->certification, KONTOR__V1__CERTIFICATION__UNCERTIFIED);
    }
    assert_int_equal(move_as(ground, certifier(ground), "coast/s",
                             KONTOR__V1__CERTIFICATION__CERTIFIED, false, NULL),
                     STATUS_OK);
    assert_int_equal(move_as(ground, certifier(ground), "coast/s",
                             KONTOR__V1__CERTIFICATION__CLOSED, false, NULL),
                     STATUS_OK);
    const Kontor__V1__ListCertificationChangesResponse *all =
        history(ground, ground->admin, "coast/s");
    assert_int_equal(all->n_changes, 3);
}

static void
test_who_moved_it_is_the_registrys_own(void **state)
{
    struct ground *ground = *state;
    seed_site(ground, "coast/s", KONTOR__V1__CERTIFICATION__CANDIDATE);
    assert_int_equal(move_as(ground, certifier(ground), "coast/s",
                             KONTOR__V1__CERTIFICATION__CLOSED, false, NULL),
                     STATUS_OK);
    assert_string_equal(
        history(ground, ground->admin, "coast/s")->changes[0]->changed_by,
        "coast/cert");
    const Kontor__V1__CertificationChange *seen =
        history(ground, ground->stranger, "coast/s")->changes[0];
    assert_string_equal(seen->changed_by, "");
    assert_int_equal(seen->to, KONTOR__V1__CERTIFICATION__CLOSED);
}

/* ---- Import ---- */

enum { MAX_RECORDS = 64 };

struct batch {
    Kontor__V1__ConfigurationImportRequest request;
    Kontor__V1__ConfigurationImportRecord *records[MAX_RECORDS];
};

static struct batch *
batch_new(struct ground *ground)
{
    struct batch *batch = arena_alloc(ground->h->arena, sizeof(*batch));
    kontor__v1__configuration_import_request__init(&batch->request);
    batch->request.records = batch->records;
    return batch;
}

static Kontor__V1__ConfigurationImportRecord *
add(struct ground *ground, struct batch *batch)
{
    Kontor__V1__ConfigurationImportRecord *record =
        arena_alloc(ground->h->arena, sizeof(*record));
    kontor__v1__configuration_import_record__init(record);
    assert_true(batch->request.n_records < MAX_RECORDS);
    batch->records[batch->request.n_records++] = record;
    return record;
}

static Kontor__V1__CertificationChange *
add_change(struct ground *ground, struct batch *batch, const char *id, int from, int to,
           int64_t ms)
{
    Kontor__V1__ConfigurationImportRecord *record = add(ground, batch);
    Kontor__V1__CertificationChange *change =
        arena_alloc(ground->h->arena, sizeof(*change));
    kontor__v1__certification_change__init(change);
    change->id = (char *)id;
    change->site = "coast/s";
    change->from = (Kontor__V1__Certification)from;
    change->to = (Kontor__V1__Certification)to;
    change->changed_at = ground_time(ground->h, ms);
    change->source = arena_alloc(ground->h->arena, sizeof(*change->source));
    kontor__v1__source__init(change->source);
    change->source->format = "gocdb";
    record->record_case =
        KONTOR__V1__CONFIGURATION_IMPORT_RECORD__RECORD_CERTIFICATION_CHANGE;
    record->certification_change = change;
    return change;
}

static void
add_site(struct ground *ground, struct batch *batch, const char *id, int status)
{
    Kontor__V1__ConfigurationImportRecord *record = add(ground, batch);
    record->record_case = KONTOR__V1__CONFIGURATION_IMPORT_RECORD__RECORD_SITE;
    record->site = ground_site(ground->h, id, id);
    record->site->certification = (Kontor__V1__Certification)status;
}

static Kontor__V1__ConfigurationImportResponse *
import_as(struct ground *ground, const struct principal *who, struct batch *batch)
{
    Kontor__V1__ConfigurationImportResponse *reply = NULL;
    assert_int_equal(harness_call(ground->h, who, GROUND_CALL("Import"),
                                  &batch->request, (void **)&reply, NULL),
                     STATUS_OK);
    return reply;
}

static bool
has_finding(const Kontor__V1__ImportResult *result, const char *path, const char *text)
{
    for (size_t i = 0; i < result->n_findings; i++) {
        if (strcmp(result->findings[i]->field, path) == 0 &&
            strstr(result->findings[i]->description, text) != NULL) {
            return true;
        }
    }
    return false;
}

static void
test_history_is_judged_by_its_own_pairs(void **state)
{
    struct ground *ground = *state;
    seed_site(ground, "coast/s", KONTOR__V1__CERTIFICATION__CERTIFIED);
    for (int from = 0; from < N_STATUSES; from++) {
        for (int to = 1; to < N_STATUSES; to++) {
            struct batch *batch = batch_new(ground);
            const char *id = arena_print(ground->h->arena, "coast/c-%d-%d", from, to);
            add_change(ground, batch, id, from, to, -GROUND_HOUR_MS);
            const Kontor__V1__ImportResult *result =
                import_as(ground, ground->admin, batch)->results[0];
            bool is_refused = table[from][to] == '-';
            assert_int_equal(result->outcome,
                             is_refused ? KONTOR__V1__IMPORT_OUTCOME__REFUSED
                                        : KONTOR__V1__IMPORT_OUTCOME__CREATED);
            assert_int_equal(has_finding(result, "to", "override"),
                             table[from][to] == 'O');
            if (is_refused) {
                assert_string_equal(result->violations[0]->field, "to");
            }
        }
    }
    assert_int_equal(status_of(ground, "coast/s"),
                     KONTOR__V1__CERTIFICATION__CERTIFIED);
}

/* In whatever order a history comes, both sides of a gap are seen. */
static void
test_a_gap_is_told(void **state)
{
    struct ground *ground = *state;
    struct batch *batch = batch_new(ground);
    seed_site(ground, "coast/s", KONTOR__V1__CERTIFICATION__CERTIFIED);
    add_change(ground, batch, "coast/c4", 3, 4, -1 * GROUND_HOUR_MS);
    add_change(ground, batch, "coast/c1", 1, 2, -9 * GROUND_HOUR_MS);
    add_change(ground, batch, "coast/c3", 2, 3, -3 * GROUND_HOUR_MS);
    const Kontor__V1__ConfigurationImportResponse *reply =
        import_as(ground, ground->admin, batch);
    assert_true(has_finding(reply->results[1], "from", "a gap in the history"));
    assert_int_equal(reply->results[0]->n_findings, 0);
    assert_int_equal(reply->results[2]->n_findings, 0);
    batch = batch_new(ground);
    add_change(ground, batch, "coast/c2", 2, 5, -5 * GROUND_HOUR_MS);
    reply = import_as(ground, ground->admin, batch);
    assert_true(
        has_finding(reply->results[0], "from", "ended at CLOSED, this begins at"));
}

/* How a site was found when it was taken over is a change out of nothing: a gap only
 * where the history before it ended elsewhere. */
static void
test_how_a_site_begins_is_a_gap_only_where_it_is_one(void **state)
{
    struct ground *ground = *state;
    const struct principal *boss =
        harness_principal(ground->h, "coast/boss", ROLE_BIT(ADMIN), "r:coast", NULL);
    for (int to = 3; to <= 4; to++) {
        struct batch *batch = batch_new(ground);
        const char *site = arena_print(ground->h->arena, "coast/s%d", to);
        add_site(ground, batch, site, 3);
        Kontor__V1__CertificationChange *change =
            add_change(ground, batch, arena_print(ground->h->arena, "coast/c%d", to), 2,
                       3, -2 * GROUND_HOUR_MS);
        change->site = (char *)(uintptr_t)site;
        change =
            add_change(ground, batch, arena_print(ground->h->arena, "coast/b%d", to), 3,
                       to, -GROUND_HOUR_MS);
        change->site = (char *)(uintptr_t)site;
        const Kontor__V1__ConfigurationImportResponse *reply =
            import_as(ground, boss, batch);
        assert_int_equal(has_finding(reply->results[2], "from",
                                     "ended at SUSPENDED, this begins at"),
                         to == 4);
        assert_false(has_finding(reply->results[1], "from", ""));
    }
}

/* Names that were left out at first are no reason to refuse, and are not put in later.
 */
static void
test_names_that_were_left_out_stay_out(void **state)
{
    struct ground *ground = *state;
    struct batch *batch = batch_new(ground);
    Kontor__V1__CertificationChange *change =
        add_change(ground, batch, "coast/c", 1, 2, -GROUND_HOUR_MS);
    (void)import_as(ground, ground->admin, batch);
    change->changed_by = "Ada Example";
    const Kontor__V1__ImportResult *result =
        import_as(ground, ground->admin, batch)->results[0];
    assert_int_equal(result->outcome, KONTOR__V1__IMPORT_OUTCOME__SAME);
    assert_true(has_finding(result, "changed_by", "stays so"));
    assert_string_equal(
        history(ground, ground->admin, "coast/s")->changes[0]->changed_by, "");
}

static void
test_history_is_not_written_anew(void **state)
{
    struct ground *ground = *state;
    struct batch *batch = batch_new(ground);
    Kontor__V1__CertificationChange *change =
        add_change(ground, batch, "coast/c", 1, 2, -GROUND_HOUR_MS);
    assert_true(has_finding(import_as(ground, ground->admin, batch)->results[0], "site",
                            "coast/s"));
    assert_int_equal(import_as(ground, ground->admin, batch)->results[0]->outcome,
                     KONTOR__V1__IMPORT_OUTCOME__SAME);
    change->reason = "another";
    const Kontor__V1__ImportResult *result =
        import_as(ground, ground->admin, batch)->results[0];
    assert_int_equal(result->outcome, KONTOR__V1__IMPORT_OUTCOME__REFUSED);
    assert_string_equal(result->violations[0]->field, "id");
    change->id = "coast/later";
    change->changed_at = ground_time(ground->h, GROUND_HOUR_MS);
    result = import_as(ground, ground->admin, batch)->results[0];
    assert_string_equal(result->violations[0]->field, "changed_at");
    change->id = "coast/away";
    change->changed_at = ground_time(ground->h, -GROUND_HOUR_MS);
    change->site = "hills/s";
    result = import_as(ground, ground->admin, batch)->results[0];
    assert_string_equal(result->violations[0]->field, "site");
    change->site = "coast/s";
    change->source = NULL;
    result = import_as(ground, ground->admin, batch)->results[0];
    assert_string_equal(result->violations[0]->field, "source");
}

/* What happened here is not told anew by an import. */
static void
test_what_happened_here_stays(void **state)
{
    struct ground *ground = *state;
    struct batch *batch = batch_new(ground);
    seed_site(ground, "coast/s", KONTOR__V1__CERTIFICATION__CANDIDATE);
    assert_int_equal(move_as(ground, certifier(ground), "coast/s",
                             KONTOR__V1__CERTIFICATION__UNCERTIFIED, false, NULL),
                     STATUS_OK);
    const Kontor__V1__CertificationChange *made =
        history(ground, ground->admin, "coast/s")->changes[0];
    Kontor__V1__CertificationChange *change =
        add_change(ground, batch, made->id, made->from, made->to, 0);
    change->changed_at = made->changed_at;
    const Kontor__V1__ImportResult *result =
        import_as(ground, ground->admin, batch)->results[0];
    assert_int_equal(result->outcome, KONTOR__V1__IMPORT_OUTCOME__SAME);
    assert_int_equal(result->n_findings, 1);
    /* What was taken elsewhere and comes back says the same: nothing is taken over. */
    batch->request.takes_over = true;
    change->changed_at->seconds = made->changed_at->seconds;
    change->changed_at->nanos = 0;
    change->changed_by = made->changed_by;
    change->reason = made->reason;
    result = import_as(ground, ground->admin, batch)->results[0];
    assert_int_equal(result->outcome, KONTOR__V1__IMPORT_OUTCOME__SAME);
    change->reason = "another";
    result = import_as(ground, ground->admin, batch)->results[0];
    assert_int_equal(result->outcome, KONTOR__V1__IMPORT_OUTCOME__REFUSED);
    assert_string_equal(result->violations[0]->field, "id");
    change->reason = made->reason;
    change->changed_by = "somebody else";
    result = import_as(ground, ground->admin, batch)->results[0];
    assert_int_equal(result->outcome, KONTOR__V1__IMPORT_OUTCOME__REFUSED);
    made = history(ground, ground->admin, "coast/s")->changes[0];
    assert_null(made->source);
}

/* Deleting a site and creating it again moves nothing, whoever does it. */
static void
test_a_site_that_comes_again_is_where_it_was(void **state)
{
    struct ground *ground = *state;
    Kontor__V1__DeleteSiteRequest away = KONTOR__V1__DELETE_SITE_REQUEST__INIT;
    struct batch *batch = batch_new(ground);
    seed_site(ground, "coast/s", KONTOR__V1__CERTIFICATION__CERTIFIED);
    assert_int_equal(move_as(ground, certifier(ground), "coast/s",
                             KONTOR__V1__CERTIFICATION__SUSPENDED, false, NULL),
                     STATUS_OK);
    away.id = "coast/s";
    for (int by_import = 0; by_import <= 1; by_import++) {
        assert_int_equal(harness_call(ground->h, ground->admin,
                                      GROUND_CALL("DeleteSite"), &away, NULL, NULL),
                         STATUS_OK);
        if (by_import) {
            add_site(ground, batch, "coast/s", 3);
            (void)import_as(ground, ground->admin, batch);
        } else {
            assert_int_equal(
                ground_create_site(ground, ground->admin,
                                   ground_site(ground->h, "coast/s", "North"), NULL),
                STATUS_OK);
        }
        assert_int_equal(status_of(ground, "coast/s"),
                         KONTOR__V1__CERTIFICATION__SUSPENDED);
    }
    assert_int_equal(history(ground, ground->admin, "coast/s")->n_changes, 1);
}

static void
test_an_admin_takes_a_certification_over_and_a_site_admin_does_not(void **state)
{
    struct ground *ground = *state;
    struct batch *batch = batch_new(ground);
    const struct principal *admin =
        harness_principal(ground->h, "coast/boss", ROLE_BIT(ADMIN), "r:coast", NULL);
    add_site(ground, batch, "coast/a", 3);
    add_site(ground, batch, "coast/b", 1);
    add_site(ground, batch, "coast/c", 0);
    (void)import_as(ground, admin, batch);
    assert_int_equal(status_of(ground, "coast/a"),
                     KONTOR__V1__CERTIFICATION__CERTIFIED);
    assert_int_equal(status_of(ground, "coast/b"),
                     KONTOR__V1__CERTIFICATION__CANDIDATE);
    assert_int_equal(status_of(ground, "coast/c"),
                     KONTOR__V1__CERTIFICATION__CANDIDATE);
    const Kontor__V1__ListCertificationChangesResponse *kept =
        history(ground, ground->admin, "coast/a");
    assert_int_equal(kept->n_changes, 1);
    assert_true(kept->changes[0]->is_override);
    assert_string_equal(kept->changes[0]->changed_by, "coast/boss");
    assert_int_equal(history(ground, ground->admin, "coast/b")->n_changes, 0);

    batch = batch_new(ground);
    add_site(ground, batch, "coast/d", 3);
    assert_true(has_finding(import_as(ground, ground->admin, batch)->results[0],
                            "certification", "is not taken over"));
    assert_int_equal(status_of(ground, "coast/d"),
                     KONTOR__V1__CERTIFICATION__CANDIDATE);

    batch = batch_new(ground);
    add_site(ground, batch, "coast/d", 4);
    assert_true(has_finding(import_as(ground, admin, batch)->results[0],
                            "certification", "the source says SUSPENDED"));
    assert_int_equal(status_of(ground, "coast/d"),
                     KONTOR__V1__CERTIFICATION__CANDIDATE);
}

#define GROUND_TEST(name)                                                              \
    cmocka_unit_test_setup_teardown(name, ground_setup, ground_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        GROUND_TEST(test_every_status_meets_every_other),
        GROUND_TEST(test_an_error_names_where_one_may_go),
        GROUND_TEST(test_who_runs_a_site_never_certifies_it),
        GROUND_TEST(test_a_new_site_is_a_candidate_and_its_keepers_leave_it_so),
        GROUND_TEST(test_what_a_move_needs),
        GROUND_TEST(test_every_move_is_kept_once),
        GROUND_TEST(test_who_moved_it_is_the_registrys_own),
        GROUND_TEST(test_history_is_judged_by_its_own_pairs),
        GROUND_TEST(test_a_gap_is_told),
        GROUND_TEST(test_how_a_site_begins_is_a_gap_only_where_it_is_one),
        GROUND_TEST(test_names_that_were_left_out_stay_out),
        GROUND_TEST(test_history_is_not_written_anew),
        GROUND_TEST(test_what_happened_here_stays),
        GROUND_TEST(test_a_site_that_comes_again_is_where_it_was),
        GROUND_TEST(test_an_admin_takes_a_certification_over_and_a_site_admin_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
