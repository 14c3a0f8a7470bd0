# Everything opad stands on, found once: read by this build and, installed, by find_package(opad).

# LibTorch, in this order: CMAKE_PREFIX_PATH or Torch_DIR, a Python with torch (its wheel carries LibTorch), the private
# virtual environment that scripts/setup makes beside the sources.
if(NOT Torch_DIR)
  find_package(Torch QUIET CONFIG)
endif()
if(NOT Torch_FOUND AND NOT Torch_DIR)
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
find_package(Torch 2.4 QUIET CONFIG)
if(NOT Torch_FOUND)
  message(FATAL_ERROR "opad: no LibTorch >= 2.4. Run scripts/setup, or `pip install torch`, or give -DTorch_DIR=<libtorch>/share/cmake/Torch")
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
find_package(Threads REQUIRED)

# the target `torch`, not ${TORCH_LIBRARIES}: that holds absolute paths, and an exported package must stay relocatable
set(OPAD_DEPENDENCIES torch Eigen3::Eigen Boost::headers nlohmann_json::nlohmann_json CLI11::CLI11 PNG::PNG JPEG::JPEG
    WebP::webp utf8proc::utf8proc Threads::Threads)
