# The engine of several ranks, c10d with Gloo in LibTorch, as the target c10d::gloo, empty where there is none.
#
# PyTorch's packages carry Gloo inside libtorch_cpu, and c10d's header of it, but not the five headers of Gloo that this one names.
# Nothing of them is called from outside: the declarations below are all that it needs to be read. A distribution's libgloo-dev would
# be another version than the one inside. Two processes that add a tensor prove it.
set(_gloo ${CMAKE_BINARY_DIR}/gloo)
file(CONFIGURE OUTPUT ${_gloo}/gloo/algorithm.h CONTENT "#pragma once\n")
file(CONFIGURE OUTPUT ${_gloo}/gloo/common/error.h CONTENT "#pragma once\n")
file(CONFIGURE OUTPUT ${_gloo}/gloo/context.h CONTENT "#pragma once
#include <chrono>
namespace gloo {
struct Context {
  void setTimeout(std::chrono::milliseconds);
};
}
")
file(CONFIGURE OUTPUT ${_gloo}/gloo/transport/device.h CONTENT "#pragma once
namespace gloo::transport {
class Device;
class UnboundBuffer;
}
")
file(CONFIGURE OUTPUT ${_gloo}/gloo/rendezvous/store.h CONTENT "#pragma once
#include <chrono>
#include <string>
#include <vector>
namespace gloo::rendezvous {
struct Store {
  virtual ~Store();
  virtual void set(const std::string&, const std::vector<char>&) = 0;
  virtual std::vector<char> get(const std::string&) = 0;
  virtual void wait(const std::vector<std::string>&) = 0;
  virtual void wait(const std::vector<std::string>&, const std::chrono::milliseconds&) = 0;
};
}
")

get_filename_component(_torch_folder "${Torch_DIR}/../../.." ABSOLUTE)
string(MD5 _torch "${_torch_folder}")
function(_opad_try_gloo result)
  set(CMAKE_CXX_STANDARD 20)
  set(CMAKE_CXX_STANDARD_REQUIRED ON)
  set(CMAKE_TRY_COMPILE_CONFIGURATION Debug)
  try_run(${result}_RUNS ${result}_COMPILES ${CMAKE_BINARY_DIR}/gloo-try ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/ranks_try.cpp
          CMAKE_FLAGS "-DINCLUDE_DIRECTORIES=${_gloo};${_torch_folder}/include;${_torch_folder}/include/torch/csrc/api/include"
          COMPILE_DEFINITIONS -DUSE_DISTRIBUTED -DUSE_C10D_GLOO ${TORCH_CXX_FLAGS}
          LINK_LIBRARIES ${_torch_folder}/lib/libtorch_cpu.so ${_torch_folder}/lib/libc10.so)
endfunction()
if(NOT DEFINED _opad_gloo_${_torch}_COMPILES AND NOT CMAKE_CROSSCOMPILING)  # where nothing can be run, nothing is proved
  message(STATUS "opad: trying two ranks with c10d's Gloo")
  _opad_try_gloo(_opad_gloo_${_torch})
endif()
# It has been compiled and never been run, so nobody gets it unasked.
option(OPAD_NCCL "ranks exchange what lies on GPUs through c10d's NCCL, not through the CPU's memory (never run yet)" OFF)
if(NOT TARGET c10d::gloo)
  add_library(c10d::gloo INTERFACE IMPORTED)
  if(_opad_gloo_${_torch}_COMPILES AND "${_opad_gloo_${_torch}_RUNS}" STREQUAL "0")
    set(OPAD_GLOO_FOUND TRUE)
    target_compile_definitions(c10d::gloo INTERFACE OPAD_RANKS USE_DISTRIBUTED USE_C10D_GLOO)
    target_include_directories(c10d::gloo INTERFACE ${_gloo})
    if(OPAD_NCCL)
      find_package(CUDAToolkit REQUIRED)
      find_path(OPAD_NCCL_HEADERS nccl.h HINTS ${_torch_folder}/../nvidia/nccl/include REQUIRED)  # pip's package has it
      target_compile_definitions(c10d::gloo INTERFACE OPAD_NCCL USE_C10D_NCCL)
      target_include_directories(c10d::gloo INTERFACE ${OPAD_NCCL_HEADERS} ${CUDAToolkit_INCLUDE_DIRS})
      target_link_libraries(c10d::gloo INTERFACE ${_torch_folder}/lib/libtorch_cuda.so ${_torch_folder}/lib/libc10_cuda.so CUDA::cudart)
    endif()
  elseif(NOT opad_FIND_QUIETLY)
    message(STATUS "opad: no c10d with Gloo in this LibTorch: programs know one process")
  endif()
endif()
