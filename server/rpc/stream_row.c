#include "server/rpc/stream.h"

#include <stddef.h>

/* In the order in which an import wants them: what is referred to comes first. */
static const char *const catalogue[] = {"vocabulary", "provider", "service", "bundle",
                                        NULL};
static const char *const orders[] = {"project", "order",       "item",    "instance",
                                     "message", "observation", "opinion", NULL};
static const char *const configuration[] = {"operator_group",
                                            "site",
                                            "certification_change",
                                            "endpoint",
                                            "group",
                                            "version",
                                            "capacity",
                                            "plan",
                                            "downtime",
                                            NULL};
static const char *const none[] = {NULL};

const struct stream_row stream_catalogue = {.kinds = catalogue};
const struct stream_row stream_orders = {.kinds = orders};
const struct stream_row stream_configuration = {.kinds = configuration};
const struct stream_row stream_export_catalogue = {.kinds = catalogue,
                                                   .is_export = true};
const struct stream_row stream_export_configuration = {.kinds = configuration,
                                                       .is_export = true};
const struct stream_row stream_read_log = {.kinds = none, .is_log = true};
