#include "server/rpc/stream.h"

/* In the order in which an import wants them: what is referred to comes first. */
#define CATALOGUE                                                                      \
    {                                                                                  \
        "vocabulary", "provider", "service", "bundle"                                  \
    }
#define CONFIGURATION                                                                  \
    {                                                                                  \
        "site", "certification_change", "endpoint", "group", "version", "capacity",    \
            "plan", "downtime"                                                         \
    }

const struct stream_row stream_catalogue = {.kinds = CATALOGUE};
const struct stream_row stream_orders = {.kinds = {"project", "order", "item",
                                                   "instance", "message", "observation",
                                                   "opinion"}};
const struct stream_row stream_configuration = {.kinds = CONFIGURATION};
const struct stream_row stream_export_catalogue = {.kinds = CATALOGUE,
                                                   .is_export = true};
const struct stream_row stream_export_configuration = {.kinds = CONFIGURATION,
                                                       .is_export = true};
const struct stream_row stream_read_log = {.is_log = true};
