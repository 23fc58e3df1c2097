#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "proto/json.h"
#include "tests/server/planner.h"

static const char archive[] =
    "{\"id\":\"alpine/archive\",\"provider\":\"alpine/hpc\",\"name\":\"Archive\","
    "\"phase\":\"PRODUCTION\",\"webpage\":\"https://www.archive.example/\","
    "\"order_type\":\"ORDER_REQUIRED\",\"geographic_locations\":[\"AT\"],"
    "\"alternative_ids\":[{\"scheme\":\"re3data\",\"id\":"
    "\"https://www.re3data.example/repository/r3d1\"}],"
    "\"targets\":{\"availability_ppm\":999500},"
    "\"offers\":[{\"iid\":\"shelf\",\"name\":\"Shelf\",\"is_internal\":true,"
    "\"rev\":1,\"approval\":[],\"order_type\":\"OPEN_ACCESS\",\"parameters\":["
    "{\"id\":\"size\",\"label\":\"Size\",\"required\":true,\"unit\":\"GB\","
    "\"decimal\":{}},"
    "{\"id\":\"until\",\"label\":\"Until\",\"required\":true,\"date\":{}},"
    "{\"id\":\"backup-frequency\",\"label\":\"Backup\",\"choice\":{\"values\":["
    "{\"text\":\"Daily\"},{\"text\":\"Weekly\"}]}},"
    "{\"id\":\"sensitive\",\"label\":\"Sensitive\",\"required\":true,\"boolean\":{}},"
    "{\"id\":\"collection\",\"label\":\"Name of the collection\",\"required\":true,"
    "\"text\":{}}]}]}";

void *
planner_message(struct desk *desk, const ProtobufCMessageDescriptor *type,
                const char *text)
{
    struct faults faults = {.arena = desk->h->arena};
    void *message = json_parse(type, text, strlen(text), desk->h->arena, &faults);
    if (message == NULL) {
        fail_msg("%s: %s", faults.rows[0].path, faults.rows[0].description);
    }
    return message;
}

void
planner_put_service(struct desk *desk, const char *text)
{
    Kontor__V1__Service *service =
        planner_message(desk, &kontor__v1__service__descriptor, text);
    harness_seed(desk->h, KIND_SERVICE, service->id, &service->base, "=r:alpine",
                 "=p:alpine/hpc", "~*", NULL);
}

int
planner_setup(void **state)
{
    int failed = desk_setup(state);
    planner_put_service(*state, archive);
    return failed;
}

const char *
planner_document(struct desk *desk, int day, const char *datasets)
{
    return arena_print(
        desk->h->arena,
        "{\"dmp\":{\"title\":\"Given Name's plan\",\"language\":\"eng\","
        "\"ethical_issues_exist\":\"no\",\"created\":\"2025-01-01T10:00:00Z\","
        "\"modified\":\"2025-02-%02dT10:00:00Z\",\"dmp_id\":{\"identifier\":\"10.1/x\","
        "\"type\":\"doi\"},\"contact\":{\"name\":\"Given Name\",\"mbox\":"
        "\"given@name.example\",\"contact_id\":{\"identifier\":\"0000-0001-2345-6789\","
        "\"type\":\"orcid\"}},\"dataset\":[%s]}}",
        day, datasets);
}

const char *
planner_dataset(struct desk *desk, const char *members, const char *distributions)
{
    return arena_print(desk->h->arena,
                       "{%s\"title\":\"d\",\"personal_data\":\"no\",\"dataset_id\":"
                       "{\"identifier\":\"d\",\"type\":\"other\"},\"distribution\":[%s]"
                       "}",
                       members, distributions);
}

const char *
planner_part(struct desk *desk, const char *url, const char *members,
             const char *host_members)
{
    const char *host = url == NULL
                           ? ""
                           : arena_print(desk->h->arena,
                                         "\"host\":{%s\"title\":\"h\",\"url\":\"%s\"},",
                                         host_members, url);
    return arena_print(desk->h->arena, "{%s%s\"title\":\"x\",\"data_access\":\"open\"}",
                       members, host);
}

const char *
planner_replaced(struct desk *desk, const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    if (at == NULL) {
        fail_msg("%s is not in %s", from, text);
    }
    return arena_print(desk->h->arena, "%.*s%s%s", (int)(at - text), text, to,
                       at + strlen(from));
}

enum status
planner_import(struct desk *desk, const char *document,
               Kontor__V1__ImportPlanResponse **reply, struct error *error)
{
    Kontor__V1__ImportPlanRequest request = KONTOR__V1__IMPORT_PLAN_REQUEST__INIT;
    request.id = "coast/plan-1";
    request.project = "coast/p1";
    request.document = (char *)(uintptr_t)document;
    return desk_call(desk, desk->portal, PLANNER_CALL("ImportPlan"), &request, reply,
                     error);
}

Kontor__V1__ProposeOrderResponse *
planner_propose(struct desk *desk, const char *document)
{
    Kontor__V1__ProposeOrderRequest request = KONTOR__V1__PROPOSE_ORDER_REQUEST__INIT;
    Kontor__V1__ProposeOrderResponse *reply = NULL;
    struct error error = {0};
    if (planner_import(desk, document, NULL, &error) != STATUS_OK) {
        fail_msg("%s", error.message);
    }
    request.id = "coast/plan-1";
    if (desk_call(desk, desk->portal, PLANNER_CALL("ProposeOrder"), &request, &reply,
                  &error) != STATUS_OK) {
        fail_msg("%s", error.message);
    }
    return reply;
}

const char *
planner_spelled(struct desk *desk)
{
    const char *parts = arena_print(
        desk->h->arena, "%s,%s,%s",
        planner_part(desk, "https://archive.example",
                     "\"byte_size\":1500000000,\"available_until\":\"2031-01-31\",",
                     "\"backup_frequency\":\"weekly\","),
        planner_part(desk, "HTTP://WWW.archive.example:80/",
                     "\"byte_size\":1,\"available_until\":\"2030-12-31\",", ""),
        planner_part(desk, "https://www.re3data.example/repository/r3d1",
                     "\"byte_size\":0,\"available_until\":\"2030-12-31\",",
                     "\"geo_location\":\"AT\","));
    return planner_document(
        desk, 1, planner_dataset(desk, "\"sensitive_data\":\"yes\",", parts));
}

void
planner_answer(struct desk *desk, Kontor__V1__PlaceOrderRequest *order)
{
    Kontor__V1__NewItem *item = order->items[0];
    Kontor__V1__ParameterValue **given = item->parameters;
    item->parameters =
        arena_alloc(desk->h->arena, (item->n_parameters + 1) * sizeof *given);
    for (size_t i = 0; i < item->n_parameters; i++) {
        item->parameters[i] = given[i];
    }
    desk_give(desk, item, "collection",
              planner_message(desk, &kontor__v1__value__descriptor,
                              "{\"text\":\"my collection\"}"));
}

bool
planner_finds(Kontor__V1__Violation *const *findings, size_t n, const char *path,
              const char *says)
{
    for (size_t i = 0; i < n; i++) {
        if ((path == NULL || strcmp(findings[i]->field, path) == 0) &&
            strstr(findings[i]->description, says) != NULL) {
            return true;
        }
    }
    return false;
}

bool
planner_holds(struct bytes bytes, const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i + n <= bytes.size; i++) {
        if (strncasecmp((const char *)bytes.data + i, text, n) == 0) {
            return true;
        }
    }
    return false;
}

bool
planner_is_in_store(struct desk *desk, const char *text)
{
    enum { ROOM = 4 << 20 };
    const char *directory = desk->h->directory;
    DIR *folder = opendir(directory);
    uint8_t *content = arena_alloc(desk->h->arena, ROOM);
    bool is_found = false;
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL && !is_found;
         entry = readdir(folder)) {
        const char *path =
            arena_print(desk->h->arena, "%s/%s", directory, entry->d_name);
        FILE *file = entry->d_type == DT_REG ? fopen(path, "rb") : NULL;
        size_t n = file == NULL ? 0 : fread(content, 1, ROOM, file);
        if (file != NULL) {
            fclose(file);
        }
        assert_true(n < ROOM);
        is_found = planner_holds((struct bytes){content, n}, text);
    }
    closedir(folder);
    return is_found;
}

const Kontor__V1__ParameterValue *
planner_value(const Kontor__V1__NewItem *item, const char *id)
{
    for (size_t i = 0; i < item->n_parameters; i++) {
        if (strcmp(item->parameters[i]->id, id) == 0) {
            return item->parameters[i];
        }
    }
    return NULL;
}

bool
planner_asks(const Kontor__V1__ProposedItem *item, const char *id)
{
    for (size_t i = 0; i < item->n_questions; i++) {
        if (strcmp(item->questions[i]->id, id) == 0) {
            return true;
        }
    }
    return false;
}
