/*
 * One RPC as handlers see it: what they may read, how they fail, what they answer.
 *
 * A handler is two pure functions, decide and answer, with no gRPC in sight. It never
 * locks, frees, logs, sleeps, or asks the system for time or randomness: all it needs
 * is in the call.
 *
 * Memory: everything lives in call->arena and dies with the call.
 * Errors: call_fail sets the call's error and returns its status.
 * Threads: a call belongs to one thread at a time; decide may run again, on the
 * committer's thread, with another reader, and must then come to its decision from
 * scratch.
 */
#ifndef KONTOR_SERVER_RPC_CALL_H
#define KONTOR_SERVER_RPC_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "proto/arena.h"
#include "proto/status.h"
#include "server/rpc/errors.h"
#include "server/rpc/principal.h"
#include "store/store.h"

struct broker;
struct row;

enum call_limits {
    PARK_MAX_KEYS = 65, /* 64 offers, and the session that waits for their jobs. */
};

/* What a call waits for. */
struct park {
    const char *keys[PARK_MAX_KEYS]; /* "<kind>/<id>", "<kind>.<declared
                                        field>=<value>", "seq>=<n>", "soft/<key>". */
    size_t n_keys;
    int64_t until_ms;  /* Wall clock; then decide runs once more with call->is_last_run
                          set. */
    bool is_exhausted; /* Whoever else waits for these keys would find nothing either:
                          a commit that woke this call need not wake the next. */
};

enum decision_kind {
    DECISION_NONE,
    DECISION_REPLY,
    DECISION_RAW,
    DECISION_COMMIT,
    DECISION_PARK
};

enum { DECISION_MAX_PIECES = 8 };

/* What decide came to. */
struct decision {
    enum decision_kind kind;
    ProtobufCMessage *reply; /* REPLY: packed by the frame. COMMIT of numbers outside
                                the log only: the answer once they are written. */
    struct bytes
        pieces[DECISION_MAX_PIECES]; /* RAW: the reply's wire bytes, in order. */
    size_t n_pieces;
    struct draft draft; /* COMMIT. The frame fills eid, request, actor, at_ms and the
                           checks of reads. */
    struct park park;   /* PARK. */
};

struct call {
    struct arena *arena;
    struct broker
        *broker; /* What the handlers of one broker share (server/broker.h). */
    const struct row *row;
    const struct principal *who; /* Never NULL. */
    const char *actor; /* who->id, or "~broker/<name>" for the broker's own. */
    int64_t now_ms;    /* Taken when the call arrived, and again when it is woken. */
    int64_t at_ms; /* What a record says of when it happened: now_ms, but never before
                      the last commit. Waiting goes by now_ms: were that clock held,
                      too, nothing would become due until it caught up. */
    int64_t deadline_ms;   /* Wall clock; INT64_MAX = none. */
    int64_t min_seq;       /* The caller has seen this position; 0 = none. The store has
                              reached it; what follows the log by itself may not. */
    bool is_validate_only; /* The request says so. */
    bool is_last_run;      /* A parked call whose time is over: answer now. */
    size_t record;         /* Batches: which record is being decided. */
    void *batch; /* What decide keeps for note, for answer, or for its next run; NULL
                    at first, and for the answer of a replay. */
    const struct would_be *earlier; /* Batches that are only validated: what the records
                                       before would have written (would_be.h). */
    struct error error;             /* Set by call_fail. */
    struct faults *faults;          /* Wrong fields found so far; never NULL. */
    /* The frame's, for one run of decide: */
    const void *request;         /* What decide was called with. */
    const uint8_t *request_hash; /* Of its canonical form, DIGEST_SIZE bytes; NULL: it
                                    has no id to be known again by. */
    struct store_reader *reader;
    int64_t applied; /* Applied at the first read of this run. */
    struct draft_check
        *checks; /* Documents read, added by call_get and call_get_any. */
    size_t n_checks;
    int64_t *created_at_ms; /* When each of the documents of checks was first written;
                               INT64_MIN = it does not exist. */
    int64_t kontor_seq;     /* Goes out as trailing kontor-seq. */
};

typedef enum status (*decide_fn)(struct call *call, const void *request,
                                 struct decision *decision);
/* commit: what was committed, also for a replay. *reply in the arena. */
typedef enum status (*answer_fn)(struct call *call, const void *request,
                                 const Kontor__V1__Commit *commit, void **reply);

/* ---- Failing ---- */

/* Sets reason (whose row has the status), text, and returns the status. Later values
 * replace earlier. */
enum status call_fail(struct call *call, enum reason reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds a value the error mentions; before or after call_fail. */
void call_value(struct call *call, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds a wrong field: path in proto names, what is wrong and what would be right. */
void call_fault(struct call *call, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* INVALID_ARGUMENT{FIELDS_INVALID} when there is any fault, else OK. */
enum status call_check_faults(struct call *call) MUST_CHECK;
/* NOT_FOUND for a kind and id, the same for unknown and invisible. */
enum status call_not_found(struct call *call, const struct kind *kind, const char *id);
/* ABORTED{REVISION_MISMATCH} unless the document is at the revision the caller expects;
 * 0 = whatever it is. */
enum status call_expect(struct call *call, const struct document *document,
                        int64_t expected) MUST_CHECK;
/* FAILED_PRECONDITION{ILLEGAL_STATE} with from, wanted, allowed. */
enum status call_illegal(struct call *call, const struct kind *kind, const char *id,
                         const char *from, const char *wanted, const char *allowed);

/* ---- Reading ---- */

/* A document within the caller's scopes; fails the call with NOT_FOUND. Adds a check
 * when the row is a mutation. Of kinds that are kept it may be newer than what the
 * reader sees: the check says whether it still holds. */
enum status call_get(struct call *call, const struct kind *kind, const char *id,
                     struct document *out) MUST_CHECK;
/* As call_get, as of a point (NULL = now). Never adds a check. */
enum status call_get_as_of(struct call *call, const struct kind *kind, const char *id,
                           const Kontor__V1__AsOf *as_of,
                           struct document *out) MUST_CHECK;
/* As call_get, for a read: the read cache keeps the document for the next caller,
 * whoever that is. Never adds a check. */
enum status call_get_kept(struct call *call, const struct kind *kind, const char *id,
                          struct document *out) MUST_CHECK;
/*
 * A document whoever asks: its bytes never reach a reply or an error text. NOT_FOUND
 * without failing the call; then, too, a check (revision 0) is added when the row is a
 * mutation.
 */
enum status call_get_any(struct call *call, const struct kind *kind, const char *id,
                         struct document *out) MUST_CHECK;
/* A page; find->scopes is set to the caller's unless is_any. Fails the call with the
 * store's status. */
enum status call_find(struct call *call, struct find *find, bool is_any,
                      struct page *out) MUST_CHECK;
/* A seq for an as_of (NULL = 0 = now). */
enum status call_as_of(struct call *call, const Kontor__V1__AsOf *as_of,
                       int64_t *seq) MUST_CHECK;
/* When that is: the time it says, or at which its position was written; NULL = now. */
enum status call_as_of_ms(struct call *call, const Kontor__V1__AsOf *as_of,
                          int64_t *at_ms) MUST_CHECK;

/* The record of a document: unpacked w then x, envelope set. Never NULL: DATA_LOSS
 * aborts the call with INTERNAL. */
void *call_record(struct call *call, const struct document *document);
/* A document's bytes in one piece; they may be the document's own. */
struct bytes document_whole(const struct document *document, struct arena *arena);
/* Wire bytes of a record without its fields 1 to 4. */
struct bytes call_pack(struct call *call, const ProtobufCMessage *record);

/* ---- Deciding ---- */

/* Adds a document to be written to a COMMIT decision: op PUT; was = 0 creates. scope is
 * copied by pointer. */
void decision_put(struct call *call, struct decision *decision, const struct kind *kind,
                  const char *id, int64_t was, char **scope, size_t n_scope,
                  const ProtobufCMessage *record);
/* The bytes of a document this decision writes, to be replaced where more is to be said
 * of it; NULL = it writes none of that id. */
struct bytes *decision_pending(const struct decision *decision, const struct kind *kind,
                               const char *id);
/* As decision_put for a guard: no scope, a text as its doc. */
void decision_guard(struct call *call, struct decision *decision, const char *id,
                    int64_t was);
/* As decision_guard for a guard that counts: the number is its doc. */
void decision_tally(struct call *call, struct decision *decision, const char *id,
                    int64_t was, int64_t number);
/* The number of such a guard; 0 when it holds none. */
int64_t tally_number(const struct document *guard);
void decision_delete(struct call *call, struct decision *decision,
                     const struct kind *kind, const char *id, int64_t was);
void decision_note(struct call *call, struct decision *decision,
                   const struct document *document, const char *text, int32_t progress);
/* Adds a number outside the log. */
void decision_soft(struct call *call, struct decision *decision, const char *key,
                   int64_t value);
/* A REPLY decision. */
void decision_reply(struct decision *decision, void *reply);
/* A RAW decision: the record's envelope and the bytes of the document, no unpacking. */
void decision_document(struct call *call, struct decision *decision,
                       const struct document *document);

/* The change of a document in a commit, or NULL. */
const Kontor__V1__Change *commit_change(const Kontor__V1__Commit *commit,
                                        const struct kind *kind, const char *id);
/* The record a commit left behind, envelope set. */
enum status answer_record(struct call *call, const Kontor__V1__Commit *commit,
                          const struct kind *kind, const char *id,
                          void **reply) MUST_CHECK;
/* The same to be sent and not to be looked at: beside its envelope the record is still
 * packed. */
enum status answer_stored(struct call *call, const Kontor__V1__Commit *commit,
                          const struct kind *kind, const char *id,
                          void **reply) MUST_CHECK;

/* ---- Scope ---- */

/* Whether the caller owns the document: the view is full. Else fails with
 * PERMISSION_DENIED{NOT_OWNER}. */
enum status call_must_own(struct call *call,
                          const struct document *document) MUST_CHECK;
/* Whether the caller has the string, such as "r:coast"; else fails with
 * PERMISSION_DENIED{NOT_OWNER}. */
enum status call_must_have(struct call *call, const char *scope) MUST_CHECK;
/* First segment of an id, in the arena. */
const char *call_registry_of(struct call *call, const char *id);

#endif
