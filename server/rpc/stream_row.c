#include "server/rpc/stream.h"

const struct stream_row stream_catalogue = {.kinds = {"provider", "service", "vocabulary", "bundle"}};
const struct stream_row stream_orders = {
    .kinds = {"project", "order", "item", "instance", "message", "observation", "opinion"}};
const struct stream_row stream_configuration = {
    .kinds = {"site", "endpoint", "downtime"}};
const struct stream_row stream_read_log = {.is_log = true};
