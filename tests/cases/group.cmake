# one_case and the server of cases (tests/support/case_server.hpp): a case ends as if its executable had been started for it.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  add_executable(some_cases ${CMAKE_CURRENT_LIST_DIR}/some_cases.cpp)
  target_link_libraries(some_cases PRIVATE opad_catch_main)
  add_test(NAME "cases: a case from the server ends as one that is started alone"
           COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/check.sh $<TARGET_FILE:one_case> $<TARGET_FILE:some_cases>)
endif()
