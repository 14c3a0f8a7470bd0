# What this repository's own executables have beside opad_add_experiment: compiler cache, linker, warnings, sanitizers, allocator.

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
target_compile_options(opad_flags INTERFACE -Wall -Wextra -Wno-missing-field-initializers $<$<BOOL:${OPAD_WARNINGS_AS_ERRORS}>:-Werror>)
if(OPAD_SANITIZE)
  target_compile_options(opad_flags INTERFACE -fsanitize=${OPAD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  target_link_options(opad_flags INTERFACE -fsanitize=${OPAD_SANITIZE})
endif()

add_library(opad_at_start OBJECT EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/cmake/at_start.cpp)

# opad_executable(name sources...): a program of this repository
function(opad_executable name)
  opad_add_experiment(${name} ${ARGN})
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT OPAD_SANITIZE)
    target_sources(${name} PRIVATE $<TARGET_OBJECTS:opad_at_start>)
  endif()
  if(OPAD_ALLOCATOR AND NOT OPAD_SANITIZE)
    target_link_options(${name} PRIVATE LINKER:--push-state,--no-as-needed ${OPAD_ALLOCATOR} LINKER:--pop-state)
  endif()
endfunction()
