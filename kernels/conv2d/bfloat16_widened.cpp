// bfloat16 by float32: some images at a time, so that no copy of all of them is made. And the
// reference.
#include <algorithm>
#include <vector>

#include "kernels/cast/cast.h"
#include "kernels/conv2d/bfloat16.h"
#include "kernels/parallel.h"
#include "kernels/run.h"
#include "kernels/scratch.h"

namespace keratin::kernels::cpu {
namespace {

constexpr std::int64_t kMostFloats = 1 << 21;  // of the images of a call: 8 MiB

void widen(const BFloat16* from, float* to, std::int64_t n) {
  pick(cast_ladder<BFloat16, float>, {n}).function(from, to, {n});
}
void narrow(const float* from, BFloat16* to, std::int64_t n) {
  pick(cast_ladder<float, BFloat16>, {n}).function(from, to, {n});
}

Conv2dShape with_batch(Conv2dShape s, std::int64_t batch) {
  s.batch = batch;
  return s;
}

std::int64_t images_at_once(const Conv2dShape& s) {
  const Conv2dShape one = with_batch(s, 1);
  return std::clamp<std::int64_t>(kMostFloats / (one.in_size() + one.out_size()), 1,
                                  std::max<std::int64_t>(1, s.batch));
}

// Calls f(first image, shape of some of them) for all.
template <class F>
void for_each_part(const Conv2dShape& s, F f) {
  const std::int64_t most = images_at_once(s), parts = (s.batch + most - 1) / most;
  for (std::int64_t i = 0; i < parts; ++i) {
    const std::int64_t first = i * s.batch / parts;
    f(first, with_batch(s, (i + 1) * s.batch / parts - first));
  }
}

std::vector<double> in_double(const BFloat16* x, std::int64_t n) {
  std::vector<double> wide(static_cast<std::size_t>(n));
  std::transform(x, x + n, wide.begin(),
                 [](BFloat16 v) { return static_cast<double>(to_float(v)); });
  return wide;
}
void round_all(const std::vector<double>& x, BFloat16* y) {
  std::transform(x.begin(), x.end(), y,
                 [](double v) { return to_bfloat16(static_cast<float>(v)); });
}

}  // namespace

void conv2d_bfloat16_reference(const BFloat16* x, const BFloat16* w, BFloat16* y,
                               const Epilogue<BFloat16>& e, const Conv2dShape& s) {
  if (s.batch == 0) return;
  const auto bias = in_double(e.bias, e.bias != nullptr ? s.out_c : 0);
  std::vector<double> sums(static_cast<std::size_t>(s.out_size()));
  conv2d_reference<double>(in_double(x, s.in_size()).data(), in_double(w, s.weight_size()).data(),
                           sums.data(), {e.bias != nullptr ? bias.data() : nullptr, e.activation},
                           s);
  round_all(sums, y);
}
void conv2d_input_gradient_bfloat16_reference(const BFloat16* dy, const BFloat16* w, BFloat16* dx,
                                              const Conv2dShape& s) {
  if (s.batch == 0) return;
  std::vector<double> sums(static_cast<std::size_t>(s.in_size()));
  conv2d_input_gradient_reference<double>(in_double(dy, s.out_size()).data(),
                                          in_double(w, s.weight_size()).data(), sums.data(), s);
  round_all(sums, dx);
}
void conv2d_weight_gradient_bfloat16_reference(const BFloat16* x, const BFloat16* dy, BFloat16* dw,
                                               const Conv2dShape& s) {
  std::vector<double> sums(static_cast<std::size_t>(s.weight_size()));
  conv2d_weight_gradient_reference<double>(in_double(x, s.in_size()).data(),
                                           in_double(dy, s.out_size()).data(), sums.data(), s);
  round_all(sums, dw);
}

void conv2d_bfloat16_widened(const BFloat16* x, const BFloat16* w, BFloat16* y,
                             const Epilogue<BFloat16>& e, const Conv2dShape& s) {
  if (s.batch == 0) return;
  const Conv2dShape most = with_batch(s, images_at_once(s));
  const FloatScratch weights(s.weight_size()), bias(s.out_c), in(most.in_size()),
      out(most.out_size());
  widen(w, weights.data(), s.weight_size());
  if (e.bias != nullptr) widen(e.bias, bias.data(), s.out_c);
  for_each_part(s, [&](std::int64_t first, const Conv2dShape& part) {
    const Conv2dShape one = with_batch(s, 1);
    widen(x + first * one.in_size(), in.data(), part.in_size());
    pick(conv2d_ladder<float>, part)
        .function(in.data(), weights.data(), out.data(),
                  {e.bias != nullptr ? bias.data() : nullptr, e.activation}, part);
    narrow(out.data(), y + first * one.out_size(), part.out_size());
  });
}

void conv2d_input_gradient_bfloat16_widened(const BFloat16* dy, const BFloat16* w, BFloat16* dx,
                                            const Conv2dShape& s) {
  if (s.batch == 0) return;
  const Conv2dShape most = with_batch(s, images_at_once(s));
  const FloatScratch weights(s.weight_size()), in(most.in_size()), out(most.out_size());
  widen(w, weights.data(), s.weight_size());
  for_each_part(s, [&](std::int64_t first, const Conv2dShape& part) {
    const Conv2dShape one = with_batch(s, 1);
    widen(dy + first * one.out_size(), out.data(), part.out_size());
    pick(conv2d_input_gradient_ladder<float>, part)
        .function(out.data(), weights.data(), in.data(), part);
    narrow(in.data(), dx + first * one.in_size(), part.in_size());
  });
}

void conv2d_weight_gradient_bfloat16_widened(const BFloat16* x, const BFloat16* dy, BFloat16* dw,
                                             const Conv2dShape& s) {
  const Conv2dShape most = with_batch(s, images_at_once(s));
  const std::int64_t size = s.weight_size();
  const FloatScratch sums(size), part_sums(size), in(most.in_size()), out(most.out_size());
  std::fill_n(sums.data(), size, 0.0f);
  for_each_part(s, [&](std::int64_t first, const Conv2dShape& part) {
    const Conv2dShape one = with_batch(s, 1);
    widen(x + first * one.in_size(), in.data(), part.in_size());
    widen(dy + first * one.out_size(), out.data(), part.out_size());
    pick(conv2d_weight_gradient_ladder<float>, part)
        .function(in.data(), out.data(), part_sums.data(), part);
    for (std::int64_t i = 0; i < size; ++i) sums.data()[i] += part_sums.data()[i];
  });
  narrow(sums.data(), dw, size);
}

}  // namespace keratin::kernels::cpu
