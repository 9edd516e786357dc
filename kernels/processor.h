#pragma once

#include <string>

namespace keratin::kernels {

/// What the user should know of a processor on which kernels are slow; "" of any other.
std::string processor_warning();

/// Products of bfloat16 by vectors of 512 bits: does the processor have vdpbf16ps, and the system
/// keep the registers? False where the kernels were compiled without.
bool has_avx512_bfloat16();
/// The same by tiles (AMX, tdpbf16ps). On Linux the first call asks the kernel for their use.
bool has_amx_bfloat16();
/// An x86 processor made by AMD?
bool is_amd();

}  // namespace keratin::kernels
