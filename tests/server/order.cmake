# Orders and fulfilment.
server_test(test_item)
server_test(test_item_state)
server_test(test_aggregate)
server_test(test_order_value)
server_test(test_rule_item)
server_test(test_value_edges)
server_test(test_price)
server_test(test_target)
server_test(test_calendar)
server_test(test_job)
server_test(test_due_time)
server_test(test_roles)
foreach(
  name
  finish
  fulfilment
  fulfilment_fence
  fulfilment_walk
  instance
  instance_action
  job_offer
  job_wait
  keeper
  lease
  offer_bundle
  opinion
  order_access
  order_cancel
  order_cell
  order_decide
  order_fate
  order_hostile
  order_limit
  order_list
  order_place
  order_race
  order_restore
  order_rule
  order_talk
  order_task
  order_time
  portfolio_end
  recovery
  session)
  server_test(test_${name} SOURCES desk.c desk_call.c shelf.c)
endforeach()
foreach(name order_clock order_due order_end)
  server_test(test_${name} SOURCES hours.c desk.c desk_call.c shelf.c)
endforeach()
foreach(name order_message order_post)
  server_test(test_${name} SOURCES mail.c desk.c desk_call.c shelf.c)
endforeach()
foreach(name allocation allocation_days allocation_lives capacity)
  server_test(test_${name} SOURCES vault.c cards.c desk.c desk_call.c shelf.c)
endforeach()
foreach(name stock stock_list stock_end observation)
  server_test(test_${name} SOURCES cards.c desk.c desk_call.c shelf.c)
endforeach()
server_test(test_order_wire SOURCES toy.c station.c wire_client.c)
target_link_libraries(test_order_wire PRIVATE certs)
# A walk of calls against a model of orders; the model is written from the design alone.
server_test(
  test_order_model
  SOURCES
  model_do.c
  model_judge.c
  model_machine.c
  model_fate.c
  model_move.c
  model_order.c
  model_people.c
  model_time.c
  walk.c
  walk_call.c
  walk_check.c
  walk_choose.c
  walk_place.c
  walk_tell.c
  desk.c
  desk_call.c
  shelf.c)
# It waits for the broker's threads a hundred thousand times.
math(EXPR walk_timeout_s "400 * ${KONTOR_TEST_SLOWNESS}")
set_tests_properties(test_order_model PROPERTIES TIMEOUT ${walk_timeout_s})
