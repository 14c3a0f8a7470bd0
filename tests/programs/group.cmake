# the programs themselves, started as a user starts them
opad_add_experiment(stopping_opad ${CMAKE_CURRENT_LIST_DIR}/stopping_opad.cpp)
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*_test.cpp)
opad_test(test_programs ${sources})
add_dependencies(test_programs stopping_opad opad_train generate export_trained presets direct critics teaching ablate_losses ablate_coupling baselines evaluate sprites)
