# programs that the Python scripts of this folder drive; built on demand
opad_test_executable(adapters_writer ${CMAKE_CURRENT_LIST_DIR}/adapters_writer.cpp)
set_target_properties(adapters_writer PROPERTIES EXCLUDE_FROM_ALL TRUE)
