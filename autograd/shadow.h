// Weights of mixed_bfloat16 on a GPU: a second copy in bfloat16, which operations read in place of
// a cast in each step. It is made by the first operation that wants it, and written by the
// optimizer in the pass that writes the weight; after any other write it is made again when wanted.
#pragma once

#include "autograd/variable.h"
#include "kernels/bfloat16.h"

namespace keratin::detail {

/// May x have one? A leaf of float32 on a GPU that wants a gradient.
bool takes_shadow(const Variable& x);

/// cast(x, bfloat16), recorded: the shadow, for what takes_shadow. To be read only.
Variable shadow_of(const Variable& x);

/// Makes a stale shadow anew; nothing where there is none.
void refresh_shadow(const Variable& x);

/// Where the optimizer is to write the shadow; nullptr: there is none.
BFloat16* shadow_to_write(const Variable& x);
/// Both were written, and the weight was marked as changed.
void shadow_was_written(const Variable& x);

}  // namespace keratin::detail
