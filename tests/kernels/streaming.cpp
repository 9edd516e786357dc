// Results past the caches: the same bits as by ordinary stores, nothing written beside them.
#include "kernels/streaming.h"

#include "kernels/conv2d/conv2d.h"
#include "kernels/layer_normalization/layer_normalization.h"
#include "kernels/pool2d/pool2d.h"
#include "kernels/scratch.h"
#include "kernels/softmax/softmax.h"
#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

// Whether results go past the caches, until the end of scope.
class Streams {
 public:
  explicit Streams(bool all) : before_(kernels::crossovers()) {
    kernels::Crossovers values = before_;
    values.streamed_bytes = all ? 0 : std::int64_t{1} << 60;
    kernels::set_crossovers(values);
  }
  ~Streams() { kernels::set_crossovers(before_); }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

 private:
  kernels::Crossovers before_;
};

// compute(to) writes `count` floats; from an aligned place on, and one float past it.
template <class Compute>
void check_streamed(std::int64_t count, Compute compute) {
  constexpr std::int64_t kGuard = 64;
  const auto result = [&](bool all, std::int64_t shift) {
    const Streams streams(all);
    const kernels::FloatScratch memory(count + kGuard);  // begins at a cache line
    std::fill_n(memory.data(), count + kGuard, -77.0F);
    compute(memory.data() + shift);
    CHECK((shift == 0 || memory.data()[0] == -77));
    for (std::int64_t i = count + shift; i < count + kGuard; ++i) CHECK(memory.data()[i] == -77);
    return std::vector<float>(memory.data() + shift, memory.data() + shift + count);
  };
  const auto plain = result(false, 0);
  for (const std::int64_t shift : {0, 1}) CHECK(same_bits(result(true, shift), plain));
}

}  // namespace

TEST_CASE("streamed results: depthwise convolution") {
  for (const std::int64_t channels : {16, 32, 48}) {
    const kernels::Conv2dShape s{.batch = 2,
                                 .in_h = 7,
                                 .in_w = 9,
                                 .in_c = channels,
                                 .out_h = 7,
                                 .out_w = 9,
                                 .out_c = channels,
                                 .kernel_h = 3,
                                 .kernel_w = 3,
                                 .pad_top = 1,
                                 .pad_left = 1,
                                 .groups = channels};
    const auto x = normal_values(s.in_size(), 1), w = normal_values(s.weight_size(), 2);
    for_each_rung(kernels::conv2d_ladder<float>, s, [&](auto* function) {
      check_streamed(s.out_size(), [&](float* y) { function(x.data(), w.data(), y, {}, s); });
    });
    for_each_rung(kernels::conv2d_input_gradient_ladder<float>, s, [&](auto* function) {
      check_streamed(s.in_size(), [&](float* dx) { function(x.data(), w.data(), dx, s); });
    });
  }
}

TEST_CASE("streamed results: pooling") {
  for (const std::int64_t channels : {5, 16, 32}) {
    for (const auto& [window, stride] : {std::pair{2, 2}, {3, 2}, {3, 3}, {4, 4}}) {
      kernels::Pool2dShape s{.batch = 3,
                             .in_h = 9,
                             .in_w = 11,
                             .channels = channels,
                             .out_h = (9 - window) / stride + 1,
                             .out_w = (11 - window) / stride + 1,
                             .pool_h = window,
                             .pool_w = window,
                             .stride_h = stride,
                             .stride_w = stride};
      const auto x = normal_values(s.in_size(), 3), dy = normal_values(s.out_size(), 4);
      for_each_rung(kernels::max_pool2d_ladder<float>, s, [&](auto* function) {
        check_streamed(s.out_size(), [&](float* y) { function(x.data(), y, nullptr, s); });
      });
      for_each_rung(kernels::average_pool2d_gradient_ladder<float>, s, [&](auto* function) {
        check_streamed(s.in_size(), [&](float* dx) { function(dy.data(), dx, s); });
      });
      s.winner_bytes = 1;
      std::vector<std::uint8_t> winners(static_cast<std::size_t>(s.out_size()));
      for_each_rung(kernels::max_pool2d_ladder<float>, s, [&](auto* function) {
        check_streamed(s.out_size(), [&](float* y) { function(x.data(), y, winners.data(), s); });
      });
      for_each_rung(kernels::max_pool2d_gradient_ladder<float>, s, [&](auto* function) {
        check_streamed(s.in_size(), [&](float* dx) { function(winners.data(), dy.data(), dx, s); });
      });
    }
  }
}

TEST_CASE("streamed results: layer normalization") {
  for (const std::int64_t cols : {16, 64, 77}) {
    const kernels::LayerNormShape s{13, cols, 1e-3};
    const auto x = normal_values(s.rows * cols, 5), dy = normal_values(s.rows * cols, 6);
    std::vector<float> mean(13), scale(13), of_columns(static_cast<std::size_t>(2 * cols));
    for_each_rung(kernels::layer_norm_ladder<float>, s, [&](auto* function) {
      check_streamed(s.rows * cols, [&](float* y) {
        function(x.data(), nullptr, nullptr, y, mean.data(), scale.data(), s);
      });
    });
    for_each_rung(kernels::layer_norm_gradient_ladder<float>, s, [&](auto* function) {
      check_streamed(s.rows * cols, [&](float* dx) {
        function(x.data(), dy.data(), nullptr, mean.data(), scale.data(), dx, of_columns.data(),
                 of_columns.data() + cols, s);
      });
    });
  }
}

TEST_CASE("streamed results: softmax") {
  for (const std::int64_t cols : {16, 48, 64, 77, 160}) {
    for (const std::int64_t rows : {1, 2, 7}) {
      const kernels::SoftmaxShape s{.rows = rows, .cols = cols};
      const auto x = normal_values(rows * cols, 7);
      for (const auto* ladder :
           {&kernels::softmax_ladder<float>, &kernels::log_softmax_ladder<float>}) {
        for_each_rung(*ladder, s, [&](auto* function) {
          check_streamed(rows * cols, [&](float* y) { function(x.data(), y, s); });
        });
      }
    }
  }
}

}  // namespace keratin::tests
