#include "server/rpc/identity_trust.h"

#include <stdlib.h>
#include <string.h>

#include "kontor/v1/registry.pb-c.h"
#include "proto/digest.h"
#include "proto/wire.h"
#include "server/rpc/identity_name.h"

enum { ROOTS_PAGE = 100, SCOPE_TAG_DIGITS = 32 };

/* One resolution. */
struct lookup {
    const struct identity_trust *trust;
    struct arena *arena; /* Dies with the resolution. */
    const char *registry_id;
    Kontor__V1__Registry *registry;
    const char *principal_id;
    Kontor__V1__Principal *principal; /* NULL = not registered. */
};

static const struct chain_fault no_fault = {REASON_NONE, NULL};
static const struct chain_fault store_away = {
    REASON_STORE_UNAVAILABLE,
    "the store cannot be read at the moment; try again shortly"};

/* ---- Documents ---- */

static void *
record_of(const struct document *document, struct arena *arena)
{
    struct faults faults = {.arena = arena};
    return wire_unpack(document->kind->record, document->w, &wire_stored_limits, arena,
                       &faults);
}

/* The document whose declared field has a value. OK with a NULL id: there is none. */
static enum status
find_one(struct lookup *lookup, const struct kind *kind, const char *index,
         const char *value, struct document *out)
{
    struct find find = {.kind = kind,
                        .index = index,
                        .equal = {{.text = value}},
                        .n_equal = 1,
                        .limit = 1};
    struct page page;
    *out = (struct document){0};
    enum status status = store_find(lookup->trust->reader, &find, lookup->arena, &page);
    if (status == STATUS_OK && page.n_documents > 0) {
        *out = page.documents[0];
    }
    return status;
}

/* ---- Steps ---- */

static struct chain_fault
registry_find(struct lookup *lookup, const char *name)
{
    const char *domain = identity_name_domain(name, lookup->arena);
    struct document document;
    if (find_one(lookup, KIND_REGISTRY, "trust_domain", domain, &document) !=
        STATUS_OK) {
        return store_away;
    }
    if (document.id == NULL) {
        return (struct chain_fault){
            REASON_CERTIFICATE_INVALID,
            "no registry here has the trust domain of the client certificate; "
            "ask the home registry's admin to create yours"};
    }
    lookup->registry = record_of(&document, lookup->arena);
    lookup->registry_id = document.id;
    return lookup->registry != NULL ? no_fault : store_away;
}

/* The anchor, last of the chain, is taken out of the bundle instead. */
static struct chain_fault
revocation_check(struct lookup *lookup, const struct identity_chain *chain)
{
    for (size_t i = 0; identity_chain_fingerprint(chain, i + 1) != NULL; i++) {
        const char *id = arena_print(lookup->arena, "%s/%s", lookup->registry_id,
                                     identity_chain_fingerprint(chain, i));
        struct document document;
        enum status status = store_get(lookup->trust->reader, KIND_REVOCATION, id, NULL,
                                       0, lookup->arena, &document);
        if (status == STATUS_OK) {
            return (struct chain_fault){REASON_CERTIFICATE_REVOKED,
                                        "the client certificate, or one above it, was "
                                        "revoked; ask for a new one"};
        }
        if (status != STATUS_NOT_FOUND) {
            return store_away;
        }
    }
    return no_fault;
}

static bool
id_is_of_registry(const char *id, const char *registry)
{
    size_t size = strlen(registry);
    return strncmp(id, registry, size) == 0 && id[size] == '/';
}

static struct chain_fault
principal_find(struct lookup *lookup, const char *name)
{
    const char *patterns[IDENTITY_SEGMENTS_MAX + 1];
    size_t n_patterns = identity_name_patterns(name, lookup->arena, patterns);
    for (size_t i = 0; i < n_patterns; i++) {
        struct document document;
        if (find_one(lookup, KIND_PRINCIPAL, "identity", patterns[i], &document) !=
            STATUS_OK) {
            return store_away;
        }
        if (document.id != NULL &&
            id_is_of_registry(document.id, lookup->registry_id)) {
            lookup->principal_id = document.id;
            lookup->principal = record_of(&document, lookup->arena);
            return lookup->principal != NULL ? no_fault : store_away;
        }
    }
    return no_fault;
}

/* ---- The principal ---- */

static uint32_t
roles_of(const struct lookup *lookup)
{
    uint32_t roles = ROLE_BIT_ANY_CERTIFICATE;
    for (size_t i = 0; i < lookup->principal->n_roles; i++) {
        roles |= (UINT32_C(1) << lookup->principal->roles[i]) & ROLES_ALL;
    }
    bool is_home = strcmp(lookup->registry_id, lookup->trust->home) == 0;
    if (is_home && (roles & ROLE_BIT(ADMIN)) != 0) {
        roles |= ROLE_BIT_HOME_ADMIN;
    }
    return roles;
}

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In order, so that the tag does not depend on how they were written down. */
static struct scopes
scopes_of(const struct lookup *lookup, struct arena *arena)
{
    size_t n_strings = lookup->principal->n_scopes;
    const char **strings = arena_alloc(arena, n_strings * sizeof *strings);
    for (size_t i = 0; i < n_strings; i++) {
        strings[i] = arena_copy(arena, lookup->principal->scopes[i]);
    }
    qsort(strings, n_strings, sizeof *strings, compare_texts);
    return (struct scopes){strings, n_strings};
}

static const char *
scope_tag_of(const struct scopes *scopes, struct arena *arena)
{
    uint8_t hash[DIGEST_SIZE];
    struct digest *digest = digest_new(arena);
    for (size_t i = 0; i < scopes->n_strings; i++) {
        digest_add_text(digest, scopes->strings[i]);
    }
    digest_end(digest, hash);
    return arena_copy_n(arena, digest_hex(arena, hash), SCOPE_TAG_DIGITS);
}

static void
entry_fill(const struct lookup *lookup, const struct identity_chain *chain,
           struct identity_entry *entry)
{
    struct arena *arena = entry->arena;
    bool is_registered = lookup->principal != NULL;
    struct principal *who = &entry->who;
    who->id = is_registered ? arena_copy(arena, lookup->principal_id) : "";
    who->registry = arena_copy(arena, lookup->registry_id);
    who->identity = arena_copy(arena, identity_chain_name(chain));
    who->fingerprint = arena_copy(arena, identity_chain_fingerprint(chain, 0));
    who->roles = is_registered ? roles_of(lookup) : ROLE_BIT_ANY_CERTIFICATE;
    who->granted = is_registered ? scopes_of(lookup, arena) : (struct scopes){NULL, 0};
    who->scopes = is_registered ? principal_scopes(who->id, &who->granted, arena)
                                : (struct scopes){NULL, 0};
    who->scope_tag = scope_tag_of(&who->scopes, arena);
    who->certificate_ends_ms = identity_chain_leaf_ends_ms(chain);
    entry->ends_ms = identity_chain_ends_ms(chain);
}

static struct chain_fault
lookup_run(struct lookup *lookup, struct identity_chain *chain)
{
    struct chain_fault fault = registry_find(lookup, identity_chain_name(chain));
    if (fault.reason != REASON_NONE) {
        return fault;
    }
    fault =
        identity_chain_verify(chain, lookup->registry->bundle, lookup->trust->now_ms);
    if (fault.reason != REASON_NONE) {
        return fault;
    }
    fault = revocation_check(lookup, chain);
    if (fault.reason != REASON_NONE) {
        return fault;
    }
    if (lookup->registry->state != KONTOR__V1__REGISTRY__STATE__ACTIVE) {
        return (struct chain_fault){
            REASON_REGISTRY_SUSPENDED,
            "your registry is suspended; ask an admin of the home registry why"};
    }
    return principal_find(lookup, identity_chain_name(chain));
}

struct chain_fault
identity_trust_resolve(const struct identity_trust *trust, struct identity_chain *chain,
                       struct identity_entry *entry)
{
    struct arena *arena = arena_new();
    int64_t applied = 0;
    if (arena == NULL) {
        abort();
    }
    struct lookup lookup = {.trust = trust, .arena = arena};
    struct chain_fault fault = store_away;
    if (store_begin(trust->reader, &applied) == STATUS_OK) {
        fault = lookup_run(&lookup, chain);
        store_end(trust->reader);
    }
    if (fault.reason == REASON_NONE) {
        entry_fill(&lookup, chain, entry);
    }
    arena_free(arena);
    return fault;
}

/* ---- Roots ---- */

struct roots {
    char *text;
    size_t size;
};

static void
roots_add(struct roots *roots, const char *pem)
{
    size_t size = strlen(pem);
    roots->text = realloc(roots->text, roots->size + size + 2);
    if (roots->text == NULL) {
        abort();
    }
    memcpy(roots->text + roots->size, pem, size);
    roots->size += size;
    roots->text[roots->size++] = '\n';
    roots->text[roots->size] = '\0';
}

static enum status
roots_add_page(struct roots *roots, const struct page *page, struct arena *arena)
{
    for (size_t i = 0; i < page->n_documents; i++) {
        const Kontor__V1__Registry *registry = record_of(&page->documents[i], arena);
        if (registry == NULL) {
            return STATUS_DATA_LOSS;
        }
        roots_add(roots, registry->bundle);
    }
    return STATUS_OK;
}

static enum status
roots_read(struct store_reader *reader, struct arena *arena, struct roots *roots)
{
    struct find find = {.kind = KIND_REGISTRY, .limit = ROOTS_PAGE, .token = ""};
    do {
        struct page page;
        enum status status = store_find(reader, &find, arena, &page);
        if (status == STATUS_OK) {
            status = roots_add_page(roots, &page, arena);
        }
        if (status != STATUS_OK) {
            return status;
        }
        find.token = page.next_token;
    } while (find.token[0] != '\0');
    return STATUS_OK;
}

char *
identity_trust_roots(struct store_reader *reader)
{
    struct arena *arena = arena_new();
    int64_t applied = 0;
    struct roots roots = {0};
    if (arena == NULL) {
        abort();
    }
    enum status status = store_begin(reader, &applied);
    if (status == STATUS_OK) {
        status = roots_read(reader, arena, &roots);
        store_end(reader);
    }
    arena_free(arena);
    if (status != STATUS_OK) {
        free(roots.text);
        return NULL;
    }
    return roots.text;
}
