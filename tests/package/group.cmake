# Somebody else's project uses opad: installed and found, and as a part of its own build. Each builds one small program.
set(work ${PROJECT_BINARY_DIR}/package)

add_test(NAME "package: opad installs, and can be moved" COMMAND ${CMAKE_COMMAND} -DBUILD=${PROJECT_BINARY_DIR}
         -DSOURCE=${PROJECT_SOURCE_DIR} -DWORK=${work} -P ${CMAKE_CURRENT_LIST_DIR}/install.cmake)
set_tests_properties("package: opad installs, and can be moved" PROPERTIES FIXTURES_SETUP opad_installed)

function(opad_package_test name folder)
  add_test(NAME ${name} COMMAND ${CMAKE_CTEST_COMMAND}
           --build-and-test ${PROJECT_SOURCE_DIR}/tests/package/${folder} ${work}/${folder}
           --build-generator ${CMAKE_GENERATOR} --build-noclean
           --build-options -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} -DTorch_DIR=${Torch_DIR} ${ARGN}
           --test-command ${work}/${folder}/consumer)
  if(CCACHE_PROGRAM)
    set_tests_properties(${name} PROPERTIES ENVIRONMENT CMAKE_CXX_COMPILER_LAUNCHER=${CCACHE_PROGRAM})
  endif()
endfunction()
opad_package_test("package: find_package(opad) serves another project" find_package -Dopad_DIR=${work}/prefix/lib/cmake/opad)
set_tests_properties("package: find_package(opad) serves another project" PROPERTIES FIXTURES_REQUIRED opad_installed)
add_test(NAME "package: opad-new writes a project" COMMAND sh -c "rm -rf '${work}/new' && mkdir '${work}/new' && \"$@\"" -
         ${work}/prefix/bin/opad-new ${work}/new/my-experiment)
set_tests_properties("package: opad-new writes a project" PROPERTIES FIXTURES_REQUIRED opad_installed FIXTURES_SETUP opad_new)
add_test(NAME "package: that project builds and runs" COMMAND ${CMAKE_CTEST_COMMAND}
         --build-and-test ${work}/new/my-experiment ${work}/new/build --build-generator ${CMAKE_GENERATOR}
         --build-options -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} -DTorch_DIR=${Torch_DIR}
         --test-command sh -c "${work}/new/build/my-experiment --help")
set_tests_properties("package: that project builds and runs" PROPERTIES FIXTURES_REQUIRED opad_new TIMEOUT 900)
add_test(NAME "package: find_package(opad QUIET) stops nobody" COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/quiet -B ${work}/quiet
         -G ${CMAKE_GENERATOR} -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} -Dopad_DIR=${work}/prefix/lib/cmake/opad -DTorch_DIR=${work}/nowhere
         -DCMAKE_DISABLE_FIND_PACKAGE_Torch=ON)
set_tests_properties("package: find_package(opad QUIET) stops nobody" PROPERTIES FIXTURES_REQUIRED opad_installed)
opad_package_test("package: FetchContent serves another project" fetch_content -DOPAD_SOURCE=${PROJECT_SOURCE_DIR})

add_test(NAME "package: one version everywhere" COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -P ${CMAKE_CURRENT_LIST_DIR}/version.cmake)

# What every header must keep to.
add_test(NAME "headers: guarded, light, and including downward only"
         COMMAND ${CMAKE_COMMAND} -DINCLUDE=${PROJECT_SOURCE_DIR}/include/opad -P ${CMAKE_CURRENT_LIST_DIR}/headers.cmake)

# Pages that are made of the code say what it says now.
find_program(OPAD_PYTHON3 python3)
function(opad_page_test page script)
  set(name "package: docs/${page} is what scripts/${script} makes")
  if(OPAD_PYTHON3)
    add_test(NAME ${name} COMMAND ${OPAD_PYTHON3} ${PROJECT_SOURCE_DIR}/scripts/${script} --check)
  else()
    add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -E echo "skipped: no python3")
    set_tests_properties(${name} PROPERTIES SKIP_REGULAR_EXPRESSION "skipped: no python3")
  endif()
endfunction()
opad_page_test(architecture.svg draw_house)
opad_page_test(method.svg draw_method)
opad_page_test(policies.md make_policies)

# Every header compiles alone, without the precompiled one: half a minute each.
option(OPAD_TEST_HEADERS "Test that each header compiles alone" OFF)
if(OPAD_TEST_HEADERS)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/include/opad/*.hpp)
  add_library(opad_headers OBJECT EXCLUDE_FROM_ALL)
  foreach(header IN LISTS headers)
    set(source ${PROJECT_BINARY_DIR}/headers/${header}.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "#include <${header}>\n#include <${header}>  // twice does no harm\n" @ONLY)
    target_sources(opad_headers PRIVATE ${source})
  endforeach()
  target_link_libraries(opad_headers PRIVATE opad_build)
  target_compile_options(opad_headers PRIVATE -O0)
  add_test(NAME "headers: each compiles alone" COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --target opad_headers)
endif()

# The layout that .clang-format says.
add_test(NAME "package: the code is laid out as .clang-format says" COMMAND ${PROJECT_SOURCE_DIR}/scripts/format --check)
set_tests_properties("package: the code is laid out as .clang-format says" PROPERTIES SKIP_RETURN_CODE 77 LABELS format)

# What the headers say, as Doxygen reads it.
add_test(NAME "headers: all that is public has a comment that Doxygen understands" COMMAND ${PROJECT_SOURCE_DIR}/scripts/reference --check)
set_tests_properties("headers: all that is public has a comment that Doxygen understands" PROPERTIES SKIP_RETURN_CODE 77)
