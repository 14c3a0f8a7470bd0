# How this repository builds its executables: opad_executable(name sources...).

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # a precompiled header holds time stamps and macros that ccache must be told to accept
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM AND CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
  add_link_options(-fuse-ld=mold)
endif()

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
add_library(opad_flags INTERFACE)
target_link_libraries(opad_flags INTERFACE opad::opad)
target_compile_definitions(opad_flags INTERFACE OPAD_MODELS="${PROJECT_SOURCE_DIR}/models/tiny")  # what no option names
target_compile_options(opad_flags INTERFACE -Wall -Wextra -Wno-missing-field-initializers -Wno-invalid-pch $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>
                                            $<$<BOOL:${OPAD_WARNINGS_AS_ERRORS}>:-Werror>)
if(OPAD_SANITIZE)
  target_compile_options(opad_flags INTERFACE -fsanitize=${OPAD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  target_link_options(opad_flags INTERFACE -fsanitize=${OPAD_SANITIZE})
endif()

# Two precompiled headers, for programs and for tests: a translation unit with LibTorch takes over 30 seconds without one. Tests are not
# optimised, since their time goes into LibTorch anyway and a third of the compile time goes into optimising.
foreach(pch opad_pch opad_pch_tests)
  add_library(${pch} OBJECT EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/cmake/pch.cpp)
  target_link_libraries(${pch} PRIVATE opad_flags)
  target_precompile_headers(${pch} PRIVATE <torch/types.h> <torch/nn/module.h> <boost/hana.hpp> <Eigen/Dense> <nlohmann/json.hpp>
                            <filesystem> <map> <optional> <span> <sstream>)
endforeach()
target_compile_options(opad_pch_tests PRIVATE $<$<CONFIG:Release>:-O0>)

# opad_executable(name sources...): a program
function(opad_executable name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE opad_flags)
  target_precompile_headers(${name} REUSE_FROM opad_pch)
endfunction()

# opad_test_executable(name sources...): a program that only tests need
function(opad_test_executable name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE opad_flags)
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O0>)
  target_precompile_headers(${name} REUSE_FROM opad_pch_tests)
endfunction()
