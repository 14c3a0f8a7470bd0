# Hostile tests of the built programs, in Python's standard library alone: the short form of each kind. run.py says how longer
# ones are run. Label `reliability`.
find_program(OPAD_PYTHON3 python3 HINTS ${PROJECT_SOURCE_DIR}/.opad/venv/bin)
if(OPAD_PYTHON3 AND NOT OPAD_SANITIZE)  # a sanitizer's shadow memory is beyond the limits of these tests
  foreach(kind kill system_calls failures full_disk flipped_bits torn_files stop_signals writers streams special_files)
    add_test(NAME "reliability: ${kind}"
             COMMAND ${OPAD_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/run.py ${kind} --bin ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
    set_tests_properties("reliability: ${kind}" PROPERTIES LABELS reliability SKIP_RETURN_CODE 77 TIMEOUT 900 COST 100
                         ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
  endforeach()
else()
  message(STATUS "Without the tests of tests/reliability: they need python3, and programs without sanitizers")
endif()
