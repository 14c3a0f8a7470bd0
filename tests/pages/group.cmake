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
