#include <fmt/format.h>

#include "kernels/ctc/ctc.h"
#include "kernels/ctc/sample.h"

namespace keratin::kernels {

std::string CtcShape::text() const {
  return fmt::format("[{}, {}, {}] labels {}", batch, steps, classes, labels);
}

std::string check_ctc_labels(const std::int32_t* labels, const CtcShape& s) {
  for (std::int64_t b = 0; b < s.batch; ++b, labels += s.labels) {
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < s.labels; ++i) {
      if (labels[i] < 0 || labels[i] >= s.classes) {
        return fmt::format(
            "label {} of sample {} is {}; expected 1 to {}, as there are {} classes, or 0 after "
            "the last label",
            i, b, labels[i], s.classes - 1, s.classes);
      }
      if (labels[i] == 0) continue;
      if (count != i) {
        return fmt::format(
            "label {} of sample {} is 0, and labels follow; 0 stands for the blank and is expected "
            "after the last label only. Number the labels from 1.",
            count, b);
      }
      ++count;
    }
    if (count > s.steps) {
      return fmt::format(
          "sample {} has {} labels, its predictions have {} steps; expected at least one step a "
          "label",
          b, count, s.steps);
    }
  }
  return "";
}

namespace cpu {

template <class T>
void ctc_reference(const T* log_p, const std::int32_t* labels, T* loss, const CtcShape& s) {
  for (std::int64_t b = 0; b < s.batch; ++b)
    loss[b] = static_cast<T>(ctc::sample_of(b, log_p, labels, s).loss());
}

template <class T>
void ctc_gradient_reference(const T* log_p, const std::int32_t* labels, const T* dloss, T* dlog_p,
                            const CtcShape& s) {
  for (std::int64_t b = 0; b < s.batch; ++b) {
    ctc::sample_of(b, log_p, labels, s)
        .gradient(static_cast<double>(dloss[b]), dlog_p + b * s.steps * s.classes);
  }
}

#define KERATIN_INSTANTIATE(T)                                                      \
  template void ctc_reference(const T*, const std::int32_t*, T*, const CtcShape&);  \
  template void ctc_gradient_reference(const T*, const std::int32_t*, const T*, T*, \
                                       const CtcShape&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
#undef KERATIN_INSTANTIATE

}  // namespace cpu
}  // namespace keratin::kernels
