# programs that a Python script of this folder drives; built on demand
foreach(name IN ITEMS adapters_roundtrip files_roundtrip)
  opad_add_experiment(${name} ${CMAKE_CURRENT_LIST_DIR}/${name}.cpp)
  set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
endforeach()

# against live Python, on configurations drawn anew each time; skipped without the libraries
add_test(NAME "oracle: random configurations agree with the Python libraries"
         COMMAND ${CMAKE_CURRENT_LIST_DIR}/random_cases $<TARGET_FILE:opad_parity> --count 2)
set_tests_properties("oracle: random configurations agree with the Python libraries" PROPERTIES
                     SKIP_RETURN_CODE 77 TIMEOUT 1200 ENVIRONMENT OMP_NUM_THREADS=1)
