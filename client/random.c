#include "client/random.h"

#include <stdio.h>
#include <sys/random.h>

#include "client/kontor.h"

static void
random_fill(void *out, size_t size)
{
    /* Up to 256 bytes come whole once the pool is ready; before that the call waits,
     * and only a signal makes it say less. */
    while (getrandom(out, size, 0) != (ssize_t)size) {
    }
}

int64_t
random_below(int64_t limit)
{
    uint64_t number;
    random_fill(&number, sizeof number);
    return (int64_t)(number % (uint64_t)limit);
}

void
kontor_uuid(char uuid[37])
{
    unsigned char b[16];
    random_fill(b, sizeof b);
    /* RFC 9562, section 5.4: version 4, variant 10. */
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(uuid, 37,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
             b[12], b[13], b[14], b[15]);
}
