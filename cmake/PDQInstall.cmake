# Installs headers, libraries and tools, and exports them for find_package(PDQ).

include(CMakePackageConfigHelpers)
set(PDQ_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/pdq)

foreach(root ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  install(DIRECTORY ${root}/include/pdq DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.h" PATTERN "*.td" PATTERN "*.inc"
    PATTERN "CMakeFiles" EXCLUDE)
endforeach()
install(EXPORT PDQTargets DESTINATION ${PDQ_CMAKE_DIR})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/PDQConfig.cmake.in
  ${PROJECT_BINARY_DIR}/PDQConfig.cmake
  INSTALL_DESTINATION ${PDQ_CMAKE_DIR}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_BINDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/PDQConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/PDQConfig.cmake ${PROJECT_BINARY_DIR}/PDQConfigVersion.cmake
  DESTINATION ${PDQ_CMAKE_DIR})

# Tools that exist in this configuration; the tests of find_package need only
# the libraries, so the tools are a component of their own.
foreach(tool pdq-opt pdq-run pdq-translate pdq-lsp-server)
  if(TARGET ${tool})
    install(TARGETS ${tool} RUNTIME COMPONENT tools)
  endif()
endforeach()
