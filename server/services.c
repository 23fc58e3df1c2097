#include "server/services.h"

#include <stddef.h>

#include "server/catalogue/catalogue.h"
#include "server/configuration/configuration.h"
#include "server/order/fulfilment.h"
#include "server/order/order_service.h"
#include "server/registry/registry.h"

const struct service_rows *const services_table[] = {
    &catalogue_rows, &configuration_rows, &fulfilment_rows,
    &order_rows,     &registry_rows,      NULL,
};
