#include "proto/json_map.h"

#include <string.h>

/* protobuf-c drops the option that marks an entry; its name and shape are what is left.
 */
bool
json_is_map(const ProtobufCMessageDescriptor *message,
            const ProtobufCFieldDescriptor *field)
{
    static const char suffix[] = "Entry";
    if (field->label != PROTOBUF_C_LABEL_REPEATED ||
        field->type != PROTOBUF_C_TYPE_MESSAGE) {
        return false;
    }
    const ProtobufCMessageDescriptor *entry = field->descriptor;
    size_t outer = strlen(message->name);
    size_t size = strlen(entry->name);
    bool is_inner = size > outer + sizeof suffix &&
                    strncmp(entry->name, message->name, outer) == 0 &&
                    entry->name[outer] == '.' &&
                    strcmp(entry->name + size - (sizeof suffix - 1), suffix) == 0;
    return is_inner && entry->n_fields == 2 &&
           strcmp(entry->fields[0].name, "key") == 0 && entry->fields[0].id == 1 &&
           entry->fields[0].type == PROTOBUF_C_TYPE_STRING &&
           strcmp(entry->fields[1].name, "value") == 0 && entry->fields[1].id == 2;
}
