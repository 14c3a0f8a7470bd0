# Everything opad stands on, found once: read by this build and, installed, by find_package(opad).

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
    add_library(torch INTERFACE IMPORTED)
    target_include_directories(torch INTERFACE ${_opad_torch}/include ${_opad_torch}/include/torch/csrc/api/include)
    target_compile_definitions(torch INTERFACE USE_DISTRIBUTED USE_C10D_GLOO USE_C10D_NCCL)
    target_link_libraries(torch INTERFACE -Wl,--no-as-needed ${_opad_torch}/lib/libtorch.so ${_opad_torch}/lib/libtorch_cpu.so
                          ${_opad_torch}/lib/libc10.so -Wl,--as-needed)
  endif()
endif()
if(NOT TARGET torch)
  set(CMAKE_MESSAGE_LOG_LEVEL ERROR)  # its package file warns of a profiler's library that nothing here needs
  find_package(Torch 2.4 QUIET CONFIG)
  unset(CMAKE_MESSAGE_LOG_LEVEL)
endif()
if(NOT TARGET torch)
  message(FATAL_ERROR "opad: no LibTorch >= 2.4. Run scripts/setup, or `pip install torch`, or give "
                      "-DTorch_DIR=<libtorch>/share/cmake/Torch")
endif()

if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW)  # Boost's own package file
endif()
find_package(Eigen3 3.3 REQUIRED)
find_package(Boost 1.74 REQUIRED)  # Hana
find_package(nlohmann_json 3.9 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(WebP REQUIRED)
find_package(Utf8proc REQUIRED)
find_package(Xxhash REQUIRED)
find_package(Threads REQUIRED)
find_package(C10dGloo)  # of those that follow, what is not found is done without

# the target `torch`, not ${TORCH_LIBRARIES}: that holds absolute paths, and an exported package must stay relocatable
set(OPAD_DEPENDENCIES torch Eigen3::Eigen Boost::headers nlohmann_json::nlohmann_json CLI11::CLI11 PNG::PNG JPEG::JPEG
    WebP::webp utf8proc::utf8proc xxHash::xxhash Threads::Threads)
