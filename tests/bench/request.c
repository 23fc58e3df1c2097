#include "tests/bench/request.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <grpc/byte_buffer_reader.h>

#include "kontor/v1/catalogue_service.pb-c.h"
#include "kontor/v1/order_service.pb-c.h"
#include "proto/wire.h"
#include "tests/bench/transport.h"

enum {
    TOKEN_FIELD = 2, /* next_page_token of every list. */
    ID_SIZE = 160
};

struct bench_request_row {
    const char *call, *path;
    grpc_slice (*make)(struct bench_requests *requests, const char *token);
    bool is_list;
};

static char *
line_next(struct bench_requests *requests)
{
    return requests->lines[requests->next++ % requests->n_lines];
}

static grpc_slice
slice_of(const ProtobufCMessage *message)
{
    grpc_slice slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));
    protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
    return slice;
}

static grpc_slice
make_nothing(struct bench_requests *requests, const char *token)
{
    (void)requests;
    (void)token;
    return grpc_empty_slice();
}

static grpc_slice
make_get(struct bench_requests *requests, const char *token)
{
    Kontor__V1__GetServiceRequest request = KONTOR__V1__GET_SERVICE_REQUEST__INIT;
    (void)token;
    request.id = line_next(requests);
    return slice_of(&request.base);
}

static grpc_slice
make_list(struct bench_requests *requests, const char *token)
{
    Kontor__V1__ListServicesRequest request = KONTOR__V1__LIST_SERVICES_REQUEST__INIT;
    request.page_size = (int32_t)requests->page_size;
    request.page_token = (char *)(uintptr_t)token;
    return slice_of(&request.base);
}

static grpc_slice
make_search(struct bench_requests *requests, const char *token)
{
    Kontor__V1__SearchServicesRequest request =
        KONTOR__V1__SEARCH_SERVICES_REQUEST__INIT;
    (void)token;
    request.query = line_next(requests);
    return slice_of(&request.base);
}

/* One item; ids in sequence. */
static grpc_slice
make_place(struct bench_requests *requests, const char *token)
{
    char id[ID_SIZE];
    char project[ID_SIZE];
    long number = requests->next++;
    (void)token;
    (void)snprintf(id, sizeof id, "%s-%08ld", requests->prefix, number);
    (void)snprintf(project, sizeof project, "%s", requests->project);
    if (requests->n_projects > 0) {
        (void)snprintf(project, sizeof project, "%s%ld", requests->project,
                       number % requests->n_projects);
    }
    Kontor__V1__Value value = KONTOR__V1__VALUE__INIT;
    value.kind_case = KONTOR__V1__VALUE__KIND_INTEGER;
    value.integer = 10;
    Kontor__V1__ParameterValue parameter = KONTOR__V1__PARAMETER_VALUE__INIT;
    parameter.id = (char *)(uintptr_t) "size_gb";
    parameter.value = &value;
    Kontor__V1__ParameterValue *parameters[] = {&parameter};
    Kontor__V1__NewItem item = KONTOR__V1__NEW_ITEM__INIT;
    item.id = (char *)(uintptr_t) "storage";
    item.action = KONTOR__V1__ITEM_ACTION__ADD;
    item.offer = (char *)(uintptr_t)requests->offer;
    item.n_parameters = 1;
    item.parameters = parameters;
    Kontor__V1__NewItem *items[] = {&item};
    Kontor__V1__PlaceOrderRequest request = KONTOR__V1__PLACE_ORDER_REQUEST__INIT;
    request.id = id;
    request.project = project;
    request.n_items = 1;
    request.items = items;
    return slice_of(&request.base);
}

static const struct bench_request_row rows[] = {
    {"echo", "/bench.Echo/Get", make_get, false},
    {"health", "/grpc.health.v1.Health/Check", make_nothing, false},
    {"get", "/kontor.v1.CatalogueService/GetService", make_get, false},
    {"list", "/kontor.v1.CatalogueService/ListServices", make_list, true},
    {"search", "/kontor.v1.CatalogueService/SearchServices", make_search, false},
    {"place", "/kontor.v1.OrderService/PlaceOrder", make_place, false},
};

static const struct bench_request_row *
row_of(const char *call)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].call, call) == 0) {
            return &rows[i];
        }
    }
    bench_die("--call is %s: choose echo, health, get, list, search or place", call);
}

void
bench_requests_open(struct bench_requests *requests, int argc, char **argv)
{
    static char *one_line[1];
    *requests = (struct bench_requests){
        .row = row_of(bench_option(argc, argv, "--call", NULL)),
        .lines = one_line,
        .n_lines = 1,
        .project = bench_option(argc, argv, "--project", ""),
        .offer = bench_option(argc, argv, "--offer", ""),
        .prefix = bench_option(argc, argv, "--prefix", "x/o"),
        .n_projects = bench_number(argc, argv, "--projects", 0),
        .page_size = bench_number(argc, argv, "--page-size", 100),
    };
    requests->path = requests->row->path;
    one_line[0] = (char *)(uintptr_t)bench_option(argc, argv, "--id", "x/x");
    const char *path = bench_option(argc, argv, "--lines", "");
    if (path[0] != '\0') {
        requests->lines = bench_lines(path, &requests->n_lines);
    }
}

grpc_slice
bench_request_next(struct bench_requests *requests, const char *token)
{
    return requests->row->make(requests, token);
}

void
bench_request_read(const struct bench_requests *requests, grpc_byte_buffer *reply,
                   char *token)
{
    grpc_byte_buffer_reader reader;
    struct wire_field field;
    token[0] = '\0';
    if (!requests->row->is_list || grpc_byte_buffer_reader_init(&reader, reply) == 0) {
        return;
    }
    grpc_slice slice = grpc_byte_buffer_reader_readall(&reader);
    struct bytes left = {GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice)};
    while (left.size > 0 && wire_next(&left, &field)) {
        if (field.number == TOKEN_FIELD && field.content.size < BENCH_TOKEN_SIZE) {
            memcpy(token, field.content.data, field.content.size);
            token[field.content.size] = '\0';
        }
    }
    grpc_slice_unref(slice);
    grpc_byte_buffer_reader_destroy(&reader);
}
