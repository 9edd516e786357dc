// Which sanitizer watches the kernels. The emulation's own sources are compiled without any, so
// that the build says it by a definition; in kernels the compiler does.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(CUDA_EMULATION_UNDER_ASAN)
#define CUDA_EMULATION_ASAN 1
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__) || defined(CUDA_EMULATION_UNDER_TSAN)
#define CUDA_EMULATION_TSAN 1
#include <sanitizer/tsan_interface.h>
extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
}
#endif
