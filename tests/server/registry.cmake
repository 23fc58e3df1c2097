# Registries, principals, revocations, status.
server_test(test_registry SOURCES trust.c)
target_link_libraries(test_registry PRIVATE certs)
