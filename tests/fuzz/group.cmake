# libFuzzer targets under the address and undefined-behaviour sanitizers; scripts/fuzz builds and runs them. Clang only.
option(OPAD_FUZZ "Build the fuzz targets" OFF)
if(OPAD_FUZZ)
  foreach(target safetensors config tokenizer image pickle adapters run_folder)
    add_executable(fuzz_${target} EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/${target}.cpp)
    target_link_libraries(fuzz_${target} PRIVATE opad::opad)
    target_compile_definitions(fuzz_${target} PRIVATE OPAD_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_compile_options(fuzz_${target} PRIVATE -O1 -g1 -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined
                           -fno-sanitize=vptr -fno-sanitize-recover=undefined)  # LibTorch's classes come without their type information
    target_link_options(fuzz_${target} PRIVATE -fsanitize=fuzzer,address,undefined)
  endforeach()
endif()
