/*
 * Findings: what is odd about a record but no reason to refuse it. Who looks says what
 * is known, and hears what was found.
 *
 * Memory: the finder's arena. Errors: none. Threads: the finder's own.
 */
#ifndef KONTOR_CATALOGUE_FINDER_H
#define KONTOR_CATALOGUE_FINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kontor/v1/catalogue.pb-c.h"
#include "proto/arena.h"

struct term_list;

struct finder {
    struct arena *arena;
    void *context;
    const char *registry; /* The record's. */
    /* So many terms may still be looked at for near ones: that is the dearest of all
     * this, and for people only. NULL = any number. */
    size_t *n_looks;
    /* Whether there is a record of this id; kind as in watches, or "offer". */
    bool (*is_known)(void *context, const char *kind, const char *id);
    /* The terms of a vocabulary; NULL = there is none. */
    const struct term_list *(*terms)(void *context, const char *id);
    /* A finding: path in proto field names; the text lives in the arena. */
    void (*tell)(void *context, const char *path, const char *text);
};

void finder_tell(const struct finder *finder, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* How an admin's import tells that a record does not show what its state needs; lacks
 * is not "". */
void finder_lacking(const struct finder *finder, const char *field, const char *state,
                    const char *lacks);

#endif
