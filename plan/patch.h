/*
 * A JSON Patch (RFC 6902) in the making: what changes, and before that a test of each
 * value that goes, so that it applies to the document it was made for and to no other.
 *
 * Memory: the arena given. Errors: none. Threads: one at a time.
 */
#ifndef KONTOR_PLAN_PATCH_H
#define KONTOR_PLAN_PATCH_H

#include "proto/arena.h"
#include "proto/json_tree.h"

struct patch {
    struct arena *arena; /* Set before. */
    /* Set before: the values that go are those of a document without its people. What
     * stands for people there does not stand in the document the patch is for: it is
     * not tested. */
    bool is_redacted;
    struct json_value *operations;
    size_t n_operations, room;
    int64_t growth;        /* Bytes the document, as compact text, gets longer. */
    size_t n_changes;      /* Operations that change something. */
    const char **untested; /* Pointers of what is changed and not tested. */
    size_t n_untested, untested_room;
};

struct json_value patch_text(const char *text);
struct json_value patch_integer(int64_t integer);

/* The value there has to be this one. False: it cannot be tested, since it stands for
 * people. */
bool patch_test(struct patch *patch, const char *pointer,
                const struct json_value *value);
/*
 * Makes a member of an object, which stands at pointer (RFC 6901), the value; nothing
 * where it is that already. Once only.
 */
void patch_set(struct patch *patch, const struct json_value *object,
               const char *pointer, const char *name, struct json_value value);
/* Whether what stands at a pointer was set. */
bool patch_is_set(const struct patch *patch, const char *pointer);
/* The JSON path of a pointer without escapes: $.dmp.dataset[0].title. */
const char *patch_path(const char *pointer, struct arena *arena);
/* The patch as JSON: "[]" where nothing changes, whatever is tested. */
char *patch_print(const struct patch *patch);

#endif
