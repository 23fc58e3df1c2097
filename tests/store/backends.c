/* The backends every contract test of the store runs on. */
#include "tests/store/fixture.h"

static void
sqlite_address(const char *folder, const char *name, char *out, size_t size)
{
    (void)snprintf(out, size, "sqlite:%s/%s.db", folder, name);
}

const struct fixture_backend fixture_backends[] = {
    {.name = "sqlite", .address = sqlite_address, .is_exclusive = true},
    {.name = NULL},
};
