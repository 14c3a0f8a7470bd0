file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
opad_add_experiment(opad_parity ${sources})

# every fixture of tests/golden is a test; a recorded training run has hyper.json in the place of case.json
file(GLOB cases CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/golden/*/case.json ${PROJECT_SOURCE_DIR}/tests/golden/*/hyper.json)
foreach(case IN LISTS cases)
  get_filename_component(folder ${case} DIRECTORY)
  get_filename_component(name ${folder} NAME)
  add_test(NAME "parity: ${name}" COMMAND opad_parity ${folder})
endforeach()
