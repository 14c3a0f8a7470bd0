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
# a training's tensors are many and small: where it is installed, tcmalloc takes a tenth off its time on the CPU
find_library(OPAD_ALLOCATOR NAMES tcmalloc_minimal libtcmalloc_minimal.so.4 DOC "Allocator of the programs, or empty: the C library's")

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
add_library(opad_flags INTERFACE)
target_link_libraries(opad_flags INTERFACE opad::opad)
target_compile_definitions(opad_flags INTERFACE OPAD_MODELS="${PROJECT_SOURCE_DIR}/models/mini")  # what no option names
target_compile_options(opad_flags INTERFACE -Wall -Wextra -Wno-missing-field-initializers -Wno-invalid-pch
  # g++ collects garbage again and again beside a precompiled header of 600 MB, a tenth of its time, for little memory
  $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess;--param=ggc-min-heapsize=1500000;--param=ggc-min-expand=1000>
  $<$<BOOL:${OPAD_WARNINGS_AS_ERRORS}>:-Werror>)
if(OPAD_SANITIZE)
  target_compile_options(opad_flags INTERFACE -fsanitize=${OPAD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  target_link_options(opad_flags INTERFACE -fsanitize=${OPAD_SANITIZE})
endif()

# Two precompiled headers, with and without optimisation: a translation unit with LibTorch takes over 30 seconds without one.
foreach(pch opad_pch opad_pch_tests)
  add_library(${pch} OBJECT EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/cmake/pch.cpp)
  target_link_libraries(${pch} PRIVATE opad_flags)
  target_precompile_headers(${pch} PRIVATE <torch/types.h> <torch/nn/module.h> <boost/hana.hpp> <Eigen/Dense> <nlohmann/json.hpp>
                            <filesystem> <map> <optional> <span> <sstream>)
endforeach()
target_compile_options(opad_pch_tests PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O0>)

# With OPAD_COMPILED the heavy functions of the headers are compiled once (include/opad/core/once.hpp), optimised, and programs are
# not: what is left in them waits for LibTorch, and optimising it would take most of the compile time.
option(OPAD_COMPILED "Compile what is no template once, into a library, in place of once in every program" ON)
if(OPAD_COMPILED)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/include/opad/*.hpp)
  foreach(header IN LISTS headers)  # three translation units of about the same size, to be compiled side by side
    file(STRINGS ${PROJECT_SOURCE_DIR}/include/${header} marked REGEX OPAD_ONCE LIMIT_COUNT 1)
    if(marked AND header MATCHES "^opad/(models|adapter)/")
      string(APPEND networks "#include <${header}>\n")
    elseif(marked AND header MATCHES "^opad/(core|io|text|data)/")
      string(APPEND data "#include <${header}>\n")
    elseif(marked)
      string(APPEND runs "#include <${header}>\n")
    endif()
  endforeach()
  foreach(part networks data runs)
    file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/compiled/${part}.cpp CONTENT "#define OPAD_COMPILED_LIBRARY\n${${part}}" @ONLY)
    list(APPEND parts ${PROJECT_BINARY_DIR}/compiled/${part}.cpp)
  endforeach()
  add_library(opad_compiled STATIC EXCLUDE_FROM_ALL ${parts})
  target_link_libraries(opad_compiled PUBLIC opad_flags)
  target_compile_definitions(opad_compiled INTERFACE OPAD_COMPILED)
  target_precompile_headers(opad_compiled REUSE_FROM opad_pch)
endif()

# opad_test_executable(name sources...): a program that only tests need
function(opad_test_executable name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE $<IF:$<BOOL:${OPAD_COMPILED}>,opad_compiled,opad_flags>)
  target_compile_options(${name} PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O0>)
  target_precompile_headers(${name} REUSE_FROM opad_pch_tests)
endfunction()

add_library(opad_at_start OBJECT EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/cmake/at_start.cpp)

# opad_executable(name sources...): a program
function(opad_executable name)
  if(OPAD_COMPILED)
    opad_test_executable(${name} ${ARGN})
  else()
    add_executable(${name} ${ARGN})
    target_link_libraries(${name} PRIVATE opad_flags)
    target_precompile_headers(${name} REUSE_FROM opad_pch)
  endif()
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT OPAD_SANITIZE)
    target_sources(${name} PRIVATE $<TARGET_OBJECTS:opad_at_start>)
  endif()
  if(OPAD_ALLOCATOR AND NOT OPAD_SANITIZE)
    target_link_options(${name} PRIVATE LINKER:--push-state,--no-as-needed ${OPAD_ALLOCATOR} LINKER:--pop-state)
  endif()
endfunction()
