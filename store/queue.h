/*
 * The works that wait for the committer: bounded, two lanes, first come first served in
 * each.
 *
 * Memory: works are linked through work->next and stay their submitters'. Errors:
 * RESOURCE_EXHAUSTED, UNAVAILABLE. Threads: any may push; one takes. The lock guards
 * everything inside.
 */
#ifndef KONTOR_STORE_QUEUE_H
#define KONTOR_STORE_QUEUE_H

#include "store/store.h"

struct queue;

/* NULL when out of memory. */
struct queue *queue_new(size_t length);
/* Accepts NULL. */
void queue_free(struct queue *queue);
enum status queue_push(struct queue *queue, struct work *work) MUST_CHECK;
/* Waits until a work is there, or so many milliseconds (-1: for ever). false: the queue
 * is closed and empty. */
bool queue_wait(struct queue *queue, int64_t wait_ms, bool *has_work);
/* Waits so many milliseconds, or until the queue is closed: then false. */
bool queue_pause(struct queue *queue, int64_t pause_ms);
/*
 * The next work of a batch that already has n_bulk bulk ones and n_other others, or
 * NULL: nothing more belongs into it. While others wait or are in the batch, bulk works
 * get every fourth place and no more: neither lane starves the other.
 */
struct work *queue_take(struct queue *queue, size_t n_bulk, size_t n_other);
/* Nothing more may be pushed; what waits is still handed out. */
void queue_close(struct queue *queue);

#endif
