# The daemon's shell and identity; main.c belongs to the program alone.
list(
  APPEND
  server_sources
  rpc/identity.c
  rpc/identity_bundle.c
  rpc/identity_cache.c
  rpc/identity_chain.c
  rpc/identity_name.c
  rpc/identity_pair.c
  rpc/identity_pem.c
  rpc/identity_trust.c
  rpc/principal.c)
