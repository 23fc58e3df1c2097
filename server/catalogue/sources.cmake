# Providers, services, offers; and the generic records every service shares.
list(
  APPEND
  server_sources
  rpc/import.c
  rpc/named.c
  rpc/record.c
  rpc/record_list.c
  rpc/record_merge.c
  catalogue/offer.c
  catalogue/parameter.c
  catalogue/provider.c
  catalogue/service.c)
