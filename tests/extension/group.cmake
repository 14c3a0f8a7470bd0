# Somebody else's project with a policy of every kind: built as opad's parent and against the installed package, trained, loaded, scored.
set(work ${PROJECT_BINARY_DIR}/extension)

opad_test(test_extension ${CMAKE_CURRENT_LIST_DIR}/laws_test.cpp)  # the laws of the kinds that have any
target_include_directories(test_extension PRIVATE ${CMAKE_CURRENT_LIST_DIR})

# opad_extension_test(name folder target options...)
function(opad_extension_test name folder)
  add_test(NAME ${name} COMMAND ${CMAKE_CTEST_COMMAND}
           --build-and-test ${PROJECT_SOURCE_DIR}/tests/extension ${work}/${folder}
           --build-generator ${CMAKE_GENERATOR} --build-noclean
           --build-options -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} -DTorch_DIR=${Torch_DIR} ${ARGN})
  set_tests_properties(${name} PROPERTIES LABELS extension TIMEOUT 1800 PROCESSORS 2 COST 1000)  # first, as the longest
  if(CCACHE_PROGRAM)
    set_tests_properties(${name} PROPERTIES ENVIRONMENT CMAKE_CXX_COMPILER_LAUNCHER=${CCACHE_PROGRAM})
  endif()
endfunction()
opad_extension_test("extension: builds with opad as a part of it" part -DOPAD_SOURCE=${PROJECT_SOURCE_DIR})
set_tests_properties("extension: builds with opad as a part of it" PROPERTIES FIXTURES_SETUP opad_extension)
opad_extension_test("extension: builds against the installed package" package -Dopad_DIR=${PROJECT_BINARY_DIR}/package/prefix/lib/cmake/opad
                    -DLAB_PROGRAMS=train)
set_tests_properties("extension: builds against the installed package" PROPERTIES FIXTURES_REQUIRED opad_installed)

add_test(NAME "extension: policies of every kind train, are saved, loaded and scored" COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR}
         -DBIN=${work}/part -DGENERATE=${PROJECT_BINARY_DIR}/bin/generate -DWORK=${work}/runs -P ${CMAKE_CURRENT_LIST_DIR}/check.cmake)
set_tests_properties("extension: policies of every kind train, are saved, loaded and scored" PROPERTIES
                     FIXTURES_REQUIRED opad_extension LABELS extension TIMEOUT 1800)

add_test(NAME "extension: docs/extending.md shows its files" COMMAND ${CMAKE_COMMAND} -DCHECK=ON -P ${CMAKE_CURRENT_LIST_DIR}/extending.cmake)
set_tests_properties("extension: docs/extending.md shows its files" PROPERTIES LABELS extension)
