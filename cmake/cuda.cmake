# CUDA kernels. KERATIN_HAS_CUDA says whether this build has device code.
set(KERATIN_HAS_CUDA 0)
file(GLOB_RECURSE KERATIN_CUDA_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/kernels/*.cu)
if(NOT KERATIN_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "KERATIN_CUDA is \"${KERATIN_CUDA}\"; expected AUTO, ON or OFF")
endif()
if(NOT KERATIN_CUDA STREQUAL "OFF")
  # As the toolkit's installer puts it there; nvcc need not be on PATH.
  if(NOT DEFINED CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
    find_program(KERATIN_NVCC nvcc HINTS $ENV{CUDA_HOME}/bin $ENV{CUDA_PATH}/bin PATHS /usr/local/cuda/bin)
    mark_as_advanced(KERATIN_NVCC)
    if(KERATIN_NVCC)
      set(ENV{CUDACXX} ${KERATIN_NVCC})  # where check_language looks: what does not work counts as not found
    endif()
  endif()
  # 80 as PTX too, which later GPUs can translate; that of 90a they cannot.
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES "80;90a-real")
  endif()
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    enable_language(CUDA)
    set(KERATIN_HAS_CUDA 1)
    find_package(CUDAToolkit REQUIRED)
  elseif(KERATIN_CUDA STREQUAL "ON")
    message(FATAL_ERROR "KERATIN_CUDA=ON, but no nvcc was found; put it on PATH or set CMAKE_CUDA_COMPILER")
  endif()
endif()

set(KERATIN_HAS_CUDA ${KERATIN_HAS_CUDA} CACHE INTERNAL "Does this build have device code?")

# The device code and the host's side of it, into the library. The runtime is linked statically, the driver
# not at all: the same binary runs where there is neither a driver nor a GPU.
function(keratin_add_cuda)
  add_library(keratin_cuda OBJECT ${KERATIN_CUDA_SOURCES})
  target_include_directories(keratin_cuda PRIVATE ${PROJECT_SOURCE_DIR} ${KERATIN_GENERATED})
  # -std too, as CMake 3.25 does not hand CUDA_STANDARD 20 on to nvcc 13.
  target_compile_options(keratin_cuda PRIVATE -std=c++20 -lineinfo --expt-relaxed-constexpr)
  # What only Hopper has, nvcc compiles for 90a alone; without it rungs that need it do not run.
  if(CMAKE_CUDA_ARCHITECTURES MATCHES "90a")
    target_compile_definitions(keratin_cuda PRIVATE KERATIN_CUDA_90A)
  endif()
  set_target_properties(keratin_cuda PROPERTIES POSITION_INDEPENDENT_CODE ON CUDA_STANDARD 20
                                                CUDA_SEPARABLE_COMPILATION OFF CUDA_RUNTIME_LIBRARY Static)
  target_sources(keratin PRIVATE $<TARGET_OBJECTS:keratin_cuda>)
  set_target_properties(keratin PROPERTIES CUDA_RUNTIME_LIBRARY Static)
  target_link_libraries(keratin PRIVATE CUDA::cudart_static)
  # Programs of the kernels alone.
  target_sources(keratin_kernels INTERFACE $<TARGET_OBJECTS:keratin_cuda>)
  target_link_libraries(keratin_kernels INTERFACE CUDA::cudart_static)
endfunction()
