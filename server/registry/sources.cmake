# Registries, principals, revocations, status.
list(
  APPEND
  server_sources
  registry/bundle.c
  registry/clock_accept.c
  registry/home.c
  registry/principal.c
  registry/registry.c
  registry/revocation.c
  registry/service.c
  registry/standing.c
  registry/status.c
  registry/whoami.c)
