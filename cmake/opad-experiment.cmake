# opad_add_experiment(name sources...): a program that stands on opad, for this repository and for projects that use it
# (find_package, FetchContent, add_subdirectory).
#
# LibTorch's headers take half a minute to read and opad's own code another half to compile. So both are done once in a project:
# a precompiled header, and a library of everything that is no template (include/opad/core/once.hpp). Both are built for the first
# program. The program itself is not optimised: what is left in it waits for LibTorch, and optimising it would take most of
# the compile time.
#   OPAD_COMPILED=OFF   builds every program from the headers alone, optimised
# A program of your own with other needs links opad::opad, which is the headers alone.
# An installed opad brings the library along, for whoever has the same compiler and LibTorch.
set(OPAD_COMPILED_FOR "${CMAKE_CXX_COMPILER_ID}-${CMAKE_CXX_COMPILER_VERSION}-torch-${Torch_VERSION}")
option(OPAD_COMPILED "Compile what is no template of opad once, into a library, in place of once in every program" ON)

# Who made the first program decides the flags: the precompiled header serves programs with the same ones only.
function(_opad_parts)
  if(TARGET opad_build)
    return()
  endif()
  add_library(opad_build INTERFACE)  # what every program is compiled with
  target_link_libraries(opad_build INTERFACE $<IF:$<TARGET_EXISTS:opad_flags>,opad_flags,opad::opad>)
  # g++ collects garbage again and again beside a precompiled header of 600 MB, a tenth of its time, for little memory
  target_compile_options(opad_build INTERFACE -Wno-invalid-pch
    $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess;--param=ggc-min-heapsize=1500000;--param=ggc-min-expand=1000>)

  # Two precompiled headers, with and without optimisation; without a build type too a library that is not optimised would be slow.
  set(optimised $<$<NOT:$<CONFIG:Debug>>:-O2>)
  set(quick $<$<NOT:$<CONFIG:Debug>>:-O0>)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/opad-compiled/pch.cpp CONTENT "// Owns the precompiled header; every program reuses it.\n" @ONLY)
  foreach(pch IN ITEMS opad_pch opad_pch_quick)
    add_library(${pch} OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/opad-compiled/pch.cpp)
    target_link_libraries(${pch} PRIVATE opad_build)
    target_precompile_headers(${pch} PRIVATE <torch/types.h> <torch/nn/module.h> <boost/hana.hpp> <Eigen/Dense> <nlohmann/json.hpp>
                              <filesystem> <map> <optional> <span> <sstream>)
  endforeach()
  target_compile_options(opad_pch PRIVATE ${optimised})
  target_compile_options(opad_pch_quick PRIVATE ${quick})
  if(NOT OPAD_COMPILED)
    target_link_libraries(opad_build INTERFACE c10d::gloo)
    return()
  endif()

  get_property(prebuilt GLOBAL PROPERTY OPAD_PREBUILT)
  if(prebuilt AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_library(opad_compiled INTERFACE)
    target_link_libraries(opad_compiled INTERFACE ${prebuilt} opad_build)
    target_compile_definitions(opad_compiled INTERFACE OPAD_COMPILED)
    return()
  endif()
  get_property(include GLOBAL PROPERTY OPAD_INCLUDE_DIR)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${include} ${include}/opad/*.hpp)
  foreach(header IN LISTS headers)  # three translation units of about the same size, to be compiled side by side; and c10d's
    file(STRINGS ${include}/${header} marked REGEX OPAD_ONCE LIMIT_COUNT 1)
    if(marked AND header MATCHES "^opad/(models|adapter)/")
      string(APPEND networks "#include <${header}>\n")
    elseif(marked AND header MATCHES "^opad/ranks/detail/")
      string(APPEND ranks "#include <${header}>\n")
    elseif(marked AND header MATCHES "^opad/(core|io|text|data)/")
      string(APPEND data "#include <${header}>\n")
    elseif(marked)
      string(APPEND runs "#include <${header}>\n")
    endif()
  endforeach()
  foreach(part IN ITEMS networks data runs ranks)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/opad-compiled/${part}.cpp CONTENT "#define OPAD_COMPILED_LIBRARY\n${${part}}" @ONLY)
    list(APPEND parts ${CMAKE_BINARY_DIR}/opad-compiled/${part}.cpp)
  endforeach()
  set_source_files_properties(${CMAKE_BINARY_DIR}/opad-compiled/ranks.cpp PROPERTIES SKIP_PRECOMPILE_HEADERS ON  # c10d's headers: here alone
    COMPILE_DEFINITIONS "$<TARGET_PROPERTY:c10d::gloo,INTERFACE_COMPILE_DEFINITIONS>"
    INCLUDE_DIRECTORIES "$<TARGET_PROPERTY:c10d::gloo,INTERFACE_INCLUDE_DIRECTORIES>")
  add_library(opad_compiled STATIC EXCLUDE_FROM_ALL ${parts})
  target_link_libraries(opad_compiled PUBLIC opad_build)
  target_compile_options(opad_compiled PRIVATE ${optimised}  # of a constructor's two symbols clang would make one
    "$<$<CXX_COMPILER_ID:Clang,AppleClang>:SHELL:-Xclang -mno-constructor-aliases>")
  target_compile_definitions(opad_compiled INTERFACE OPAD_COMPILED)
  target_precompile_headers(opad_compiled REUSE_FROM opad_pch)
endfunction()

function(opad_add_experiment name)
  _opad_parts()
  add_executable(${name} ${ARGN})
  if(OPAD_COMPILED)
    target_link_libraries(${name} PRIVATE opad_compiled)
    target_compile_options(${name} PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O0>)
    target_precompile_headers(${name} REUSE_FROM opad_pch_quick)
  else()
    target_link_libraries(${name} PRIVATE opad_build)
    target_compile_options(${name} PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O2>)
    target_precompile_headers(${name} REUSE_FROM opad_pch)
  endif()
endfunction()
