/*
 * Certificates to try Kontor with: two registries, a server, and one certificate for
 * every role in both.
 *
 * The directory afterwards, for each registry R of alpine (trust domain alpine.example)
 * and coast (coast.example): R/ca.pem R/ca.key                the authority of R
 *     R/<role>.pem R/<role>.key        reader portal approver shifter operator agent
 * site_admin certifier monitor peer admin alpine/server.pem alpine/server.key   the
 * broker at localhost, 127.0.0.1 and ::1 The name in a certificate is spiffe://<trust
 * domain>/<role>/<name>; dev_roles has the names.
 *
 * Memory: none is kept. Errors: false and a text with the cure. Threads: one at a time
 * for a directory.
 */
#ifndef KONTOR_CERTS_DEV_H
#define KONTOR_CERTS_DEV_H

#include <stdbool.h>
#include <stddef.h>

/* A certificate that dev_ca makes in each registry. */
struct dev_role {
    const char *label; /* First segment of the name and stem of the file; NULL ends the
                          table. */
    const char *name;  /* Second segment of the name. */
};

/* A registry that dev_ca makes. */
struct dev_registry {
    const char *id; /* NULL ends the table. */
    const char *trust_domain;
};

extern const struct dev_role dev_roles[];
extern const struct dev_registry dev_registries[];

/*
 * Fills a directory, which is made when it is missing. What is there already is kept,
 * so that a second run changes nothing; a registry's authority issues what is missing.
 * Keys get mode 0600. On failure error says what and where.
 */
bool dev_ca(const char *directory, char *error, size_t error_size);

#endif
