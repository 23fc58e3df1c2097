#include "proto/descriptors.h"

#include <string.h>

#include "descriptors_list.h"

/* The file goes in as it is; the assembler finds its size. */
__asm__(".pushsection .rodata\n"
        "    .balign 16\n"
        "descriptors_first:\n"
        "    .incbin \"" KONTOR_DESCRIPTOR_SET "\"\n"
        "descriptors_end:\n"
        "    .byte 0\n"
        ".popsection\n");

extern const uint8_t descriptors_first[] __attribute__((visibility("hidden")));
extern const uint8_t descriptors_end[] __attribute__((visibility("hidden")));

struct bytes
descriptors_set(void)
{
    return (struct bytes){descriptors_first,
                          (size_t)(descriptors_end - descriptors_first)};
}

const ProtobufCMessageDescriptor *const *
descriptors_messages(size_t *n)
{
    *n = sizeof messages / sizeof messages[0];
    return messages;
}

const ProtobufCMessageDescriptor *
descriptors_find(const char *name)
{
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        if (strcmp(messages[i]->name, name) == 0) {
            return messages[i];
        }
    }
    return NULL;
}
