# Who is calling, and the daemon's shell.
server_test(test_identity SOURCES trust.c)
target_link_libraries(test_identity PRIVATE certs)
server_test(test_config)
server_test(test_shell)
target_compile_definitions(test_config PRIVATE KONTOR_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
server_test(test_maintain)
target_link_libraries(test_maintain PRIVATE certs)
