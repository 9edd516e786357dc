# Settings that every target of the project shares, as the interface target keratin_options.
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_EXTENSIONS OFF)
find_program(KERATIN_CCACHE ccache)
if(KERATIN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${KERATIN_CCACHE})
endif()

# What makes a first build quicker and a changed file's build slower. Off with ccache, which by default
# keeps nothing of what is compiled with precompiled headers.
set(whole ON)
if(CMAKE_CXX_COMPILER_LAUNCHER MATCHES "ccache")
  set(whole OFF)
endif()
option(KERATIN_WHOLE_BUILD "Precompile common headers, and compile many sources as one" ${whole})

add_library(keratin_options INTERFACE)
target_compile_features(keratin_options INTERFACE cxx_std_20)
# -Wrestrict: GCC 12 warns falsely about std::string. An enumerator without its case is a step forgotten.
target_compile_options(keratin_options INTERFACE -Wall -Wextra -Werror=switch $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> $<$<BOOL:${KERATIN_WERROR}>:-Werror>)
if(KERATIN_SANITIZE)
  target_compile_options(keratin_options INTERFACE -fsanitize=${KERATIN_SANITIZE} -fno-omit-frame-pointer
                                                   -fno-sanitize-recover=all
                                                   # Of one target, after what it takes back.
                                                   $<TARGET_PROPERTY:KERATIN_NOT_SANITIZED>)
  target_link_options(keratin_options INTERFACE -fsanitize=${KERATIN_SANITIZE})
endif()

# Highway picks the best instruction set at run time from those that were compiled. Left out by default: sets between the
# baseline and AVX2, and those past AVX-512 (the better a set, the lower its bit), which bring these kernels nothing.
set(KERATIN_SIMD_DEFINITIONS "HWY_DISABLED_TARGETS=(HWY_SSSE3|HWY_SSE4|(HWY_AVX3-1))")
set(KERATIN_SIMD_OPTIONS "")
if(KERATIN_SIMD STREQUAL "native")
  set(KERATIN_SIMD_DEFINITIONS HWY_COMPILE_ONLY_STATIC)
  set(KERATIN_SIMD_OPTIONS -march=native)
elseif(NOT KERATIN_SIMD STREQUAL "default")
  message(FATAL_ERROR "KERATIN_SIMD is \"${KERATIN_SIMD}\"; expected default or native")
endif()
