# Several processes: what they train equals what one does, and what happens when one of them dies. The label is ranks.
if(NOT OPAD_PYTHON3)
  find_program(OPAD_PYTHON3 python3)
endif()
set(ranks_tests
    "equal: N ranks equal one that accumulates N batches"
    "errors: what cannot work is one line of each rank, and no folder"
    "stop: SIGTERM on any rank is one checkpoint for all, and another number of ranks goes on"
    "death: a rank that dies ends the others, and the run goes on to the same result"
    "torchrun: a rank that dies is started again and the result is the same"
    "mpirun: Open MPI starts two ranks"
    "srun: Slurm starts two ranks"
    "shard: parts of a sweep in separate folders make the table of one worker"
    "sweep: workers share a sweep, and what one leaves is taken over")
foreach(test IN LISTS ranks_tests)
  string(REGEX REPLACE ":.*" "" case "${test}")
  set(steps 6)
  if(case MATCHES "^(equal|mpirun|srun)$")
    set(steps 2)
  endif()
  if(OPAD_PYTHON3 AND OPAD_GLOO_FOUND)
    add_test(NAME "ranks: ${test}" COMMAND ${OPAD_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/ranks.py ${case} --bin ${PROJECT_BINARY_DIR}/bin
             --count $<IF:$<STREQUAL:${case},torchrun>,1,2> --steps ${steps})
  else()
    add_test(NAME "ranks: ${test}" COMMAND ${CMAKE_COMMAND} -E echo "skipped: no python3, or no c10d with Gloo")
  endif()
  set_tests_properties("ranks: ${test}" PROPERTIES LABELS ranks SKIP_RETURN_CODE 77 SKIP_REGULAR_EXPRESSION "skipped:" TIMEOUT 300)
endforeach()

# The model of what ranks take is compared with what they take, in a short form: that it runs, not what it says.
if(OPAD_PYTHON3 AND OPAD_GLOO_FOUND)
  add_test(NAME "ranks: benchmarks/scaling.py compares its model with two ranks"
           COMMAND ${OPAD_PYTHON3} ${PROJECT_SOURCE_DIR}/benchmarks/scaling.py --binaries ${PROJECT_BINARY_DIR}/bin --ranks 1 2
                   --accumulation 2 --rounds 1 --steps 2 --links none)
  set_tests_properties("ranks: benchmarks/scaling.py compares its model with two ranks" PROPERTIES LABELS ranks TIMEOUT 300)
endif()
