# Orders and fulfilment.
list(
  APPEND
  server_sources
  order/aggregate.c
  order/item_state.c
  order/moment.c
  order/side.c)
