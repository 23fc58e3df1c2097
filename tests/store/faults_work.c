#include "tests/store/faults_work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/wire.h"
#include "tests/store/fixture.h"

enum { N_SHARED = 2, FIELD_NAME = 5, FIELD_RANK = 6, LIST_LIMIT = 100 };

/* ---- Documents ---- */

static struct bytes
doc_make(struct arena *arena, const char *name, int64_t rank)
{
    size_t length = strlen(name);
    uint8_t *out = arena_alloc(arena, length + 32);
    size_t used = wire_varint((uint64_t)FIELD_NAME << 3 | 2, out);
    used += wire_varint(length, out + used);
    memcpy(out + used, name, length);
    used += length;
    used += wire_varint((uint64_t)FIELD_RANK << 3, out + used);
    used += wire_varint((uint64_t)rank, out + used);
    return (struct bytes){out, used};
}

static int64_t
doc_rank(struct bytes doc)
{
    struct wire_field field;
    bool is_there = wire_find(doc, (const uint8_t[]){FIELD_RANK}, 1, &field);
    return is_there ? (int64_t)field.value : -1;
}

static char **
scope_make(struct arena *arena)
{
    char **scope = arena_alloc(arena, 2 * sizeof *scope);
    scope[0] = arena_copy(arena, "=a");
    scope[1] = arena_copy(arena, "~*");
    return scope;
}

/* ---- Deciding ---- */

static void
put(struct job *job, size_t place, const struct kind *kind, const char *id, int64_t was,
    struct bytes doc)
{
    job->changes[place] = (struct draft_change){
        .kind = kind, .id = id, .op = KONTOR__V1__CHANGE__OP__PUT, .was = was};
    job->changes[place].doc = doc;
    if (kind != KIND_SEAL) {
        job->changes[place].scope = scope_make(job->arena);
        job->changes[place].n_scope = 2;
    }
    job->work.draft.n_changes = place + 1;
}

static enum status
get(struct store_reader *reader, const struct kind *kind, const char *id,
    struct arena *arena, struct document *out)
{
    *out = (struct document){.revision = 0};
    enum status status = store_get(reader, kind, id, NULL, 0, arena, out);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static const char *
own_id(const struct job *job, const char *what)
{
    return arena_print(job->arena, "%s/%zu/%zu", what, job->caller, job->number);
}

static enum status
decide_paper(struct job *job, struct store_reader *reader)
{
    (void)reader;
    const char *name = arena_print(job->arena, "caller %zu", job->caller);
    put(job, 0, KIND_PAPER, own_id(job, "p"), 0,
        doc_make(job->arena, name, (int64_t)job->number));
    return STATUS_OK;
}

static enum status
decide_shared(struct job *job, struct store_reader *reader)
{
    struct document found;
    const char *id = arena_print(job->arena, "s/%d", (int)job->which);
    enum status status = get(reader, KIND_PAPER, id, job->arena, &found);
    int64_t rank = found.revision == 0 ? 0 : doc_rank(found.w);
    put(job, 0, KIND_PAPER, id, found.revision,
        doc_make(job->arena, "shared", rank + 1));
    return status;
}

/* Rests on a document it does not write, too. */
static enum status
decide_stock(struct job *job, struct store_reader *reader)
{
    struct document stock;
    struct document shared;
    enum status status = get(reader, KIND_SEAL, "stock", job->arena, &stock);
    if (status == STATUS_OK) {
        status = get(reader, KIND_PAPER, "s/0", job->arena, &shared);
    }
    if (status != STATUS_OK) {
        return status;
    }
    int64_t left = stock.revision == 0 ? WORK_STOCK_SIZE : doc_rank(stock.w);
    if (left <= 0) {
        job->work.draft.n_changes = 0;
        return STATUS_RESOURCE_EXHAUSTED;
    }
    put(job, 0, KIND_SEAL, "stock", stock.revision,
        doc_make(job->arena, "stock", left - 1));
    put(job, 1, KIND_DRAWER, own_id(job, "o"), 0, doc_make(job->arena, "order", left));
    job->check = (struct draft_check){KIND_PAPER, "s/0", shared.revision};
    job->work.draft.checks = &job->check;
    job->work.draft.n_checks = 1;
    return STATUS_OK;
}

static enum status
decide_soft(struct job *job, struct store_reader *reader)
{
    (void)reader;
    job->soft =
        (struct draft_soft){work_soft_key(job->caller), (int64_t)job->number + 1};
    job->work.draft.softs = &job->soft;
    job->work.draft.n_softs = 1;
    return STATUS_OK;
}

static void
cycle_one(struct job *job, size_t place, const struct kind *kind, const char *id,
          int64_t was)
{
    put(job, place, kind, id, was, doc_make(job->arena, "cycle", 1));
    if (was != 0) {
        job->changes[place].op = KONTOR__V1__CHANGE__OP__DELETE;
        job->changes[place].n_scope = 0;
        job->changes[place].doc = (struct bytes){NULL, 0};
    }
}

static enum status
decide_cycle(struct job *job, struct store_reader *reader)
{
    struct document paper;
    struct document drawer;
    const char *id = arena_print(job->arena, "c/%d", (int)job->which);
    enum status status = get(reader, KIND_PAPER, id, job->arena, &paper);
    if (status == STATUS_OK) {
        status = get(reader, KIND_DRAWER, id, job->arena, &drawer);
    }
    if (status == STATUS_OK) {
        cycle_one(job, 0, KIND_PAPER, id, paper.revision);
        cycle_one(job, 1, KIND_DRAWER, id, drawer.revision);
    }
    return status;
}

static enum status
decide_list(struct job *job, struct store_reader *reader)
{
    struct page page = {.n_documents = 0};
    struct find find = {.kind = KIND_PAPER, .index = "name", .limit = LIST_LIMIT};
    find.equal[0].text = arena_print(job->arena, "caller %zu", job->caller);
    find.n_equal = 1;
    enum status status = store_find(reader, &find, job->arena, &page);
    put(job, 0, KIND_PAPER, own_id(job, "l"), 0,
        doc_make(job->arena, "list", (int64_t)page.n_documents));
    return status;
}

static enum status (*const deciders[WORK_KINDS])(struct job *job,
                                                 struct store_reader *reader) = {
    [WORK_PAPER] = decide_paper, [WORK_SHARED] = decide_shared,
    [WORK_STOCK] = decide_stock, [WORK_SOFT] = decide_soft,
    [WORK_CYCLE] = decide_cycle, [WORK_LIST] = decide_list,
};

static enum status
job_decide(struct work *work, struct store_reader *reader)
{
    struct job *job = (struct job *)work;
    struct draft *draft = &work->draft;
    arena_reset(job->arena);
    *draft = (struct draft){.actor = "caller"};
    draft_set_eid(draft, ledger_eid(job->caller, job->number), 1);
    draft->changes = job->changes;
    return deciders[job->kind](job, reader);
}

/* ---- Jobs ---- */

enum work_kind
work_kind_of(uint64_t seed, size_t caller, size_t number)
{
    static const enum work_kind often[] = {WORK_PAPER, WORK_SHARED, WORK_STOCK,
                                           WORK_SOFT,  WORK_CYCLE,  WORK_LIST,
                                           WORK_PAPER, WORK_SHARED};
    uint64_t random = ledger_random(seed, 1 + caller, 1 + number);
    return often[random % (sizeof often / sizeof often[0])];
}

const char *
work_soft_key(size_t caller)
{
    static const char *const keys[LEDGER_CALLERS] = {"soft/0", "soft/1", "soft/2",
                                                     "soft/3", "soft/4", "soft/5"};
    return keys[caller];
}

void
job_init(struct job *job, uint64_t seed, size_t caller, size_t number)
{
    *job = (struct job){.caller = caller, .number = number, .arena = arena_new()};
    if (job->arena == NULL) {
        abort();
    }
    job->kind = work_kind_of(seed, caller, number);
    job->which = ledger_random(seed, 100 + caller, number) % N_SHARED;
    job->work.decide = job_decide;
    /* The key is known before the work is decided, as the broker has it. */
    draft_set_eid(&job->work.draft, ledger_eid(caller, number), 1);
    if (job->kind == WORK_PAPER) {
        job->work.is_decided = job_decide(&job->work, NULL) == STATUS_OK;
    }
}

void
job_done(struct job *job)
{
    arena_free(job->arena);
}

void
job_decide_early(struct job *job, struct store_reader *reader)
{
    job->work.is_decided = job_decide(&job->work, reader) == STATUS_OK;
}
