# The read cache.
server_test(test_cache)
