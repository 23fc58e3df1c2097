/*
 * Certificate authorities and the certificates they issue: EC P-256, ECDSA with
 * SHA-256, for development and tests.
 *
 * Memory: authorities and issued certificates are the caller's, freed with
 * authority_free and issued_done. Errors: NULL or false; OpenSSL's error queue says
 * why. Threads: an authority belongs to one thread at a time.
 */
#ifndef KONTOR_CERTS_AUTHORITY_H
#define KONTOR_CERTS_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct authority;

/* What a certificate says. Zeroed members mean what their comment says. */
struct profile {
    const char *name; /* Common name of the subject; required. */
    const char *const
        *uris; /* URI names, such as SPIFFE names; NULL when n_uris is 0. */
    size_t n_uris;
    const char *const *hosts; /* DNS names and IP addresses; NULL when n_hosts is 0. */
    size_t n_hosts;
    int64_t starts_s; /* Begin of validity, seconds from now; negative = in the past. */
    int64_t ends_s;   /* End of validity, seconds from now. */
    bool is_server;   /* Extended key usage serverAuth. */
    bool
        is_client; /* Extended key usage clientAuth. Neither = no extended key usage. */
    bool is_authority;    /* CA:TRUE with keyCertSign and cRLSign. */
    bool is_signing_only; /* An end certificate for keyCertSign without CA:TRUE: a
                             faulty one, for tests. */
};

/* A certificate and its key, as PEM. */
struct issued {
    char *certificate; /* The certificate alone. */
    char *key;         /* PKCS #8, not encrypted. */
};

/* A self-signed authority. name: common name of its subject. starts_s, ends_s: as in
 * struct profile. */
struct authority *authority_new(const char *name, int64_t starts_s, int64_t ends_s);
/* An authority below another. Its certificates verify with its own certificate in the
 * chain. */
struct authority *authority_below(const struct authority *parent, const char *name,
                                  int64_t ends_s);
/* Reads an authority back from PEM. */
struct authority *authority_read(const char *certificate, const char *key);
/* Accepts NULL. */
void authority_free(struct authority *authority);

/* Certificate and key of the authority, as PEM. */
bool authority_pem(const struct authority *authority, struct issued *out);
/* Issues a certificate with a fresh key. authority NULL = signed by its own key. */
bool authority_issue(const struct authority *authority, const struct profile *profile,
                     struct issued *out);
/* SHA-256 of a certificate given as PEM: 64 lower-case hexadecimal digits. */
bool authority_fingerprint(const char *certificate, char hex[65]);
/* Frees what is inside. Accepts a zeroed one. */
void issued_done(struct issued *issued);

#endif
