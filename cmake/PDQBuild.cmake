# Build rules that every folder shares: warnings, and one function a library.

add_compile_options(-Wall -Wextra -Wno-unused-parameter -Wno-comment)
if(NOT LLVM_ENABLE_RTTI)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fno-rtti>)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False positives of GCC 12, most inside LLVM's headers.
  add_compile_options(-Wno-redundant-move -Wno-maybe-uninitialized -Wno-dangling-reference -Wno-array-bounds -Wno-stringop-overread -Wno-restrict)
endif()

# Sanitizers for our own code. MLIR and LLVM stay as they are packaged, which
# scripts/sanitize tells the sanitizers.
set(PDQ_SANITIZE "" CACHE STRING "Sanitizers: thread, or address;undefined")
if(PDQ_SANITIZE)
  list(JOIN PDQ_SANITIZE "," PDQ_SANITIZERS)
  # Without run-time type information, vptr has nothing to compare.
  add_compile_options(-O1 -gline-tables-only -fno-omit-frame-pointer
    -fsanitize=${PDQ_SANITIZERS} -fno-sanitize-recover=all
    $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize=vptr,function>)
  add_link_options(-fsanitize=${PDQ_SANITIZERS})
endif()

# Most of the time of a compilation is spent in MLIR's headers, so they are parsed
# once: for libraries (position independent) and for programs. Sources include what
# they use all the same; clang-tidy and GCC compile them without.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(PDQ_PRECOMPILE_HEADERS_DEFAULT ON)
endif()
option(PDQ_PRECOMPILE_HEADERS "Parse MLIR's headers once" ${PDQ_PRECOMPILE_HEADERS_DEFAULT})
set(PDQ_PRECOMPILED_HEADERS
  <mlir/Dialect/Affine/IR/AffineOps.h>
  <mlir/Dialect/Arith/IR/Arith.h>
  <mlir/Dialect/Func/IR/FuncOps.h>
  <mlir/Dialect/GPU/IR/GPUDialect.h>
  <mlir/Dialect/Linalg/IR/Linalg.h>
  <mlir/Dialect/Linalg/Transforms/Transforms.h>
  <mlir/Dialect/Math/IR/Math.h>
  <mlir/Dialect/MemRef/IR/MemRef.h>
  <mlir/Dialect/SCF/IR/SCF.h>
  <mlir/Dialect/Tensor/IR/Tensor.h>
  <mlir/Dialect/Vector/IR/VectorOps.h>
  <mlir/IR/IRMapping.h>
  <mlir/IR/ImplicitLocOpBuilder.h>
  <mlir/IR/Matchers.h>
  <mlir/IR/PatternMatch.h>
  <mlir/Pass/PassManager.h>
  <mlir/Transforms/GreedyPatternRewriteDriver.h>
  <mlir/Transforms/RegionUtils.h>)

# pdq_parse_headers_once(CARRIER)
# Adds the target whose precompiled header others reuse. It names its directory, so
# ccache neither keeps it nor looks into it: it takes the file beside it, which names
# the headers (`sloppiness = pch_defines,time_macros` and `pch_external_checksum`,
# which scripts/build sets).
function(pdq_parse_headers_once carrier)
  file(WRITE ${PROJECT_BINARY_DIR}/${carrier}.cpp "")
  add_library(${carrier} OBJECT ${PROJECT_BINARY_DIR}/${carrier}.cpp)
  set_target_properties(${carrier} PROPERTIES CXX_COMPILER_LAUNCHER "")
  target_precompile_headers(${carrier} PRIVATE ${PDQ_PRECOMPILED_HEADERS})
  file(GLOB libraries ${LLVM_LIBRARY_DIRS}/libMLIR.so ${LLVM_LIBRARY_DIRS}/libLLVM.so)
  set(versions "")
  foreach(library ${libraries})
    file(TIMESTAMP ${library} time)
    list(APPEND versions "${library} ${time}")
  endforeach()
  file(WRITE ${PROJECT_BINARY_DIR}/CMakeFiles/${carrier}.dir/cmake_pch.hxx.pch.sum
    "${CMAKE_CXX_COMPILER_VERSION} ${LLVM_VERSION} ${versions} ${PDQ_PRECOMPILED_HEADERS}")
endfunction()

if(PDQ_PRECOMPILE_HEADERS)
  pdq_parse_headers_once(PDQPrecompiledLibrary)
  set_target_properties(PDQPrecompiledLibrary PROPERTIES POSITION_INDEPENDENT_CODE ON)
  pdq_parse_headers_once(PDQPrecompiledProgram)
endif()

# pdq_precompile_headers(TARGET KIND)
# Lets a target of KIND Library or Program take the headers that are parsed once.
function(pdq_precompile_headers target kind)
  if(PDQ_PRECOMPILE_HEADERS)
    target_precompile_headers(${target} REUSE_FROM PDQPrecompiled${kind})
  endif()
endfunction()

# pdq_add_library(NAME source... [LINK library...])
# A static library of one stage; it waits for all generated headers.
function(pdq_add_library name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${name} PUBLIC ${ARG_LINK} MLIR LLVM)
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  install(TARGETS ${name} EXPORT PDQTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  add_dependencies(${name} PDQGenerated)
  pdq_precompile_headers(${name} Library)
  set_property(GLOBAL APPEND PROPERTY PDQ_LIBRARIES ${name})
endfunction()
