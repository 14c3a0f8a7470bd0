# the policies: every one of them under the laws of its slot, and what is particular to each
set(sources "")
foreach(folder laws adversarial coupling learning_rate loss optimiser target weighting)
  file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/*.cpp)
  list(APPEND sources ${found})
endforeach()
opad_test(test_policies ${sources})

# Every header of a slot's folder is in the folder's list, and every list is under its laws.
add_test(NAME "headers: every policy is in its folder's list"
         COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -P ${CMAKE_CURRENT_LIST_DIR}/lists.cmake)
