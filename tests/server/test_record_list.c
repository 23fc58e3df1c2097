/* Lists: pages, filters, the past. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/shelf.h"

/* ---- List ---- */

static enum status
list(struct shelf *stage, const struct principal *who, int32_t size, const char *token,
     Kontor__V1__ListServicesResponse **reply, struct error *error)
{
    Kontor__V1__ListServicesRequest request = KONTOR__V1__LIST_SERVICES_REQUEST__INIT;
    request.page_size = size;
    request.page_token = arena_copy(stage->h->arena, token);
    return harness_call(stage->h, who, SHELF_CALL("ListServices"), &request,
                        (void **)reply, error);
}

static void
test_list_pages_hold_every_record_once(void **state)
{
    enum { N = 57 };
    struct shelf *stage = *state;
    int32_t sizes[] = {1, 7, 8, 9, 56, 57, 58, 500, 1000};
    for (int i = 0; i < N; i++) {
        shelf_created(
            stage, shelf_plain(stage, arena_print(stage->h->arena, "coast/s%02d", i)));
    }
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        const char *token = "";
        int seen = 0;
        do {
            Kontor__V1__ListServicesResponse *page = NULL;
            bool is_first = token[0] == '\0';
            assert_int_equal(list(stage, stage->stranger, sizes[s], token, &page, NULL),
                             STATUS_OK);
            assert_true(page->n_services <= (size_t)sizes[s]);
            assert_true(page->n_services > 0);
            for (size_t i = 0; i < page->n_services; i++) {
                const char *id = arena_print(stage->h->arena, "coast/s%02d", seen++);
                assert_string_equal(page->services[i]->id, id);
                assert_null(page->services[i]->main_contact);
                assert_true(page->services[i]->revision > 0);
            }
            assert_int_equal(page->position != NULL, is_first);
            if (is_first) {
                assert_int_equal(page->position->seq, shelf_applied(stage->h));
                assert_string_equal(page->position->scope_tag, "tag");
            }
            token = page->next_page_token;
        } while (token[0] != '\0');
        assert_int_equal(seen, N);
    }
}

static void
test_list_refuses_a_negative_page_and_a_foreign_token(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__ListServicesResponse *page = NULL;
    Kontor__V1__ListServicesRequest request = KONTOR__V1__LIST_SERVICES_REQUEST__INIT;
    struct error error;
    shelf_created(stage, shelf_plain(stage, "coast/a"));
    shelf_created(stage, shelf_plain(stage, "coast/b"));
    assert_int_equal(list(stage, stage->admin, -1, "", NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_true(harness_has_fault(&error, "page_size"));
    assert_int_equal(list(stage, stage->admin, 1, "nonsense", NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(list(stage, stage->admin, 1, "", &page, &error), STATUS_OK);
    request.page_size = 1;
    request.page_token = page->next_page_token;
    request.provider = "coast/hpc";
    assert_int_equal(harness_call(stage->h, stage->admin, SHELF_CALL("ListServices"),
                                  &request, NULL, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(error.reason, REASON_PAGE_TOKEN_INVALID);
}

static void
test_list_filters_and_shows_the_past(void **state)
{
    struct shelf *stage = *state;
    Kontor__V1__ListServicesRequest request = KONTOR__V1__LIST_SERVICES_REQUEST__INIT;
    Kontor__V1__ListServicesResponse *page = NULL;
    Kontor__V1__AsOf as_of = KONTOR__V1__AS_OF__INIT;
    Kontor__V1__Service *first = shelf_created(stage, shelf_plain(stage, "coast/a"));
    assert_int_equal(shelf_create_provider(stage->h, stage->admin,
                                           shelf_provider(stage->h, "coast/web"), NULL,
                                           NULL),
                     STATUS_OK);
    assert_int_equal(shelf_create_service(
                         stage->h, stage->admin,
                         shelf_service(stage->h, "coast/w", "coast/web"), NULL, NULL),
                     STATUS_OK);
    request.provider = "coast/web";
    assert_int_equal(harness_call(stage->h, stage->stranger, SHELF_CALL("ListServices"),
                                  &request, (void **)&page, NULL),
                     STATUS_OK);
    assert_int_equal(page->n_services, 1);
    assert_string_equal(page->services[0]->id, "coast/w");
    as_of.point_case = KONTOR__V1__AS_OF__POINT_SEQ;
    as_of.seq = first->revision;
    request.provider = "";
    request.as_of = &as_of;
    assert_int_equal(harness_call(stage->h, stage->stranger, SHELF_CALL("ListServices"),
                                  &request, (void **)&page, NULL),
                     STATUS_OK);
    assert_int_equal(page->n_services, 1);
    assert_string_equal(page->services[0]->id, "coast/a");
    assert_int_equal(page->position->seq, first->revision);
}

static void
test_list_ends_a_page_before_it_grows_too_large(void **state)
{
    enum { N = 40, LARGE = 60000 };
    struct shelf *stage = *state;
    Kontor__V1__ListServicesResponse *page = NULL;
    const char *token = "";
    size_t seen = 0;
    char *words = arena_alloc(stage->h->arena, LARGE + 1);
    memset(words, 'x', LARGE);
    shelf_created(stage, shelf_plain(stage, "coast/0"));
    for (int i = 0; i < N; i++) {
        const char *id = arena_print(stage->h->arena, "coast/l%02d", i);
        Kontor__V1__Service *service = shelf_service(stage->h, id, "coast/hpc");
        service->description = words;
        harness_seed(stage->h, KIND_SERVICE, id, &service->base, "=r:coast", NULL);
    }
    do {
        assert_int_equal(list(stage, stage->admin, 500, token, &page, NULL), STATUS_OK);
        assert_true(page->n_services < N);
        seen += page->n_services;
        token = page->next_page_token;
    } while (token[0] != '\0');
    assert_int_equal(seen, N + 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, shelf_setup, shelf_teardown)
    const struct CMUnitTest tests[] = {
        T(test_list_pages_hold_every_record_once),
        T(test_list_refuses_a_negative_page_and_a_foreign_token),
        T(test_list_filters_and_shows_the_past),
        T(test_list_ends_a_page_before_it_grows_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
