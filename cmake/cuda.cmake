# CUDA kernels. KERATIN_HAS_CUDA says whether this build has device code: none has yet.
set(KERATIN_HAS_CUDA 0)
file(GLOB_RECURSE KERATIN_CUDA_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/kernels/*.cu)
if(NOT KERATIN_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "KERATIN_CUDA is \"${KERATIN_CUDA}\"; expected AUTO, ON or OFF")
endif()
# So far the kernels run on the emulation of tests/cuda_emulation/ only: the host's side of CUDA is missing.
if(KERATIN_CUDA STREQUAL "ON")
  message(FATAL_ERROR "KERATIN_CUDA=ON, but the library cannot use a GPU yet; use AUTO or OFF")
endif()
