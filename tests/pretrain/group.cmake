# scripts/pretrain itself, on next to no data
if(NOT OPAD_BUILD_PROGRAMS)
  message(STATUS "OPAD_BUILD_PROGRAMS is off: without the tests of the programs (pretrain)")
  return()
endif()
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*_test.cpp)
opad_test(test_pretrain ${sources})
add_dependencies(test_pretrain pretraining opad_train generate)
