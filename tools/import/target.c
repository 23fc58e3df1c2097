/* A record being written for another system, and what of it finds no place there. */
#include "tools/import/target.h"

#include <stdarg.h>
#include <string.h>

#include "proto/text.h"
#include "tools/import/source.h"

void
target_begin(struct target *target, const char *id)
{
    arena_reset(target->arena);
    target->id = arena_copy(target->arena, id);
    target->losses = NULL;
    target->n_losses = 0;
}

static bool
is_lost(const struct target *target, const char *path)
{
    for (size_t i = 0; i < target->n_losses; i++) {
        if (strcmp(target->losses[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

static void
add_loss(struct target *target, const char *path, const char *text)
{
    target->losses = source_grow(target->arena, target->losses, target->n_losses,
                                 sizeof *target->losses);
    target->losses[target->n_losses++] =
        (struct target_loss){.path = arena_copy(target->arena, path), .text = text};
}

void
target_lose(struct target *target, const char *path)
{
    target_lose_for(target, path, "has no place in %s", target->format);
}

void
target_lose_for(struct target *target, const char *path, const char *format, ...)
{
    if (is_lost(target, path)) {
        return;
    }
    va_list args;
    va_start(args, format);
    add_loss(target, path, arena_vprint(target->arena, format, args));
    va_end(args);
}

static int
digit_of(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

/*
 * Undoes ~XX. What comes out is judged by the way back: whatever does not make the same
 * id again was no escape, or is no text.
 */
char *
target_local_key(struct arena *arena, const char *local)
{
    char *key = arena_alloc(arena, strlen(local) + 1);
    char *end = key;
    for (const char *at = local; *at != '\0'; at++) {
        int high = *at == '~' ? digit_of(at[1]) : -1;
        int low = high < 0 ? -1 : digit_of(at[2]);
        *end++ = low < 0 ? *at : (char)(unsigned char)(high * 16 + low);
        at += low < 0 ? 0 : 2;
    }
    bool is_same = strcmp(text_escaped_id(key, arena), local) == 0;
    struct bytes bytes = {.data = (const uint8_t *)key, .size = strlen(key)};
    return is_same && text_is_utf8(bytes) ? key : NULL;
}

char *
target_key(const struct target *target, const char *id)
{
    size_t registry = strcspn(target->id, "/");
    bool is_own = strncmp(target->id, id, registry) == 0 && id[registry] == '/';
    return is_own ? target_local_key(target->arena, id + registry + 1) : NULL;
}
