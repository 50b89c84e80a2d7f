# Build rules that every folder shares: warnings, and one function a library.

add_compile_options(-Wall -Wextra -Wno-unused-parameter -Wno-comment)
if(NOT LLVM_ENABLE_RTTI)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fno-rtti>)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False positives of GCC 12, most inside LLVM's headers.
  add_compile_options(-Wno-redundant-move -Wno-maybe-uninitialized -Wno-dangling-reference -Wno-array-bounds -Wno-stringop-overread -Wno-restrict)
endif()

# pdq_add_library(NAME source... [LINK library...])
# A static library of one stage; it waits for all generated headers.
function(pdq_add_library name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${name} PUBLIC ${ARG_LINK} MLIR LLVM)
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  install(TARGETS ${name} EXPORT PDQTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  add_dependencies(${name} PDQGenerated)
endfunction()
