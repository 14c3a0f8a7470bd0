file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
opad_add_experiment(opad_parity ${sources})
target_include_directories(opad_parity PRIVATE ${PROJECT_SOURCE_DIR}/tests)
add_dependencies(opad_parity one_case)

# every fixture of tests/golden is a test; a recorded training run has hyper.json in the place of case.json
file(GLOB cases CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/golden/*/case.json ${PROJECT_SOURCE_DIR}/tests/golden/*/hyper.json)
foreach(case IN LISTS cases)
  get_filename_component(folder ${case} DIRECTORY)
  get_filename_component(name ${folder} NAME)
  add_test(NAME "parity: ${name}" COMMAND one_case $<TARGET_FILE:opad_parity> ${folder})
  set_tests_properties("parity: ${name}" PROPERTIES ENVIRONMENT OMP_NUM_THREADS=1)
endforeach()
