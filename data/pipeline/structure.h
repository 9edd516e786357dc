// What elements consist of, and whether two are made alike.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tensor/several.h"

namespace keratin::data::detail {

struct PartOfExample {
  const char* name;
  Tensors Example::*tensors;
};
inline constexpr std::array<PartOfExample, 3> kParts = {
    {{"x", &Example::x}, {"y", &Example::y}, {"sample_weight", &Example::sample_weight}}};

/// "none", "one tensor", "a list of 3" or "\"a\", \"b\"".
std::string structure(const Tensors& tensors);

bool same_structure(const Tensors& a, const Tensors& b);

/// "x f32[10, 4], y u8[9]".
std::string listing(const Example& example);

/// How a part's tensor is called in messages: "y", "x \"image\"", "x 2".
std::string tensor_name(const char* part, const Tensors& tensors, std::int64_t position);

/// Throws ValueError, naming `what`, unless elements from 1 on have the structure of element 0.
void require_same_structure(const char* what, const std::vector<Example>& batch);

/// Stacks elements along a new leading axis; at least one. Throws ShapeError, DTypeError or
/// ValueError, naming `what`, where they differ.
Example stack(const char* what, const std::vector<Example>& batch);

/// A copy whose tensors have storage of their own.
Example copy_of(const Example& example);

/// f of every tensor, in order.
void for_each_tensor(const Example& example, const std::function<void(const Tensor&)>& f);

}  // namespace keratin::data::detail
