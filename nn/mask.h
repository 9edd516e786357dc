// Masks: which time steps of a batch of sequences count. They travel attached to variables.
#pragma once

#include <string>

#include "autograd/variable.h"

namespace keratin {

/// The mask that a variable carries: bool, true where it counts, usually [batch, time] beside
/// [batch, time, ...]; not defined() where there is none, and all counts.
[[nodiscard]] Tensor mask_of(const Variable& x);

/// x with a mask: the same value and record, another handle, so that x itself stays as it is.
/// mask: bool, or numbers (0 does not count), of the shape of x's leading axes. Layers read it,
/// pass it on or drop it; losses and means over samples leave out what does not count. Throws
/// ShapeError, DTypeError (strings).
///
///     const Variable y = layer(with_mask(x, greater(lengths, arange(0, 20))));
[[nodiscard]] Variable with_mask(const Variable& x, const Tensor& mask);

namespace detail {

/// `mask` as bool. Throws as with_mask does; `what` names the place.
Tensor checked_mask(const std::string& what, const Tensor& mask, const Shape& x);
/// Makes a variable that nobody else holds yet carry a mask.
void attach_mask(const Variable& fresh, const Tensor& mask);
/// `to` carries what `from` carries, where it has no mask of its own.
const Variable& keep_mask(const Variable& from, const Variable& to);
/// sample_weight and mask as one weight, f32: their product, each repeated along the axes that only
/// the other has. Either may be not defined(); so is the result where both are.
Tensor masked_weight(const Tensor& sample_weight, const Tensor& mask);

}  // namespace detail
}  // namespace keratin
