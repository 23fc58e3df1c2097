# Orders and fulfilment.
server_test(test_item_state)
server_test(test_aggregate)
server_test(test_order_value)
server_test(test_order_place SOURCES desk.c shelf.c)
server_test(test_order_decide SOURCES desk.c shelf.c)
server_test(test_fulfilment SOURCES desk.c shelf.c)
server_test(test_fulfilment_walk SOURCES desk.c shelf.c)
