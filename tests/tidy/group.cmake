# clang-tidy over all headers, and that it finds what it is asked for. Label `tidy`.
add_test(NAME "tidy: the headers have no faults that clang-tidy sees" COMMAND ${PROJECT_SOURCE_DIR}/scripts/tidy --all)
add_test(NAME "tidy: planted faults are found" COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/check.sh)
set_tests_properties("tidy: the headers have no faults that clang-tidy sees" "tidy: planted faults are found" PROPERTIES
                     LABELS tidy SKIP_RETURN_CODE 77 TIMEOUT 1200 COST 200)
