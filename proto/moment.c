#include "proto/moment.h"

Google__Protobuf__Timestamp *
moment_new(struct arena *arena, int64_t ms)
{
    Google__Protobuf__Timestamp *moment = arena_alloc(arena, sizeof *moment);
    google__protobuf__timestamp__init(moment);
    /* Nanos count upwards also before 1970, so seconds are rounded down. */
    int64_t rest = ms % 1000;
    moment->seconds = ms / 1000 - (rest < 0 ? 1 : 0);
    moment->nanos = (int32_t)((rest < 0 ? rest + 1000 : rest) * 1000000);
    return moment;
}

int64_t
moment_ms(const Google__Protobuf__Timestamp *moment, int64_t absent)
{
    return moment == NULL ? absent : moment->seconds * 1000 + moment->nanos / 1000000;
}
