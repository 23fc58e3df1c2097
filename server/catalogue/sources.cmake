# Providers, services, offers; and the generic records every service shares.
list(
  APPEND
  server_sources
  rpc/named.c
  rpc/record.c
  rpc/record_list.c
  rpc/record_merge.c)
