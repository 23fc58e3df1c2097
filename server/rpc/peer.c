#include "server/rpc/peer.h"

#include <grpc/grpc_security.h>
#include <grpc/grpc_security_constants.h>

enum { MAX_URIS = 8 };

static const grpc_auth_property *
first(const grpc_auth_context *context, const char *name)
{
    grpc_auth_property_iterator properties =
        grpc_auth_context_find_properties_by_name(context, name);
    return grpc_auth_property_iterator_next(&properties);
}

/* Only typed URIs count: an untyped name may be any kind of text. One more than a name
 * may have is enough to see that there are too many. */
static size_t
uris_of(const grpc_auth_context *context, const char *uris[MAX_URIS])
{
    size_t n = 0;
    grpc_auth_property_iterator properties =
        grpc_auth_context_find_properties_by_name(context, GRPC_PEER_URI_PROPERTY_NAME);
    const grpc_auth_property *uri = grpc_auth_property_iterator_next(&properties);
    while (uri != NULL && n < MAX_URIS) {
        uris[n++] = uri->value;
        uri = grpc_auth_property_iterator_next(&properties);
    }
    return n;
}

enum status
peer_resolve(struct identity *identity, grpc_call *call, int64_t now_ms,
             const struct principal **who, struct error *error)
{
    const char *uris[MAX_URIS];
    struct identity_peer peer = {.leaf_pem = NULL};
    grpc_auth_context *context = grpc_call_auth_context(call);
    if (context != NULL) {
        const grpc_auth_property *leaf =
            first(context, GRPC_X509_PEM_CERT_PROPERTY_NAME);
        const grpc_auth_property *chain =
            first(context, GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME);
        peer.leaf_pem = leaf == NULL ? NULL : leaf->value;
        peer.leaf_size = leaf == NULL ? 0 : leaf->value_length;
        peer.chain_pem = chain == NULL ? NULL : chain->value;
        peer.chain_size = chain == NULL ? 0 : chain->value_length;
        peer.n_uris = uris_of(context, uris);
        peer.uris = uris;
    }
    enum status status = identity_resolve(identity, &peer, now_ms, who, error);
    grpc_auth_context_release(context);
    return status;
}
