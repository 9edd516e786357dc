// FLOPs and bytes of every CUDA rung beside the least that its operation takes, counted as the
// kernels run on the emulation: a table for bench/results/README.md.
//
//   keratin_gpu_counts
#include <fmt/core.h>

#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "bench/gpu_counts/counter.h"
#include "kernels/batch_normalization/relu.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/copy/copy.h"
#include "kernels/cross_entropy/cross_entropy.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/gather/gather.h"
#include "kernels/gemm/gemm.h"
#include "kernels/layer_normalization/layer_normalization.h"
#include "kernels/optimizer/optimizer.h"
#include "kernels/pool2d/pool2d.h"
#include "kernels/reduce/matches.h"
#include "kernels/reduce/reduce.h"
#include "kernels/reduce/relu.h"
#include "kernels/resize/resize.h"
#include "kernels/run.h"
#include "kernels/softmax/softmax.h"
#include "kernels/transpose/transpose.h"
#include "kernels/warp/warp.h"
#include "tests/cuda_emulation/emulated_gpu.h"
#include "tests/cuda_emulation/engine.h"

namespace keratin::bench {
namespace {

using namespace kernels;

template <class T>
T* on_gpu(const std::vector<T>& values) {
  Accelerator& gpu = tests::emulated_gpu();
  void* const memory = gpu.allocate(std::max<std::size_t>(1, values.size()) * sizeof(T), 0);
  gpu.to_gpu(memory, values.data(), values.size() * sizeof(T), gpu.stream(0));
  return static_cast<T*>(memory);
}
float* normal(std::int64_t count) {
  static std::mt19937_64 random(1);
  std::normal_distribution<float> distribution;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = distribution(random);
  return on_gpu(values);
}
float* positive(std::int64_t count) {
  return on_gpu(std::vector<float>(static_cast<std::size_t>(count), 0.5F));
}
std::int32_t* indices(std::int64_t count, std::int64_t below) {
  std::vector<std::int32_t> values;
  for (std::int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<std::int32_t>(i * 7919 % below));
  return on_gpu(values);
}

std::string bytes_text(double bytes) { return fmt::format("{:.2f}", bytes / 1e6); }

/// A row for each rung of a ladder on a shape.
template <class Fn, std::size_t N, class... Args>
void count(const Ladder<Fn, N>& ladder, const ShapeOf<Fn>& shape, Args... args) {
  Accelerator& gpu = tests::emulated_gpu();
  const Stream stream = gpu.stream(0);
  const Cost cost = ladder.cost(shape);
  std::string op = fmt::format("`{}` {}", ladder.op, detail::shape_text(shape));
  const BoundRungs bound = gpu.rungs(&ladder);
  const std::span rungs(static_cast<const CudaRung<Fn>*>(bound.rungs), bound.count);
  for (const CudaRung<Fn>& rung : rungs) {
    if (!rung.can_take(shape, stream)) continue;
    gpu.synchronize(stream);
    start_counting();
    rung.function(args..., shape, stream);
    gpu.synchronize(stream);
    const Traffic traffic = stop_counting();
    const auto moved = static_cast<double>(traffic.moved);
    fmt::print("| {} | `{}` | {:.2f} | {} | {} | {} | {} | {:.2f} | {:.1f} |\n", op, rung.name,
               cost.flops / 1e6, bytes_text(cost.bytes),
               bytes_text(static_cast<double>(traffic.touched)),
               bytes_text(static_cast<double>(traffic.requested)), bytes_text(moved),
               cost.bytes / moved, cost.flops / moved);
    op.clear();
  }
}

void products() {
  const GemmShape s = gemm_shape(256, 256, 128);
  count(gemm_ladder<float>, s, normal(256 * 128), normal(128 * 256), normal(256 * 256),
        Epilogue<float>{});
  const auto image = [](std::int64_t size, std::int64_t in, std::int64_t out, std::int64_t kernel,
                        std::int64_t stride, std::int64_t groups) {
    const std::int64_t to = size / stride;
    return Conv2dShape{.batch = 2,
                       .in_h = size,
                       .in_w = size,
                       .in_c = in,
                       .out_h = to,
                       .out_w = to,
                       .out_c = out,
                       .kernel_h = kernel,
                       .kernel_w = kernel,
                       .stride_h = stride,
                       .stride_w = stride,
                       .pad_top = kernel / 2,
                       .pad_left = kernel / 2,
                       .groups = groups};
  };
  for (const Conv2dShape& c : {image(16, 32, 64, 3, 1, 1), image(16, 16, 64, 3, 2, 1),
                               image(16, 32, 32, 3, 1, 32), image(16, 32, 32, 3, 1, 8)}) {
    float *const x = normal(c.in_size()), *const w = normal(c.weight_size()),
                 *const y = normal(c.out_size());
    count(conv2d_ladder<float>, c, x, w, y, Epilogue<float>{});
    count(conv2d_input_gradient_ladder<float>, c, y, w, x);
    count(conv2d_weight_gradient_ladder<float>, c, x, y, w);
  }
}

void rows() {
  for (const std::int64_t cols : {256, 2048}) {
    const std::int64_t rows = 131072 / cols;
    float *const x = normal(131072), *const y = normal(131072), *const z = normal(131072);
    const SoftmaxShape s{rows, cols};
    count(softmax_ladder<float>, s, x, y);
    count(softmax_gradient_ladder<float>, s, x, y, z);
    const CrossEntropyShape c{rows, cols};
    count(sparse_cross_entropy_ladder<float>, c, x, indices(rows, cols), normal(rows));
    count(sparse_cross_entropy_total_ladder<float>, c, x, indices(rows, cols), normal(1));
    count(sparse_cross_entropy_gradient_ladder<float>, c, x, indices(rows, cols), normal(rows), z);
    const LayerNormShape l{rows, cols, 1e-3};
    float *const mean = normal(rows), *const scale = normal(rows);
    count(layer_norm_ladder<float>, l, x, normal(cols), normal(cols), y, mean, scale);
    count(layer_norm_gradient_ladder<float>, l, x, y, normal(cols), mean, scale, z, normal(cols),
          normal(cols));
  }
  const SoftmaxShape longest{8, 16384};
  count(softmax_ladder<float>, longest, normal(131072), normal(131072));
  const BatchNormShape b{4096, 64, 1e-3};
  float *const x = normal(4096 * 64), *const y = normal(4096 * 64), *const z = normal(4096 * 64);
  float *const mean = normal(64), *const variance = positive(64);
  count(batch_moments_ladder<float>, b, x, mean, variance);
  count(batch_norm_ladder<float>, b, x, mean, variance, normal(64), normal(64), y);
  count(batch_norm_gradient_ladder<float>, b, x, y, mean, variance, normal(64), z, normal(64),
        normal(64));
  float *const added = normal(4096 * 64), *const dz = normal(4096 * 64);
  for (const bool residual : {false, true}) {
    const BatchNormReluShape r{b, residual};
    count(batch_norm_relu_ladder<float>, r, x, mean, variance, normal(64), normal(64), added, y);
    count(batch_norm_relu_gradient_ladder<float>, r, x, added, y, mean, variance, normal(64), z, dz,
          normal(64), normal(64));
  }
}

void images() {
  const Pool2dShape p{.batch = 2,
                      .in_h = 32,
                      .in_w = 32,
                      .channels = 64,
                      .out_h = 16,
                      .out_w = 16,
                      .winner_bytes = 1};
  float *const x = normal(p.in_size()), *const y = normal(p.out_size()),
               *const dx = normal(p.in_size());
  auto* const winners = reinterpret_cast<std::uint8_t*>(normal(p.out_size() / 4));
  count(max_pool2d_ladder<float>, p, x, y, winners);
  count(max_pool2d_gradient_ladder<float>, p, winners, y, dx);
  count(average_pool2d_ladder<float>, p, x, y);
  count(average_pool2d_gradient_ladder<float>, p, y, dx);
  const ResizeShape r = resize_shape(2, 60, 60, 3, 75, 75);
  float *const image = normal(r.image_size()), *const large = normal(r.out_size());
  count(resize_ladder<float>, r, image, large);
  count(resize_gradient_ladder<float>, r, large, image);
  WarpShape w{2, 60, 60, 3, 60, 60};
  float* const matrices = on_gpu<float>(
      {0.95F, 0.3F, -2, -0.3F, 0.95F, 3, 0, 0, 0.95F, -0.3F, 2, 0.3F, 0.95F, -3, 0, 0});
  count(warp_ladder<float>, w, image, matrices, normal(w.out_size()));
  count(warp_gradient_ladder<float>, w, image, matrices, normal(w.in_size()));
}

void elements() {
  constexpr std::int64_t kSize = 1 << 17;
  float *const x = normal(kSize), *const y = normal(kSize), *const z = normal(kSize);
  count(unary_ladder<float>, {Unary::exp, kSize}, x, y);
  const BinaryShape add{.op = Binary::add, .rank = 1, .sizes = {kSize}, .a = {1}, .b = {1}};
  count(binary_ladder<float>, add, x, y, z);
  count(reduce_ladder<float>, {Reduction::sum, 1, kSize, 1}, x, y);
  count(reduce_ladder<float>, {Reduction::sum, 1, 1024, 128}, x, y);
  count(relu_sums_ladder<float>, {4096, 32}, x, y, z, normal(32));
  count(matches_ladder<std::int32_t>, {1024, 128}, x, indices(1024, 128), normal(1));
  std::int64_t* const places = on_gpu(std::vector<std::int64_t>(128));
  count(arg_reduce_ladder<float>, {true, 128, 1024, 1}, x, places);
  count(arg_reduce_ladder<float>, {true, 1, kSize, 1}, x, places);
  count(transpose_ladder, {.rank = 2, .element_size = 4, .sizes = {512, 256}, .perm = {1, 0}}, x,
        y);
  static const float one = 1;
  const auto* const value = static_cast<const void*>(&one);
  count(strided_copy_ladder,
        copy_into(std::vector<std::int64_t>{16, 32, 64}, std::vector<std::int64_t>{16, 32, 128},
                  std::vector<std::int64_t>{0, 0, 64}, std::vector<std::int64_t>{1, 1, 1}, 4),
        x, y);
  count(pad_ladder,
        {.rank = 4,
         .element_size = 4,
         .sizes = {2, 16, 16, 64},
         .before = {0, 1, 1, 0},
         .after = {0, 1, 1, 0}},
        x, y, value);
  count(one_hot_ladder<std::int32_t>, {512, 100}, indices(512, 100), static_cast<void*>(y), value);
  const GatherShape g{.outer = 1, .table_rows = 1000, .count = 1024, .cols = 64, .element_size = 4};
  count(gather_ladder<std::int32_t>, g, x, indices(1024, 1000), static_cast<void*>(y));
  count(scatter_add_ladder<float, std::int32_t>, g, x, indices(1024, 1000), y);
  UpdateShape u{.update = Update::adam,
                .size = kSize,
                .learning_rate = 1e-3,
                .beta_1 = 0.9,
                .beta_2 = 0.999,
                .epsilon = 1e-7};
  const std::vector<UpdatedTensor<float>> tensors = {{x, y, {z, positive(kSize), nullptr}, kSize}};
  count(update_ladder<float>, u, std::span<const UpdatedTensor<float>>(tensors));
}

}  // namespace
}  // namespace keratin::bench

int main() {
  cuda_emulation::set_os_threads(1);
  fmt::print(
      "| Operation | Rung | MFLOP | Floor, MB | Touched | Requested | Moved | Floor / moved | FLOP "
      "a "
      "byte moved |\n|---|---|---|---|---|---|---|---|---|\n");
  keratin::bench::products();
  keratin::bench::rows();
  keratin::bench::images();
  keratin::bench::elements();
}
