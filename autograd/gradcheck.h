#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "autograd/variable.h"

namespace keratin {

struct GradCheck {
  double max_relative_error = 0;  // |analytic - numeric| / max(1, |analytic|, |numeric|)
  std::int64_t worst = 0;         // the element where it was found
  double analytic = 0, numeric = 0;
};

struct GradCheckOptions {
  std::uint64_t seed = 0;  // of the random gradient of the result
};

/// Holds the gradient of `f` at a point against central finite differences, both in float64, with
/// h = cbrt(eps) max(1, |x|) and a random gradient for the result (with ones softmax's would be
/// zero, and a broken rule would pass). `at` may be float32 or float64; float32 constants inside f
/// are widened. Every element of `at` costs two calls of f. Kinks (relu at 0, ties of max) are not
/// stepped around: choose another point.
GradCheck gradcheck(const std::function<Variable(const Variable&)>& f, const Tensor& at,
                    GradCheckOptions options = {});

/// The same for a function of several variables, each checked in turn; the worst is returned.
GradCheck gradcheck(const std::function<Variable(const std::vector<Variable>&)>& f,
                    const std::vector<Tensor>& at, GradCheckOptions options = {});

}  // namespace keratin
