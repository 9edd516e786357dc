// Does the compiler know the instructions for bfloat16 of x86-64 (AVX-512 BF16, AMX)? Highway 1.0.3
// has no target for them, so their kernels are functions with attributes.
#pragma once

#if defined(__x86_64__) && (defined(__clang__) ? __clang_major__ >= 12 : __GNUC__ >= 11)
#define KERATIN_X86_BFLOAT16 1
#else
#define KERATIN_X86_BFLOAT16 0
#endif
