/*
 * What a trimmed log begins with: reading its base, walking it, making documents of it.
 *
 * Memory: what is read lives in the arena given. Errors: NOT_FOUND where said,
 * DATA_LOSS (damaged; the failure says so), else as backend.h. Threads: the reader's.
 */
#ifndef KONTOR_STORE_TRIMMED_H
#define KONTOR_STORE_TRIMMED_H

#include "store/inner.h"

/* The head of the base; NOT_FOUND: the log is whole. */
enum status trimmed_head(struct store *store, void *reader, struct arena *arena,
                         Kontor__V1__Base **base) MUST_CHECK;
/* One document of it; NOT_FOUND. */
enum status trimmed_get(struct store *store, void *reader, const char *kind,
                        const char *id, struct arena *arena,
                        Kontor__V1__BaseDocument **document) MUST_CHECK;
/* The first document behind a kind and an id, "" and "": the very first; NOT_FOUND. */
enum status trimmed_next(struct store *store, void *reader, const char *kind,
                         const char *id, struct arena *arena,
                         Kontor__V1__BaseDocument **document) MUST_CHECK;

/* A walk over the whole base, which judges it. */
struct trimmed_walk {
    struct store *store;
    void *reader;
    struct arena *arena;   /* Of one document: reset before each. */
    struct arena *lasting; /* Keeps the head and the texts. */
    enum status (*each)(void *context, const Kontor__V1__BaseDocument *document);
    void *context;
    /* What came of it. */
    const Kontor__V1__Base *base; /* NULL: the log is whole, and nothing was walked. */
    const char *wrong;            /* What is wrong with the base, with DATA_LOSS. */
};

/* OK: each was called for every document, in order, and they are those of the base. */
enum status trimmed_walk(struct trimmed_walk *walk) MUST_CHECK;

/* Inside a batch: writes a document of a base as the present one, where there is none.
 * On failure *wrong may say why, in the arena. */
enum status trimmed_apply(struct store *store, const Kontor__V1__BaseDocument *document,
                          struct arena *arena, const char **wrong) MUST_CHECK;
/* Inside a batch: keeps a document of a base. */
enum status trimmed_put(struct store *store, const Kontor__V1__BaseDocument *document,
                        struct arena *arena) MUST_CHECK;
/* The document as the change that wrote it, its texts borrowed. */
void trimmed_change(const Kontor__V1__BaseDocument *document,
                    Kontor__V1__Change *change);

#endif
