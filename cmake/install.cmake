# `cmake --install`: the library, its headers under include/keratin, and what find_package(keratin) reads.
option(KERATIN_INSTALL "Make rules for cmake --install" ${PROJECT_IS_TOP_LEVEL})
if(NOT KERATIN_INSTALL)
  return()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Two folders on the users' path: they write <keratin/keratin.h>, our own headers "tensor/tensor.h".
set(KERATIN_HEADERS ${CMAKE_INSTALL_INCLUDEDIR}/keratin)
target_include_directories(keratin INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
                                             $<INSTALL_INTERFACE:${KERATIN_HEADERS}>)
install(FILES keratin.h ${KERATIN_GENERATED}/keratin/build_config.h DESTINATION ${KERATIN_HEADERS})
install(DIRECTORY kernels tensor autograd data nn DESTINATION ${KERATIN_HEADERS} FILES_MATCHING PATTERN *.h)
install(FILES ${KERATIN_GENERATED}/autograd/ops.h DESTINATION ${KERATIN_HEADERS}/autograd)

set(KERATIN_PACKAGE ${CMAKE_INSTALL_LIBDIR}/cmake/keratin)
set_target_properties(keratin PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION})
install(TARGETS keratin EXPORT keratin)
install(EXPORT keratin NAMESPACE keratin:: FILE keratinTargets.cmake DESTINATION ${KERATIN_PACKAGE})
configure_package_config_file(cmake/keratinConfig.cmake.in ${PROJECT_BINARY_DIR}/keratinConfig.cmake
                              INSTALL_DESTINATION ${KERATIN_PACKAGE} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/keratinConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/keratinConfig.cmake ${PROJECT_BINARY_DIR}/keratinConfigVersion.cmake
              cmake/dependencies.cmake
        DESTINATION ${KERATIN_PACKAGE})
