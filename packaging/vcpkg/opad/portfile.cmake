# The sources are the checkout that this folder lies in. LibTorch is not vcpkg's: it is that of Torch_DIR, or of a python3 with torch
# (docs/packaging.md).
set(SOURCE_PATH "${CURRENT_PORT_DIR}/../../..")
set(VCPKG_BUILD_TYPE release)  # headers alone
if(DEFINED ENV{Torch_DIR})
  set(torch "-DTorch_DIR=$ENV{Torch_DIR}")
endif()

vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    -DOPAD_BUILD_PROGRAMS=OFF
    -DOPAD_BUILD_TESTS=OFF
    -DOPAD_BUILD_BENCHMARKS=OFF
    ${torch}
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/opad)

file(REMOVE_RECURSE
  "${CURRENT_PACKAGES_DIR}/bin"        # opad-new writes projects for an installation of its own
  "${CURRENT_PACKAGES_DIR}/lib"
  "${CURRENT_PACKAGES_DIR}/share/doc"
)
file(INSTALL "${CURRENT_PORT_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
