#include "server/base.h"

void
base_init(struct base *base, const struct settings *settings)
{
    clock_init(&base->clock);
    random_init(&base->random);
    base->settings = settings;
}

struct store_options
base_store(struct base *base, bool is_read_only)
{
    return (struct store_options){
        .uri = base->settings->store,
        .secret_file = base->settings->store_secret_file,
        .kinds = kind_table,
        .journal = base->settings->journal[0] == '\0' ? NULL : base->settings->journal,
        .is_read_only = is_read_only,
        .queue_length = (size_t)base->settings->store_queue,
        .now_ms = clock_wall_ms,
        .now_context = &base->clock,
        .random = random_fill,
        .random_context = &base->random};
}
