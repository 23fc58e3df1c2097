/*
 * Tags that go through gRPC's queue from one thread to another. gRPC orders what was
 * written before with what is read after; the thread sanitizer does not see into gRPC
 * and has to be told.
 *
 * Memory: none. Errors: none. Threads: any.
 */
#ifndef KONTOR_SERVER_RPC_HANDOVER_H
#define KONTOR_SERVER_RPC_HANDOVER_H

#ifdef __SANITIZE_THREAD__
void __tsan_release(void *address);
void __tsan_acquire(void *address);
#else
#define __tsan_release(address) ((void)(address))
#define __tsan_acquire(address) ((void)(address))
#endif

/* Before the tag is given to gRPC. */
static inline void
handover_give(void *tag)
{
    __tsan_release(tag);
}

/* After gRPC gave it back. */
static inline void
handover_take(void *tag)
{
    __tsan_acquire(tag);
}

#endif
