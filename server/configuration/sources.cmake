# Sites and their certification, endpoints, downtimes, and what carries an order.
list(
  APPEND
  server_sources
  configuration/certification.c
  configuration/configuration.c
  configuration/downtime.c
  configuration/endpoint.c
  configuration/group.c
  configuration/held_name.c
  configuration/impact.c
  configuration/reach.c
  configuration/site.c
  configuration/span.c
  configuration/trace.c
  configuration/version.c
  configuration/version_list.c)
