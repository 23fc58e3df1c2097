# The life of a call.
server_test(test_dispatch SOURCES toy.c)
