file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp ${CMAKE_CURRENT_LIST_DIR}/../sampler/*.cpp
     ${CMAKE_CURRENT_LIST_DIR}/../loss/ms_swd_test.cpp ${CMAKE_CURRENT_LIST_DIR}/../loss/lpips_test.cpp)
opad_test(test_schedule ${sources})
