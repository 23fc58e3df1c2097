/*
 * What went wrong in a test on purpose: a run of all tests must have seen every reason
 * an error can have.
 *
 * Memory: none. Errors: what cannot be written fails the test. Threads: any.
 */
#ifndef KONTOR_TESTS_SERVER_SEEN_H
#define KONTOR_TESTS_SERVER_SEEN_H

/* Appends "method reason" to the file KONTOR_SEEN names; nothing without it or without
 * a reason. */
void seen_note(const char *method, const char *reason);

#endif
