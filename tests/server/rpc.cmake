# The life of a call, without gRPC and with it.
server_test(test_dispatch SOURCES toy.c)
foreach(name server stream)
  server_test(test_${name} SOURCES toy.c station.c wire_client.c)
  target_link_libraries(test_${name} PRIVATE certs)
endforeach()
server_test(test_table SOURCES ${PROJECT_SOURCE_DIR}/server/services.c)
