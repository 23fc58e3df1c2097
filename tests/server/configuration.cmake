# Sites, endpoints, downtimes, and what carries an order.
foreach(name test_certification test_configuration test_downtime test_trace)
  server_test(${name} SOURCES ground.c)
endforeach()
