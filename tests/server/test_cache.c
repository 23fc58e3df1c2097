/* The read cache: what is kept, what a commit drops, and what is too old to keep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "proto/wire.h"
#include "server/rpc/cache.h"
#include "tests/server/harness.h"

static const struct service_rows *const no_services[] = {NULL};

struct world {
    struct harness *harness;
    struct cache *cache;
};

static int
set_up(void **state)
{
    static struct world world;
    struct harness_options options = {.services = no_services};
    world.harness = harness_open(&options);
    world.cache = cache_new(world.harness->broker.store);
    *state = &world;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *world = *state;
    harness_close(world->harness);
    cache_free(world->cache);
    return 0;
}

static int64_t
seed(struct world *world, const char *id, const char *name)
{
    Kontor__V1__Provider provider = KONTOR__V1__PROVIDER__INIT;
    Kontor__V1__Contact contact = KONTOR__V1__CONTACT__INIT;
    provider.name = (char *)(uintptr_t)name;
    contact.email = (char *)(uintptr_t) "inside@home.example";
    provider.main_contact = &contact;
    return harness_seed(world->harness, KIND_PROVIDER, id, &provider.base, "=r:home",
                        "~*", NULL);
}

static void
keep(struct world *world, const char *id, int64_t applied)
{
    struct document document;
    assert_int_equal(harness_get(world->harness, KIND_PROVIDER, id, &document),
                     STATUS_OK);
    cache_keep(world->cache, &document, applied);
}

static const struct cached *
take(struct world *world, const struct kind *kind, const char *id)
{
    struct bytes key = {(const uint8_t *)id, strlen(id)};
    return cache_take(world->cache, kind, key);
}

static Kontor__V1__Provider *
unpack(struct world *world, struct bytes bytes)
{
    struct faults *faults = arena_alloc(world->harness->arena, sizeof *faults);
    faults->arena = world->harness->arena;
    return (Kontor__V1__Provider *)wire_unpack(&kontor__v1__provider__descriptor, bytes,
                                               &wire_stored_limits,
                                               world->harness->arena, faults);
}

static void
test_what_is_kept_is_found_with_both_views(void **state)
{
    struct world *world = *state;
    int64_t seq = seed(world, "home/a", "First");
    assert_null(take(world, KIND_PROVIDER, "home/a"));
    keep(world, "home/a", seq);
    const struct cached *cached = take(world, KIND_PROVIDER, "home/a");
    assert_non_null(cached);
    Kontor__V1__Provider *reduced = unpack(world, cached->head);
    assert_string_equal(reduced->id, "home/a");
    assert_string_equal(reduced->name, "First");
    assert_int_equal(reduced->revision, seq);
    assert_null(reduced->main_contact);
    assert_non_null(unpack(world, cached->document.x)->main_contact);
    assert_int_equal(cached->document.n_scope, 2);
    assert_string_equal(cached->document.scope[0], "=r:home");
    assert_string_equal(cached->document.scope[1], "~*");
    cache_release(world->cache, cached);
}

static void
test_another_kind_or_id_is_not_found(void **state)
{
    struct world *world = *state;
    keep(world, "home/a", seed(world, "home/a", "First"));
    assert_null(take(world, KIND_SERVICE, "home/a"));
    assert_null(take(world, KIND_PROVIDER, "home/b"));
    assert_null(take(world, KIND_PROVIDER, "home/"));
}

static void
test_a_commit_drops_its_document_and_no_other(void **state)
{
    struct world *world = *state;
    seed(world, "home/a", "First");
    int64_t seq = seed(world, "home/b", "Other");
    keep(world, "home/a", seq);
    keep(world, "home/b", seq);
    int64_t next = seed(world, "home/a", "Second");
    assert_int_equal(cache_seq(world->cache), next);
    assert_null(take(world, KIND_PROVIDER, "home/a"));
    const struct cached *other = take(world, KIND_PROVIDER, "home/b");
    assert_non_null(other);
    cache_release(world->cache, other);
}

static void
test_a_document_read_before_a_commit_is_not_kept(void **state)
{
    struct world *world = *state;
    int64_t seq = seed(world, "home/a", "First");
    struct document old;
    assert_int_equal(harness_get(world->harness, KIND_PROVIDER, "home/a", &old),
                     STATUS_OK);
    seed(world, "home/a", "Second");
    cache_keep(world->cache, &old, seq);
    assert_null(take(world, KIND_PROVIDER, "home/a"));
}

static void
test_an_entry_outlives_its_drop_while_it_is_held(void **state)
{
    struct world *world = *state;
    keep(world, "home/a", seed(world, "home/a", "First"));
    const struct cached *held = take(world, KIND_PROVIDER, "home/a");
    seed(world, "home/a", "Second");
    assert_string_equal(unpack(world, held->head)->name, "First");
    cache_release(world->cache, held);
}

static void
test_large_documents_are_left_to_the_store(void **state)
{
    struct world *world = *state;
    char *name = arena_alloc(world->harness->arena, 40001);
    memset(name, 'n', 40000);
    keep(world, "home/large", seed(world, "home/large", name));
    assert_null(take(world, KIND_PROVIDER, "home/large"));
}

static void
test_slots_are_shared_and_bounded(void **state)
{
    struct world *world = *state;
    int64_t seq = seed(world, "home/a", "First");
    struct document document;
    assert_int_equal(harness_get(world->harness, KIND_PROVIDER, "home/a", &document),
                     STATUS_OK);
    size_t n_found = 0;
    for (int i = 0; i < 20000; i++) {
        document.id = arena_print(world->harness->arena, "home/%d", i);
        cache_keep(world->cache, &document, seq);
    }
    for (int i = 0; i < 20000; i++) {
        char *id = arena_print(world->harness->arena, "home/%d", i);
        const struct cached *cached = take(world, KIND_PROVIDER, id);
        if (cached != NULL) {
            assert_string_equal(unpack(world, cached->head)->id, id);
            cache_release(world->cache, cached);
            n_found++;
        }
    }
    assert_in_range(n_found, 1000, 4096);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_kept_is_found_with_both_views,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_kind_or_id_is_not_found, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_commit_drops_its_document_and_no_other,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_document_read_before_a_commit_is_not_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_an_entry_outlives_its_drop_while_it_is_held, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_large_documents_are_left_to_the_store,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_slots_are_shared_and_bounded, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
