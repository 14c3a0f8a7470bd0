# Everything opad stands on, found once: read by this build and, installed, by find_package(opad). What is not there is named in
# OPAD_MISSING; nothing stops here, since a project that asks for opad QUIETly goes on without it.
set(OPAD_MISSING "")

# LibTorch, in this order: CMAKE_PREFIX_PATH or Torch_DIR, a Python with torch (its wheel carries LibTorch), the private
# virtual environment that scripts/setup makes beside the sources.
find_path(Torch_DIR TorchConfig.cmake PATH_SUFFIXES share/cmake/Torch DOC "Where TorchConfig.cmake is")
if(NOT Torch_DIR)
  file(GLOB _opad_pythons ${CMAKE_CURRENT_LIST_DIR}/../.opad/venv/bin/python3)
  foreach(_python IN ITEMS python3 ${_opad_pythons})
    execute_process(COMMAND ${_python} -c "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])"
                    OUTPUT_VARIABLE _opad_torch OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE _opad_failed)
    if(NOT _opad_failed AND EXISTS "${_opad_torch}/share/cmake/Torch/TorchConfig.cmake")
      set(Torch_DIR "${_opad_torch}/share/cmake/Torch" CACHE PATH "Where TorchConfig.cmake is" FORCE)
      break()
    endif()
  endforeach()
endif()

# LibTorch's package file for CUDA stops without the CUDA toolkit, though building against its libraries takes nothing of that: so
# that a machine with the usual wheel and no toolkit serves too, the target comes from here.
get_filename_component(_opad_torch "${Torch_DIR}/../../.." ABSOLUTE)
if(NOT TARGET torch AND EXISTS "${_opad_torch}/lib/libtorch_cuda.so")
  set(PACKAGE_FIND_VERSION 2.4)
  include(${Torch_DIR}/TorchConfigVersion.cmake)
  if(PACKAGE_VERSION_COMPATIBLE)
    # wheels before 2.6 were built with the old string of the C++ library, and say so in their package file
    file(STRINGS ${Torch_DIR}/TorchConfig.cmake _opad_abi REGEX "_GLIBCXX_USE_CXX11_ABI=[01]")
    string(REGEX MATCH "_GLIBCXX_USE_CXX11_ABI=[01]" _opad_abi "${_opad_abi}")
    add_library(torch INTERFACE IMPORTED)
    target_include_directories(torch INTERFACE ${_opad_torch}/include ${_opad_torch}/include/torch/csrc/api/include)
    target_compile_definitions(torch INTERFACE USE_DISTRIBUTED USE_C10D_GLOO USE_C10D_NCCL ${_opad_abi})
    target_link_libraries(torch INTERFACE -Wl,--no-as-needed ${_opad_torch}/lib/libtorch.so ${_opad_torch}/lib/libtorch_cpu.so
                          ${_opad_torch}/lib/libc10.so -Wl,--as-needed)
  endif()
endif()
if(NOT TARGET torch AND Torch_DIR)
  set(_opad_log_level "${CMAKE_MESSAGE_LOG_LEVEL}")
  set(CMAKE_MESSAGE_LOG_LEVEL ERROR)  # its package file warns of a profiler's library that nothing here needs
  find_package(Torch 2.4 QUIET CONFIG)
  set(CMAKE_MESSAGE_LOG_LEVEL "${_opad_log_level}")
endif()
if(NOT TARGET torch)
  list(APPEND OPAD_MISSING "LibTorch >= 2.4 (scripts/setup, `pip install torch`, or -DTorch_DIR=<libtorch>/share/cmake/Torch)")
endif()

if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW)  # Boost's own package file
endif()
foreach(_opad_package IN ITEMS "Eigen3 3.3" "Boost 1.74" "nlohmann_json 3.9" CLI11 PNG JPEG Threads)
  separate_arguments(_opad_package)
  find_package(${_opad_package} QUIET)
  list(GET _opad_package 0 _opad_name)
  if(NOT ${_opad_name}_FOUND)
    list(JOIN _opad_package " >= " _opad_package)
    list(APPEND OPAD_MISSING "${_opad_package}")
  endif()
endforeach()

# Libraries in C that only some distributions ship with a CMake package: as the target that this would make.
foreach(_opad_library IN ITEMS "WebP WebP::webp webp/decode.h webp" "utf8proc utf8proc::utf8proc utf8proc.h utf8proc"
                               "xxHash xxHash::xxhash xxhash.h xxhash")
  separate_arguments(_opad_library)
  list(GET _opad_library 0 _opad_name)
  list(GET _opad_library 1 _opad_target)
  list(GET _opad_library 2 _opad_header)
  list(GET _opad_library 3 _opad_file)
  find_package(${_opad_name} QUIET CONFIG)
  if(NOT TARGET ${_opad_target})
    find_path(OPAD_${_opad_name}_INCLUDE_DIR ${_opad_header})
    find_library(OPAD_${_opad_name}_LIBRARY ${_opad_file})
    mark_as_advanced(OPAD_${_opad_name}_INCLUDE_DIR OPAD_${_opad_name}_LIBRARY)
    if(OPAD_${_opad_name}_INCLUDE_DIR AND OPAD_${_opad_name}_LIBRARY)
      add_library(${_opad_target} UNKNOWN IMPORTED)
      set_target_properties(${_opad_target} PROPERTIES IMPORTED_LOCATION "${OPAD_${_opad_name}_LIBRARY}"
                                                       INTERFACE_INCLUDE_DIRECTORIES "${OPAD_${_opad_name}_INCLUDE_DIR}")
    else()
      list(APPEND OPAD_MISSING "${_opad_name}")
    endif()
  endif()
endforeach()
list(JOIN OPAD_MISSING ", " OPAD_MISSING)

# Google Highway's sorting library, which is optional: whose target is empty where it is missing, and then LibTorch sorts.
if(NOT TARGET Highway::contrib)
  find_path(OPAD_Highway_INCLUDE_DIR hwy/contrib/sort/vqsort.h)
  find_library(OPAD_Highway_contrib_LIBRARY hwy_contrib)
  find_library(OPAD_Highway_LIBRARY hwy)
  mark_as_advanced(OPAD_Highway_INCLUDE_DIR OPAD_Highway_contrib_LIBRARY OPAD_Highway_LIBRARY)
  add_library(Highway::contrib INTERFACE IMPORTED)
  if(OPAD_Highway_INCLUDE_DIR AND OPAD_Highway_contrib_LIBRARY AND OPAD_Highway_LIBRARY)
    set_target_properties(Highway::contrib PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${OPAD_Highway_INCLUDE_DIR}"
                          INTERFACE_COMPILE_DEFINITIONS OPAD_HIGHWAY
                          INTERFACE_LINK_LIBRARIES "${OPAD_Highway_contrib_LIBRARY};${OPAD_Highway_LIBRARY}")
  endif()
endif()
if(TARGET torch)
  include(${CMAKE_CURRENT_LIST_DIR}/opad-gloo.cmake)  # optional: several ranks
endif()

# the target `torch`, not ${TORCH_LIBRARIES}: that holds absolute paths, and an exported package must stay relocatable
set(OPAD_DEPENDENCIES torch Eigen3::Eigen Boost::headers nlohmann_json::nlohmann_json CLI11::CLI11 PNG::PNG JPEG::JPEG
    WebP::webp utf8proc::utf8proc xxHash::xxhash Highway::contrib Threads::Threads)
