# Reads SOURCE as text. Every folder of include/opad that the table of slots names has an all.hpp, a list of policies as
# hana::tuple_t<...>, as have the folders below; in it stands, by the name of its header, each policy of the folder;
# opad.hpp includes each all.hpp; and each list is named under tests/laws/, where its policies meet their laws.
set(include ${SOURCE}/include/opad)
set(complaints "")

file(READ ${include}/recipe/slots.hpp table)
string(REGEX MATCHALL "SLOT\\([a-z_]+, \"[^\"]+\", [A-Za-z]+, \"[a-z_]+\"" slots "${table}")
if(slots STREQUAL "")
  message(FATAL_ERROR "recipe/slots.hpp: no slots were found in the table")
endif()
foreach(slot IN LISTS slots)
  string(REGEX REPLACE ".*\"([a-z_]+)\"$" "\\1" folder "${slot}")
  if(NOT EXISTS ${include}/${folder}/all.hpp)
    list(APPEND complaints "${folder}/, the folder of a slot, has no all.hpp")
  endif()
endforeach()

# what is no policy: the folder's concept, and what its policies are made of
set(no_policy
    adapter/adapter adapter/add_lora adapter/ip_adapter adapter/lora_file adapter/lora_form adapter/textual_inversion adapter/trained_folder
    adversarial/adversarial adversarial/critic_list
    adversarial/augmentation/augmentation adversarial/head/head adversarial/head/perceptron
    adversarial/objective/objective adversarial/regulariser/regulariser
    average/average coupling/coupling coupling/filter/filter encoder/backbone encoder/class_token
    learning_rate/learning_rate loss/loss loss/loss_list loss/color loss/sorted_distance optimiser/optimiser optimiser/clip_gradient_norm
    real/real
    schedule/noise_schedule schedule/schedule_choice schedule/diffusion schedule/prediction schedule/spacing
    schedule/scheduler_config
    student_sampler/student_sampler target/target tokens/tokens weighting/weighting words/words
    space/backbones_of space/denoiser space/networks space/passes space/picture_cache space/render space/resize space/space)
foreach(header IN LISTS no_policy)
  if(NOT EXISTS ${include}/${header}.hpp)
    list(APPEND complaints "${header}.hpp, which is said to be no policy, is not there")
  endif()
endforeach()

file(READ ${include}/opad.hpp everything)
file(GLOB suites ${SOURCE}/tests/laws/*.cpp)
set(laws "")
foreach(suite IN LISTS suites)
  file(READ ${suite} text)
  string(APPEND laws "${text}")
endforeach()

file(GLOB_RECURSE lists RELATIVE ${include} ${include}/*/all.hpp)
foreach(list IN LISTS lists)
  get_filename_component(folder ${list} DIRECTORY)
  file(READ ${include}/${list} text)
  string(FIND "${everything}" "#include <opad/${list}>" at)
  if(at EQUAL -1)
    list(APPEND complaints "opad.hpp does not include ${list}")
  endif()
  if(NOT text MATCHES "auto ([a-z_]+) =[ \n]*(boost::)?hana::tuple_t<(.*)>;")
    list(APPEND complaints "${list} holds no list, hana::tuple_t<...>")
    continue()
  endif()
  set(name ${CMAKE_MATCH_1})
  string(TOLOWER " ${CMAKE_MATCH_3} " named)
  if(NOT folder STREQUAL "recipe/presets" AND NOT laws MATCHES "all::${name}[^a-z_]")
    list(APPEND complaints "all::${name} is under no laws (tests/laws/)")
  endif()
  file(GLOB headers RELATIVE ${include} ${include}/${folder}/*.hpp)
  foreach(header IN LISTS headers)
    string(REGEX REPLACE "\\.hpp$" "" header "${header}")
    get_filename_component(policy ${header} NAME)
    string(REPLACE "_" "" policy "${policy}")
    if(policy STREQUAL "all" OR header IN_LIST no_policy)
      continue()
    endif()
    if(NOT named MATCHES "[^a-z0-9]${policy}[^a-z0-9]")
      list(APPEND complaints "${header}.hpp: its policy does not stand in ${list}")
    endif()
  endforeach()
endforeach()

if(complaints)
  list(JOIN complaints "\n  " text)
  message(FATAL_ERROR "\n  ${text}")
endif()
list(LENGTH lists count)
message(STATUS "${count} lists")
