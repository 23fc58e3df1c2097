#include "server/broker.h"

#include "server/clock.h"

int64_t
broker_steady_since_ms(const struct broker *broker)
{
    int64_t jumped_ms = clock_jumped_ms(broker->clock);
    return jumped_ms != 0 ? jumped_ms : broker->started_at_ms;
}
