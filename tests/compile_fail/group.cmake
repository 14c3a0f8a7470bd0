# Code that must not compile, and the sentences that it must print; and the tutorial's code, which must compile as written.
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
add_library(opad_compile_only OBJECT EXCLUDE_FROM_ALL ${sources})  # never built: its commands are read
target_link_libraries(opad_compile_only PRIVATE opad_build)
target_compile_options(opad_compile_only PRIVATE $<$<CONFIG:Release>:-O0>)
target_compile_definitions(opad_compile_only PRIVATE $<$<BOOL:${OPAD_COMPILED}>:OPAD_COMPILED>)  # as the tests are
target_precompile_headers(opad_compile_only REUSE_FROM opad_pch_quick)
set_target_properties(opad_compile_only PROPERTIES EXPORT_COMPILE_COMMANDS TRUE)
list(GET sources 0 like)
set(check ${CMAKE_COMMAND} -DCOMMANDS=${PROJECT_BINARY_DIR}/compile_commands.json -DLIKE=${like})
foreach(source IN LISTS sources)
  get_filename_component(name ${source} NAME_WE)
  add_test(NAME "compile errors: ${name}" COMMAND ${check} -DSOURCE=${source} -P ${CMAKE_CURRENT_LIST_DIR}/check.cmake)
endforeach()

# Every fenced block of the tutorial that begins with "// FILE" becomes that file.
set(tutorial ${PROJECT_BINARY_DIR}/tutorial)
add_test(NAME "tutorial: the new loss compiles as written" COMMAND ${check} -DTUTORIAL=${PROJECT_SOURCE_DIR}/docs/tutorial-new-loss.md
         -DWORK=${tutorial} -DCHECK=${CMAKE_CURRENT_LIST_DIR}/check.cmake -P ${CMAKE_CURRENT_LIST_DIR}/tutorial.cmake)
