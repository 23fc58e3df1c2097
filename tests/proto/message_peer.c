/*
 * The C side of compare_json.py.
 *   message_peer print   writes every case as a line: type, wire bytes in hexadecimal,
 * JSON message_peer parse   reads lines of type and JSON, writes the wire bytes of each
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/descriptors.h"
#include "proto/json.h"
#include "proto/wire.h"
#include "tests/proto/message_cases.h"

static void
print_hex(struct bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        printf("%02x", (unsigned)bytes.data[i]);
    }
}

static void
print_case(const ProtobufCMessage *message, void *context)
{
    struct arena *arena = context;
    const char *json = json_print(message, JSON_COMPACT, arena);
    printf("%s\t", message->descriptor->name);
    print_hex(wire_pack(message, arena));
    printf("\t%s\n", json == NULL ? "unsayable" : json);
}

static void
parse_line(char *line, struct arena *arena)
{
    struct faults faults = {.arena = arena};
    char *tab = strchr(line, '\t');
    if (tab == NULL) {
        puts("no tab");
        return;
    }
    *tab = '\0';
    const ProtobufCMessageDescriptor *descriptor = descriptors_find(line);
    char *json = tab + 1;
    json[strcspn(json, "\n")] = '\0';
    ProtobufCMessage *message =
        descriptor == NULL ? NULL
                           : json_parse(descriptor, json, strlen(json), arena, &faults);
    if (message == NULL) {
        printf("refused: %s\n", faults.n_rows > 0 ? faults.rows[0].description : line);
        return;
    }
    print_hex(wire_pack(message, arena));
    puts("");
}

int
main(int argc, char **argv)
{
    struct arena *arena = arena_new();
    if (argc == 2 && strcmp(argv[1], "print") == 0) {
        (void)message_cases_visit(arena, print_case, arena);
    }
    char *line = NULL;
    size_t room = 0;
    while (argc == 2 && strcmp(argv[1], "parse") == 0 &&
           getline(&line, &room, stdin) > 0) {
        arena_reset(arena);
        parse_line(line, arena);
    }
    free(line);
    arena_free(arena);
    return 0;
}
