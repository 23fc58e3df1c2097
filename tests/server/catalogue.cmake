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
  test_search
  test_search_seq
  test_vocabulary)
  server_test(${name} SOURCES shelf.c)
endforeach()
foreach(name test_onboarding test_onboarding_services)
  server_test(${name} SOURCES porch.c shelf.c)
endforeach()
foreach(name test_audit test_diff test_portfolio)
  server_test(${name} SOURCES display.c shelf.c)
endforeach()
foreach(name test_amount test_search_index test_search_tally)
  server_test(${name})
endforeach()
