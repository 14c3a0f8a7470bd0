# The commands in the pages: what they name exists, and those that can be are run. Label `pages`.
if(NOT OPAD_PYTHON3)
  find_program(OPAD_PYTHON3 python3)
endif()
function(opad_pages_test name)
  if(OPAD_PYTHON3 AND NOT OPAD_SANITIZE)
    add_test(NAME ${name} COMMAND ${OPAD_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/commands.py --bin ${CMAKE_RUNTIME_OUTPUT_DIRECTORY} ${ARGN})
  else()
    add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -E echo "skipped: no python3, or programs with sanitizers")
  endif()
  set_tests_properties(${name} PROPERTIES LABELS pages SKIP_REGULAR_EXPRESSION "skipped:" TIMEOUT 600)
endfunction()
opad_pages_test("pages: programs, options and files in commands exist")
opad_pages_test("pages: commands run" --run)
# The report pages in headless Chromium (browser.py), driven from Python's standard library alone. Skipped, and it says so,
# where there is none.
find_program(OPAD_PYTHON3 python3 HINTS ${PROJECT_SOURCE_DIR}/.opad/venv/bin)
if(OPAD_PYTHON3)
  add_test(NAME "pages: report.html of a sweep and of a run in Chromium"
           COMMAND ${OPAD_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/browser.py $<TARGET_FILE:test_experiment>)
  set_tests_properties("pages: report.html of a sweep and of a run in Chromium" PROPERTIES
                       SKIP_RETURN_CODE 77 TIMEOUT 900 ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1;OMP_NUM_THREADS=1")
else()
  message(STATUS "Without the tests of tests/pages: they need python3")
endif()
