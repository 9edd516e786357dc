# hwy::hwy, for our build and for those who use the installed library.
find_package(hwy QUIET)
if(NOT TARGET hwy::hwy)  # a Highway with a pkg-config file only
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(KERATIN_HWY REQUIRED IMPORTED_TARGET libhwy)
  add_library(hwy::hwy INTERFACE IMPORTED)
  target_link_libraries(hwy::hwy INTERFACE PkgConfig::KERATIN_HWY)
endif()
