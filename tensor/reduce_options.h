#pragma once

#include "tensor/shape.h"

namespace keratin {

/// Of sum, mean, max, argmax ...: along which axes (all of them unless given), and whether these
/// stay, with size 1.
struct ReduceOptions {
  Axes axis = {};
  bool keepdims = false;
};

}  // namespace keratin
