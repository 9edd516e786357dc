# The storeys, one object library a folder, and the library that they make together.
include(${PROJECT_SOURCE_DIR}/cmake/dependencies.cmake)

set(KERATIN_GENERATED ${PROJECT_BINARY_DIR}/generated)
configure_file(cmake/build_config.h.in ${KERATIN_GENERATED}/keratin/build_config.h @ONLY)

# autograd/ops.h: every operation, by the presence of its header.
file(GLOB KERATIN_OP_HEADERS RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS autograd/ops/*.h)
set(KERATIN_OPS_H "// Generated: every operation that has a header in autograd/ops/.\n#pragma once\n\n")
foreach(header IN LISTS KERATIN_OP_HEADERS)
  string(APPEND KERATIN_OPS_H "#include \"${header}\"\n")
endforeach()
file(CONFIGURE OUTPUT ${KERATIN_GENERATED}/autograd/ops.h CONTENT "${KERATIN_OPS_H}" @ONLY)
file(CONFIGURE OUTPUT ${KERATIN_GENERATED}/keratin/keratin.h
     CONTENT "#pragma once\n\n#include \"${PROJECT_SOURCE_DIR}/keratin.h\"\n" @ONLY)

function(keratin_storey name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${name}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_library(keratin_${name} OBJECT ${sources})
  target_link_libraries(keratin_${name} PRIVATE keratin_options PUBLIC fmt::fmt Threads::Threads hwy::hwy)
  # A function that no header declares, such as a rung that its contract forgets.
  target_compile_options(keratin_${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wmissing-declarations>)
  target_include_directories(keratin_${name} PUBLIC ${PROJECT_SOURCE_DIR} ${KERATIN_GENERATED})
  set_target_properties(keratin_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_sources(keratin PRIVATE $<TARGET_OBJECTS:keratin_${name}>)
endfunction()

# Compiles these sources as one, `size` at a time: what they all instantiate is compiled once. Their unnamed
# namespaces are one then, so that a name stands for one thing in a folder.
function(keratin_unite name size)
  file(GLOB sources CONFIGURE_DEPENDS ${ARGN})
  string(REPLACE / _ name ${name})
  set(number 0)
  foreach(source IN LISTS sources)
    math(EXPR group "${number} / ${size}")
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${name}_${group})
    math(EXPR number "${number} + 1")
  endforeach()
endfunction()

file(CONFIGURE OUTPUT ${KERATIN_GENERATED}/empty.cpp CONTENT "" @ONLY)
add_library(keratin ${KERATIN_GENERATED}/empty.cpp)
add_library(keratin::keratin ALIAS keratin)
keratin_storey(kernels)
keratin_storey(tensor)
keratin_storey(autograd)
keratin_storey(data)
keratin_storey(nn)
if(KERATIN_HAS_CUDA)
  keratin_add_cuda()
endif()

if(TARGET keratin_kernels)
  target_compile_definitions(keratin_kernels PRIVATE ${KERATIN_SIMD_DEFINITIONS})
  target_compile_options(keratin_kernels PRIVATE ${KERATIN_SIMD_OPTIONS})
endif()
# The loops that count are kernels; elsewhere -O3 takes a seventh longer to compile, and sanitizers twice as long if they
# optimize.
foreach(storey IN ITEMS tensor autograd data nn)
  target_compile_options(keratin_${storey} PRIVATE $<$<CONFIG:Release>:-O2>)
  if(KERATIN_SANITIZE)
    # A quarter less to compile: what address finds too, and what only kernels could break.
    set_target_properties(keratin_${storey} PROPERTIES KERATIN_NOT_SANITIZED "-fno-sanitize=null,object-size,vptr,alignment")
    target_compile_options(keratin_${storey} PRIVATE -O0)
  endif()
endforeach()
# Fused multiply-adds, where a machine has them, would draw digits of other bits.
set_source_files_properties(data/datasets/digits.cpp PROPERTIES COMPILE_OPTIONS -ffp-contract=off
                                                                SKIP_PRECOMPILE_HEADERS ON)
if(KERATIN_WHOLE_BUILD)
  # Not for kernels: most include little but Highway, once for each instruction set.
  target_precompile_headers(keratin_tensor PRIVATE cmake/precompiled.h)
  foreach(storey IN ITEMS autograd data nn)
    target_precompile_headers(keratin_${storey} REUSE_FROM keratin_tensor)
  endforeach()
  # Inside of precompiled system headers GCC forgets that they are none of ours to warn about; and in a source that
  # another includes it takes unnamed namespaces for a header's.
  target_compile_options(keratin_options INTERFACE
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-subobject-linkage>")
  foreach(folder IN ITEMS tensor autograd autograd/ops data data/csv data/datasets data/directories data/images data/pipeline
                          data/utils nn nn/callbacks nn/inspect nn/layers nn/layers/preprocessing nn/losses
                          nn/metrics nn/model nn/optimizers nn/schedules)
    keratin_unite(${folder} 8 ${folder}/*.cpp)
  endforeach()
  keratin_unite(onnx 8 nn/saving/onnx/*.cpp)
  keratin_unite(hdf5 8 nn/saving/hdf5*.cpp)
  # Each would instantiate the JSON library anew.
  keratin_unite(json 100 nn/saving/*json*.cpp nn/saving/layer_registry.cpp nn/saving/model_file.cpp
                nn/saving/objects.cpp nn/saving/safetensors.cpp nn/saving/training_backup.cpp)
  set_target_properties(keratin_tensor keratin_autograd keratin_data keratin_nn PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endif()
set(KERATIN_DATA_LIBRARIES ZLIB::ZLIB CURL::libcurl JPEG::JPEG PNG::PNG PkgConfig::KERATIN_ZIP PkgConfig::KERATIN_UTF8PROC)
set(KERATIN_NN_LIBRARIES keratin_hdf5 ZLIB::ZLIB)
target_link_libraries(keratin_data PRIVATE ${KERATIN_DATA_LIBRARIES})
find_package(nlohmann_json 3.10 REQUIRED)  # headers only: who uses the installed library needs none
target_link_libraries(keratin_nn PRIVATE ${KERATIN_NN_LIBRARIES} nlohmann_json::nlohmann_json)

target_compile_features(keratin PUBLIC cxx_std_20)
target_include_directories(keratin PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
                                          $<BUILD_INTERFACE:${KERATIN_GENERATED}>)
target_link_libraries(keratin PRIVATE $<BUILD_INTERFACE:keratin_options> PUBLIC fmt::fmt Threads::Threads
                              PRIVATE hwy::hwy ${KERATIN_DATA_LIBRARIES} ${KERATIN_NN_LIBRARIES})
