#include "store/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The last row takes plain paths. */
static const struct {
    const char *scheme;
    bool is_kept; /* The scheme is a part of what it names. */
    enum address_kind kind;
} schemes[] = {
    {"mongodb://", true, ADDRESS_MONGODB},
    {"mongodb+srv://", true, ADDRESS_MONGODB},
    {"sqlite:", false, ADDRESS_SQLITE},
    {"", false, ADDRESS_SQLITE},
};

enum address_kind
address_of(const char *uri, const char **rest)
{
    size_t i = 0;
    while (strncmp(uri, schemes[i].scheme, strlen(schemes[i].scheme)) != 0) {
        i++;
    }
    *rest = schemes[i].is_kept ? uri : uri + strlen(schemes[i].scheme);
    /* No path begins like that, but for somebody who means it: ./x://y. */
    size_t size = strspn(uri, "abcdefghijklmnopqrstuvwxyz0123456789+.-");
    bool is_server = size > 0 && uri[0] != '.' && strncmp(uri + size, "://", 3) == 0;
    return is_server && !schemes[i].is_kept ? ADDRESS_UNKNOWN : schemes[i].kind;
}
