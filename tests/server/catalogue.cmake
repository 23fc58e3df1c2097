# Generic records, the catalogue, search.
server_test(test_record SOURCES shelf.c)
