/*
 * Telling others how the daemon is: the service manager (the protocol of sd_notify),
 * and a file with the port.
 *
 * Memory: none is kept. Errors: false where it matters. Threads: any.
 */
#ifndef KONTOR_SERVER_NOTIFY_H
#define KONTOR_SERVER_NOTIFY_H

#include <stdbool.h>

/*
 * Sends a state such as "READY=1" to the socket named by NOTIFY_SOCKET; nothing happens
 * without one. Source: sd_notify(3), "Standalone implementations".
 */
void notify_state(const char *state);
/* Replaces a file with the port and a newline, at once; a reader never sees half of it.
 */
bool notify_port_file(const char *path, int port);

#endif
