# Training on a GPU that is none (pretend_device.cpp), which knows the inside of one version of LibTorch.
include(${Torch_DIR}/TorchConfigVersion.cmake OPTIONAL)
if(PACKAGE_VERSION VERSION_GREATER_EQUAL 2.13 AND PACKAGE_VERSION VERSION_LESS 2.14)
  opad_test(test_device ${CMAKE_CURRENT_LIST_DIR}/waits_test.cpp ${CMAKE_CURRENT_LIST_DIR}/pretend_device.cpp)
else()
  add_test(NAME "test_device: training on a pretend GPU"
           COMMAND ${CMAKE_COMMAND} -E echo "skipped: pretend_device.cpp knows LibTorch 2.13, here is ${PACKAGE_VERSION}")
  set_tests_properties("test_device: training on a pretend GPU" PROPERTIES SKIP_REGULAR_EXPRESSION "skipped:")
endif()
