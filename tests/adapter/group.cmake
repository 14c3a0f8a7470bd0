# the diffusion models and what trains in them
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp ${PROJECT_SOURCE_DIR}/tests/models/diffusion_*_test.cpp)
opad_test(test_diffusion_models ${sources})
