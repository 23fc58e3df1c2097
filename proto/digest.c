#include "proto/digest.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "proto/canonical.h"

enum { EID_SIZE = 16, NUMBER_SIZE = 8, DECIMAL_ROOM = 24, GATHERED = 256 };

/* OpenSSL owns what grows; digest_end gives it back, so every digest must be ended. A
 * commit is some forty short texts and numbers, and each way into OpenSSL costs more
 * than hashing one: they are gathered. */
struct digest {
    EVP_MD_CTX *context;
    size_t n_gathered;
    uint8_t gathered[GATHERED];
};

const char *const digest_request_skip[] = {"request_id", "validate_only",
                                           "expected_revision", NULL};

/* OpenSSL fails here only when memory is out, and then nothing can be promised. */
static void
must(bool is_done)
{
    if (!is_done) {
        abort();
    }
}

/* Looked for once: OpenSSL would ask its providers again for every digest. */
static const EVP_MD *sha256;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

static void
fetch_sha256(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    must(sha256 != NULL);
}

static const EVP_MD *
digest_method(void)
{
    (void)pthread_once(&sha256_once, fetch_sha256);
    return sha256;
}

static void
begin(struct digest *digest)
{
    digest->n_gathered = 0;
    digest->context = EVP_MD_CTX_new();
    must(digest->context != NULL);
    must(EVP_DigestInit_ex(digest->context, digest_method(), NULL) == 1);
}

struct digest *
digest_new(struct arena *arena)
{
    struct digest *digest = arena_alloc(arena, sizeof *digest);
    begin(digest);
    return digest;
}

static void
flush(struct digest *digest)
{
    must(EVP_DigestUpdate(digest->context, digest->gathered, digest->n_gathered) == 1);
    digest->n_gathered = 0;
}

void
digest_add(struct digest *digest, const void *data, size_t size)
{
    if (size > GATHERED - digest->n_gathered) {
        flush(digest);
    }
    if (size > GATHERED) {
        must(EVP_DigestUpdate(digest->context, data, size) == 1);
    } else if (size > 0) {
        memcpy(digest->gathered + digest->n_gathered, data, size);
        digest->n_gathered += size;
    }
}

void
digest_add_int(struct digest *digest, int64_t number)
{
    uint8_t bytes[NUMBER_SIZE];
    uint64_t rest = (uint64_t)number;
    for (size_t i = NUMBER_SIZE; i > 0; i--) {
        bytes[i - 1] = (uint8_t)(rest & 0xff);
        rest >>= 8;
    }
    digest_add(digest, bytes, sizeof bytes);
}

/* With its size in front no two runs of values give the same bytes. */
void
digest_add_sized(struct digest *digest, const void *data, size_t size)
{
    digest_add_int(digest, (int64_t)size);
    digest_add(digest, data, size);
}

void
digest_add_text(struct digest *digest, const char *text)
{
    digest_add_sized(digest, text, strlen(text));
}

void
digest_end(struct digest *digest, uint8_t out[DIGEST_SIZE])
{
    flush(digest);
    must(EVP_DigestFinal_ex(digest->context, out, NULL) == 1);
    EVP_MD_CTX_free(digest->context);
    digest->context = NULL;
}

void
digest_of(const void *data, size_t size, uint8_t out[DIGEST_SIZE])
{
    must(EVP_Digest(data, size, out, NULL, digest_method(), NULL) == 1);
}

char *
digest_hex(struct arena *arena, const uint8_t digest[DIGEST_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(arena, 2 * DIGEST_SIZE + 1);
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 0xf];
    }
    return text;
}

/* The form is built first: the size of a nested message stands before its bytes. */
void
digest_message(const ProtobufCMessage *message, const char *const *skip,
               uint8_t out[DIGEST_SIZE])
{
    struct bytes form = canonical_form(message, skip);
    digest_of(form.data, form.size, out);
    canonical_free(form);
}

void
digest_eid(const char *principal, const char *method, const char *request_id,
           size_t record, uint8_t out[16])
{
    /* The record is a text like the others, so that the key is easy to compute
     * elsewhere. */
    char number[DECIMAL_ROOM];
    (void)snprintf(number, sizeof number, "%zu", record);
    struct digest digest;
    begin(&digest);
    digest_add_text(&digest, principal);
    digest_add_text(&digest, method);
    digest_add_text(&digest, request_id);
    digest_add_text(&digest, number);
    uint8_t whole[DIGEST_SIZE];
    digest_end(&digest, whole);
    memcpy(out, whole, EID_SIZE);
}
