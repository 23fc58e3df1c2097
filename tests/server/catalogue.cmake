# Generic records, the catalogue, search.
foreach(
  name
  test_record
  test_record_list
  test_catalogue
  test_catalogue_import
  test_offer
  test_offer_rule
  test_parameter
  test_onboarding
  test_portfolio
  test_search
  test_search_seq
  test_vocabulary)
  server_test(${name} SOURCES shelf.c)
endforeach()
server_test(test_search_index)
