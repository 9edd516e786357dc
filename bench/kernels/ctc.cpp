#include "kernels/ctc/ctc.h"

#include <deque>

#include "bench/harness.h"

namespace keratin::bench {
namespace {

using Shape = kernels::CtcShape;

// Lines of handwriting, sentences of speech.
const std::vector<Shape> shapes = {{32, 100, 80, 20}, {16, 500, 32, 100}};

// Every class in turn but the blank.
const std::int32_t* labels_of(const Shape& s) {
  static std::deque<std::vector<std::int32_t>> kept;
  std::vector<std::int32_t>& labels = kept.emplace_back();
  for (std::int64_t i = 0; i < s.batch * s.labels; ++i)
    labels.push_back(1 + static_cast<std::int32_t>(i % (s.classes - 1)));
  return labels.data();
}

const bool row = add_ladder(kernels::ctc_ladder<float>, shapes, [](Buffers& b, const Shape& s) {
  return std::tuple(b.input<float>(s.batch * s.steps * s.classes), labels_of(s),
                    b.output<float>(s.batch));
});
const bool gradient_row =
    add_ladder(kernels::ctc_gradient_ladder<float>, shapes, [](Buffers& b, const Shape& s) {
      return std::tuple(b.input<float>(s.batch * s.steps * s.classes), labels_of(s),
                        b.input<float>(s.batch), b.output<float>(s.batch * s.steps * s.classes));
    });

}  // namespace
}  // namespace keratin::bench
