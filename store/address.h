/*
 * The address of a store: a file's path, sqlite:PATH, or mongodb://... of a server.
 *
 * Memory: points into the address. Errors: none. Threads: any.
 */
#ifndef KONTOR_STORE_ADDRESS_H
#define KONTOR_STORE_ADDRESS_H

enum address_kind { ADDRESS_SQLITE, ADDRESS_MONGODB, ADDRESS_UNKNOWN };

/* What an address names; *rest is the path of a file, and of a server all of it.
 * UNKNOWN: a server's of another kind. */
enum address_kind address_of(const char *uri, const char **rest);

#endif
