file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
opad_test_executable(opad_parity ${sources})

# every fixture of tests/golden is a test
file(GLOB cases CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/golden/*/case.json)
foreach(case IN LISTS cases)
  get_filename_component(folder ${case} DIRECTORY)
  get_filename_component(name ${folder} NAME)
  add_test(NAME "parity: ${name}" COMMAND opad_parity ${folder})
endforeach()
