# Who is calling, and the daemon's shell.
server_test(test_identity SOURCES trust.c)
target_link_libraries(test_identity PRIVATE certs)
