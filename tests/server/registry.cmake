# Registries, principals, revocations, status.
foreach(name principal registry)
  server_test(test_${name} SOURCES office.c trust.c)
  target_link_libraries(test_${name} PRIVATE certs)
endforeach()
