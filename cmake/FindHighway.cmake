# Google Highway's sorting library (optional) as the target Highway::contrib, whose users see OPAD_HIGHWAY defined. Where it is
# missing the target is empty, and LibTorch sorts.
find_path(Highway_INCLUDE_DIR hwy/contrib/sort/vqsort.h)
find_library(Highway_contrib_LIBRARY hwy_contrib)
find_library(Highway_LIBRARY hwy)
mark_as_advanced(Highway_INCLUDE_DIR Highway_contrib_LIBRARY Highway_LIBRARY)
set(Highway_FOUND FALSE)
if(Highway_INCLUDE_DIR AND Highway_contrib_LIBRARY AND Highway_LIBRARY)
  set(Highway_FOUND TRUE)
endif()
if(NOT TARGET Highway::contrib)
  add_library(Highway::contrib INTERFACE IMPORTED)
  if(Highway_FOUND)
    set_target_properties(Highway::contrib PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${Highway_INCLUDE_DIR}"
                          INTERFACE_COMPILE_DEFINITIONS OPAD_HIGHWAY
                          INTERFACE_LINK_LIBRARIES "${Highway_contrib_LIBRARY};${Highway_LIBRARY}")
  endif()
endif()
