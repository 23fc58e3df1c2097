#include "proto/text.h"

#include <stdint.h>
#include <string.h>

#include <utf8proc.h>

bool
text_is_utf8(struct bytes bytes)
{
    for (size_t i = 0; i < bytes.size;) {
        if (bytes.data[i] != 0 && bytes.data[i] < 0x80) {
            i++;
            continue;
        }
        utf8proc_int32_t codepoint;
        utf8proc_ssize_t n = utf8proc_iterate(
            bytes.data + i, (utf8proc_ssize_t)(bytes.size - i), &codepoint);
        if (n <= 0 || codepoint == 0) {
            return false;
        }
        i += (size_t)n;
    }
    return true;
}
