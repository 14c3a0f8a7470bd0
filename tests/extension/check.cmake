# Trains what lab-train and lab-compare (BIN) train for two steps each, on the models and photographs of SOURCE, in WORK; makes
# pictures of it with the repository's own GENERATE, which knows none of its types; scores it.
set(ENV{OMP_NUM_THREADS} 1)
set(tiny ${SOURCE}/models/tiny)
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})

function(start)  # a program, which must succeed
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${WORK} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT code EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nleft with ${code}\n${output}")
  endif()
endfunction()
function(train recipe folder)
  start(${BIN}/lab-train --recipe ${recipe} --models ${tiny} --instance-data ${SOURCE}/data/photos/cat --instance-prompt "<new1> cat"
        --initializer-token photo --resolution 96 --steps 2 --batch-size 2 --preview-count 1 --teacher-preview-steps 2
        --validation-prompt "a <new1> cat" --output ${WORK}/${folder} ${ARGN})
endfunction()
# The hash of a picture that `generate` makes with a folder of trained weights.
function(picture_with trained model result)
  start(${GENERATE} --model ${tiny}/${model} --base ${tiny}/teacher --adapters ${WORK}/${trained} --prompt "a <new1> cat" --count 1
        --resolution 96 --steps 2 --output ${WORK}/pictures --overwrite)
  file(SHA256 ${WORK}/pictures/0-0.png hash)
  set(${result} ${hash} PARENT_SCOPE)
endfunction()
function(need)
  foreach(file IN LISTS ARGN)
    if(NOT EXISTS ${WORK}/${file})
      message(FATAL_ERROR "the run left no ${file}")
    endif()
  endforeach()
endfunction()
# A copy of a trained folder without some of its files must give another picture.
function(counts trained model what)
  picture_with(${trained} ${model} with)
  file(REMOVE_RECURSE ${WORK}/without)
  file(COPY ${WORK}/${trained}/ DESTINATION ${WORK}/without)
  file(REMOVE ${WORK}/without/adapters.json)  # it names what is missing now
  foreach(file IN LISTS ARGN)
    need(without/${file})
    file(REMOVE_RECURSE ${WORK}/without/${file})
  endforeach()
  picture_with(without ${model} without)
  if(with STREQUAL without)
    message(FATAL_ERROR "${trained}: ${what} changes nothing in the pictures of generate")
  endif()
endfunction()

# ---- every kind's hyper-parameters are options ------------------------------------------------------------------------
# (numbers that binary fractions hold, so that they are read as they were written)
set(compared --loss.charbonnier.eps 0.125 --weighting.bias -1.5 --target.share 0.25)
set(judged --mean-patches ${tiny}/dino --critic.mean-patches.weight 0.03125 --critic.mean-patches.head.hidden 16
           --critic.mean-patches.regulariser.epsilon 0.125 --critic.mean-patches.flip.probability 0.25
           --critic.latent-statistics.decay 0.0625 --critic.latent-statistics.weight 0.5 --real.most 0.25)
set(trained --coupling.period 1 --words.probability 0.25 --tokens.most 0.125 --teacher-adapter.cross-only true
            --sampler.share 0.375 --noise-schedule.shift 0.75 --student-optimiser.beta2 0.75 --learning-rate.factor 0.25
            --average.burn-in 1)
foreach(recipe IN ITEMS compared judged trained)
  set(options ${${recipe}})
  if(NOT recipe STREQUAL "trained")
    list(APPEND options --student-optimiser.learning-rate 0.0078125)  # two steps must show in a picture of bytes
  endif()
  train(${recipe} ${recipe} ${options})
  need(${recipe}/adapters.json ${recipe}/teacher/adapters.json ${recipe}/summary.json)
  file(READ ${WORK}/${recipe}/config.json config)
  while(options)
    list(POP_FRONT options name value)
    string(SUBSTRING ${name} 2 -1 name)
    string(REPLACE "." ";" path ${name})
    string(JSON got ERROR_VARIABLE error GET "${config}" options ${path})
    if(error OR NOT (got STREQUAL value OR (value STREQUAL "true" AND got)))
      message(FATAL_ERROR "config.json says ${got} for ${name}, not ${value} ${error}")
    endif()
  endwhile()
endforeach()

# ---- generate loads it ---------------------------------------------------------------------------------------------------
set(weights pytorch_custom_diffusion_weights.safetensors)
counts(compared student "what it trained" ${weights})
counts(judged student "what it trained" ${weights})
need(trained/head_scales.safetensors trained/teacher/head_scales.safetensors)
counts(trained student "an adapter of its own" unet_changes.safetensors)
counts(trained/teacher teacher "an adapter of its own" unet_changes.safetensors)
counts(trained student "a noise schedule of its own" scheduler)
file(READ ${WORK}/trained/scheduler/scheduler_config.json schedule)
string(JSON betas LENGTH "${schedule}" trained_betas)
if(NOT betas EQUAL 1000)
  message(FATAL_ERROR "the noise schedule was left with ${betas} betas")
endif()

# ---- a resumed run is the same: optimiser, average and coupling lose nothing ---------------------------------------------
train(trained whole --steps 4 --checkpoint-every 2)
file(COPY ${WORK}/whole/ DESTINATION ${WORK}/resumed)
file(REMOVE_RECURSE ${WORK}/resumed/checkpoints/step-4)
file(REMOVE ${WORK}/resumed/head_scales.safetensors ${WORK}/resumed/teacher/head_scales.safetensors)
start(${BIN}/lab-train --recipe trained --resume ${WORK}/resumed)
foreach(file IN ITEMS head_scales.safetensors teacher/head_scales.safetensors)
  file(SHA256 ${WORK}/whole/${file} one)
  file(SHA256 ${WORK}/resumed/${file} other)
  if(NOT one STREQUAL other)
    message(FATAL_ERROR "a resumed run ends with another ${file}")
  endif()
endforeach()

# ---- a sweep scores it, and asks each row's student as that row does -----------------------------------------------------
file(WRITE ${WORK}/rows.json "{\"*\": {\"mean-patches\": \"${tiny}/dino\", \"student-optimiser.learning-rate\": 0.01}}")
set(sweep ${BIN}/lab-compare --models ${tiny} --output ${WORK}/sweep --evaluation-encoders ${SOURCE}/tests/golden/evaluate/metrics
    --concepts plain-duck --seeds 3 --steps 2 --batch-size 1 --prompts 2 --pictures 1 --initializer-token photo
    --row-options ${WORK}/rows.json)
start(${sweep})
file(READ ${WORK}/sweep/table.csv table)
foreach(row IN ITEMS compared judged trained trained-given-teacher)
  need(sweep/${row}/plain-duck/seed-3/results.json)
  if(NOT table MATCHES "\n${row},dino,")
    message(FATAL_ERROR "no scores of ${row} in\n${table}")
  endif()
endforeach()
set(run ${WORK}/sweep/trained/plain-duck/seed-3)
file(SHA256 ${run}/evaluation/000-0.png asked_so)
file(READ ${run}/config.json config)
string(JSON config SET "${config}" options sampler share 0.9)
file(WRITE ${run}/config.json "${config}")
file(REMOVE ${run}/results.json)
start(${sweep} --only trained)
file(SHA256 ${run}/evaluation/000-0.png asked_otherwise)
if(asked_so STREQUAL asked_otherwise)
  message(FATAL_ERROR "the scored pictures do not depend on the sampler of their row")
endif()
