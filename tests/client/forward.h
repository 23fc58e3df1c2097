/*
 * Forwards bytes between a port of its own and another on this machine, until told to
 * cut.
 *
 * Memory: forward_start and forward_stop. Errors: abort. Threads: one of its own; the
 * functions may be called from any.
 */
#ifndef KONTOR_TESTS_CLIENT_FORWARD_H
#define KONTOR_TESTS_CLIENT_FORWARD_H

struct forward;

struct forward *forward_start(int to_port);
int forward_port(const struct forward *forward);
/* Cuts every connection; returns once they are cut. New ones are taken as before. */
void forward_cut(struct forward *forward);
void forward_stop(struct forward *forward);

#endif
