/*
 * Erasing: content leaves the log and the past, digests and the chain stay, a remark
 * says so. For the command and for a restore, which does again what the journal lists.
 *
 * Memory: targets are the caller's; the run's arena is scratch. Errors: as backend.h.
 * Threads: no committer runs.
 */
#ifndef KONTOR_STORE_ERASE_H
#define KONTOR_STORE_ERASE_H

#include "store/draft.h"
#include "store/journal.h"

/* A document, and what the log has of it. */
struct erase_target {
    const struct kind *kind;
    const char *id;
    int64_t up_to; /* Versions and remarks up to here are erased. */
    bool is_to_go; /* The present version is among them, and removed before. */
    /* The scan's: */
    bool is_known;    /* The log knows the document. */
    int64_t n_erased; /* Versions and remarks that lost their content by it. */
    int64_t lost;     /* The last one without content, whoever took it. */
    int64_t covered;  /* Up to where remarks say so. */
};

/* Erasures under way. */
struct erase_run {
    struct store *store;
    struct arena *arena;          /* Of one entry. */
    struct erase_target *targets; /* By kind and id, none twice. */
    size_t n_targets;
    struct tail tail;
};

/* Lowers up_to below the present version; *is_present: it had reached it. That of a
 * final kind is not spared, but is to go. */
enum status erase_spare(struct erase_run *run, struct erase_target *target,
                        bool *is_present) MUST_CHECK;
/* Inside a batch, before the scan: removes the documents that are to go, and moves the
 * tail. */
enum status erase_remove(struct erase_run *run) MUST_CHECK;
/* Finds what the targets have in the log; unless it is dry, inside a batch, takes it
 * out. */
enum status erase_scan(struct erase_run *run, bool is_dry) MUST_CHECK;
/* Inside a batch: appends a remark about each target that lost what no remark covers
 * yet, and moves the tail. */
enum status erase_remark(struct erase_run *run, const char *text) MUST_CHECK;
/* Where this store's erasures are written down, in the arena; NULL: nowhere. */
const char *erase_journal(struct store *store, struct arena *arena);
/*
 * Inside the batch of a restore: erases again what these lines list. *n_erased: what
 * lost its content.
 */
enum status erase_again(struct erase_run *run, const struct journal_line *lines,
                        size_t n_lines, int64_t *n_erased) MUST_CHECK;

#endif
