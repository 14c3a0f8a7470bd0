# Installs BUILD to one place, moves it to WORK/prefix, and looks for paths of the sources or the build in what was installed.
file(REMOVE_RECURSE ${WORK}/first ${WORK}/prefix)
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/first OUTPUT_QUIET RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "the installation failed")
endif()
file(RENAME ${WORK}/first ${WORK}/prefix)

file(GLOB_RECURSE installed ${WORK}/prefix/*.cmake)
foreach(file IN LISTS installed)
  file(READ ${file} text)
  foreach(path IN ITEMS ${SOURCE} ${BUILD})
    string(FIND "${text}" "${path}" at)
    if(NOT at EQUAL -1)
      message(FATAL_ERROR "${file} names ${path}: the installed package would not survive a move")
    endif()
  endforeach()
endforeach()

# a program finds the models that were installed beside it
execute_process(COMMAND ${WORK}/prefix/bin/opad --steps 0 --output ${WORK}/none ERROR_VARIABLE error RESULT_VARIABLE code)
if(NOT code EQUAL 2 OR NOT EXISTS ${WORK}/prefix/share/opad/models/mini/teacher/model_index.json)
  message(FATAL_ERROR "the installed opad left with ${code}: ${error}")
endif()

# and a new project's README names the rates for them
if(NOT EXISTS ${WORK}/prefix/share/opad/experiments/demo.json)
  message(FATAL_ERROR "the rates for the mini world are not installed")
endif()
