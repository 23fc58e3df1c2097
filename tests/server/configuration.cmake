# Sites, endpoints, downtimes, and what carries an order.
foreach(name test_certification test_configuration test_downtime test_group test_impact test_operator_group test_reconcile test_trace test_version)
  server_test(${name} SOURCES ground.c)
endforeach()
foreach(name test_plan test_plan_back test_plan_order test_plan_people test_plan_said test_plan_hostile)
  server_test(${name} SOURCES planner.c desk.c desk_call.c shelf.c)
endforeach()
