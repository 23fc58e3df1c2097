/*
 * An arena: memory that is given back all at once. One per call on the server, one per
 * request in the client.
 *
 * Memory: everything taken from an arena belongs to it and dies with arena_free or
 * arena_reset. Errors: arena_try answers NULL; the other functions abort when the
 * machine is out of memory. Threads: one thread at a time.
 */
#ifndef KONTOR_PROTO_ARENA_H
#define KONTOR_PROTO_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

struct arena;

/* A new arena, or NULL when the machine is out of memory. */
struct arena *arena_new(void);
/* Gives everything back. Accepts NULL. */
void arena_free(struct arena *arena);
/* Gives everything back but the first block, for the next call. */
void arena_reset(struct arena *arena);
/* How many bytes were taken since the last reset. */
size_t arena_used(const struct arena *arena);

/* size zeroed bytes, aligned for any type. Aborts when out of memory. */
void *arena_alloc(struct arena *arena, size_t size);
/* As arena_alloc, but NULL when out of memory: for the client library, a guest in its
 * host. */
void *arena_try(struct arena *arena, size_t size);
/* A copy of text, NUL-terminated. */
char *arena_copy(struct arena *arena, const char *text);
/* A copy of the first size bytes of text, NUL-terminated. */
char *arena_copy_n(struct arena *arena, const void *text, size_t size);
/* Formatted text. */
char *arena_print(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprint(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/*
 * A protobuf-c allocator that takes from the arena, zeroed, at most budget bytes in
 * all; beyond it allocations fail, which makes protobuf-c refuse the message. It lives
 * in the arena.
 */
ProtobufCAllocator *arena_allocator(struct arena *arena, size_t budget);

/* Rows with room for one more than n_rows, of width bytes each: the same, or twice as
 * many with a copy of what was there; *room says for how many. */
void *arena_grown(struct arena *arena, void *rows, size_t n_rows, size_t *room,
                  size_t width);

#endif
