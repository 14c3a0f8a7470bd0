# scripts/pretrain itself, on next to no data
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*_test.cpp)
opad_test(test_pretrain ${sources})
add_dependencies(test_pretrain pretraining opad_train generate)
