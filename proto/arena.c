#include "proto/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_BLOCK = 8 << 10,
    LARGEST_BLOCK = 1 << 20,
    ALIGNMENT = 16,
    SHORT_TEXT = 256
};

struct block {
    struct block *next;
    size_t size; /* Of data. */
    size_t used;
    _Alignas(ALIGNMENT) unsigned char data[];
};

struct arena {
    struct block *blocks; /* The newest first; none until something is taken. */
    size_t used;
};

/* Messages from outside are unpacked under a budget: a few bytes on the wire can ask
 * for a thousand times as much memory. */
struct budget {
    ProtobufCAllocator allocator;
    struct arena *arena;
    size_t left;
};

static struct block *
block_new(size_t size, struct block *next)
{
    struct block *block = malloc(sizeof *block + size);
    if (block == NULL) {
        return NULL;
    }
    *block = (struct block){.size = size, .next = next};
    return block;
}

struct arena *
arena_new(void)
{
    return calloc(1, sizeof(struct arena));
}

void
arena_free(struct arena *arena)
{
    if (arena == NULL) {
        return;
    }
    for (struct block *block = arena->blocks; block != NULL;) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    free(arena);
}

void
arena_reset(struct arena *arena)
{
    if (arena->blocks == NULL) {
        return;
    }
    while (arena->blocks->next != NULL) {
        struct block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    /* Only the oldest block is kept, a small one: an arena that once held a large call
     * does not keep its size. */
    arena->blocks->used = 0;
    arena->used = 0;
}

size_t
arena_used(const struct arena *arena)
{
    return arena->used;
}

/* Blocks double up to a limit; what is larger gets a block of its own size. */
static struct block *
arena_grow(struct arena *arena, size_t need)
{
    size_t size = arena->blocks == NULL ? FIRST_BLOCK : arena->blocks->size * 2;
    if (size > LARGEST_BLOCK) {
        size = LARGEST_BLOCK;
    }
    struct block *block = block_new(need > size ? need : size, arena->blocks);
    if (block != NULL) {
        arena->blocks = block;
    }
    return block;
}

/* Memory with anything in it; NULL when there is none. */
static void *
arena_take(struct arena *arena, size_t size)
{
    /* Rounding up must not wrap around: a size computed from the wire may be anything.
     */
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size_t need = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block *block = arena->blocks;
    if (block == NULL || need > block->size - block->used) {
        block = arena_grow(arena, need);
        if (block == NULL) {
            return NULL;
        }
    }
    void *memory = block->data + block->used;
    block->used += need;
    arena->used += need;
    return memory;
}

/* What is given out is zeroed, and no more: a call uses a small part of its last block.
 */
void *
arena_try(struct arena *arena, size_t size)
{
    void *memory = arena_take(arena, size);
    return memory == NULL ? NULL : memset(memory, 0, size);
}

void *
arena_alloc(struct arena *arena, size_t size)
{
    void *memory = arena_try(arena, size);
    if (memory == NULL) {
        abort();
    }
    return memory;
}

char *
arena_copy_n(struct arena *arena, const void *text, size_t size)
{
    char *copy = arena_take(arena, size + 1);
    if (copy == NULL) {
        abort();
    }
    if (size > 0) {
        memcpy(copy, text, size);
    }
    copy[size] = '\0';
    return copy;
}

char *
arena_copy(struct arena *arena, const char *text)
{
    return arena_copy_n(arena, text, strlen(text));
}

char *
arena_vprint(struct arena *arena, const char *format, va_list args)
{
    char shorter[SHORT_TEXT];
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(shorter, sizeof shorter, format, args);
    if (size < 0) {
        abort();
    }
    char *text = arena_alloc(arena, (size_t)size + 1);
    /* What is longer needs a second pass, with arguments of its own. */
    if ((size_t)size < sizeof shorter) {
        memcpy(text, shorter, (size_t)size);
    } else {
        (void)vsnprintf(text, (size_t)size + 1, format, again);
    }
    va_end(again);
    return text;
}

char *
arena_print(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprint(arena, format, args);
    va_end(args);
    return text;
}

static void *
budget_alloc(void *data, size_t size)
{
    struct budget *budget = data;
    if (size > budget->left) {
        return NULL;
    }
    budget->left -= size;
    return arena_try(budget->arena, size);
}

/* protobuf-c frees what a damaged message had made so far; the arena takes it all back
 * later, and what was counted stays counted. */
static void
budget_free(void *data, void *memory)
{
    (void)data;
    (void)memory;
}

ProtobufCAllocator *
arena_allocator(struct arena *arena, size_t budget)
{
    struct budget *state = arena_alloc(arena, sizeof *state);
    state->arena = arena;
    state->left = budget;
    state->allocator.alloc = budget_alloc;
    state->allocator.free = budget_free;
    state->allocator.allocator_data = state;
    return &state->allocator;
}

void *
arena_grown(struct arena *arena, void *rows, size_t n_rows, size_t *room, size_t width)
{
    if (n_rows < *room) {
        return rows;
    }
    *room = 2 * *room + 4;
    void *wider = arena_alloc(arena, *room * width);
    if (n_rows > 0) {
        memcpy(wider, rows, n_rows * width);
    }
    return wider;
}
