#include "autograd/pooled_gradient.h"

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "kernels/parallel.h"
#include "kernels/run.h"
#include "tensor/cast.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using kernels::Activation;

Tensor some(const Shape& shape, std::uint64_t seed) {
  return cast(Tensor::from(normal_values(shape.size(), seed), shape), float32);
}
std::string unlike(const Tensor& y, const Tensor& expected, Tolerance tolerance) {
  return difference(y.to_vector<double>(), expected.to_vector<double>(), tolerance);
}

struct Case {
  Shape x, kernel;
  Conv2dOptions conv;
  Pool2dOptions pool;
};

const Activation kRelu = Activation::relu, kLinear = Activation::linear;
const std::vector<Case> kCases{
    {{3, 12, 11, 4}, {3, 3, 4, 16}, {.activation = kRelu}, {}},
    {{3, 12, 11, 4}, {3, 3, 4, 16}, {.padding = "same", .activation = kRelu}, {.padding = "same"}},
    // Cells in several windows, and in none.
    {{2, 13, 9, 3},
     {3, 3, 3, 8},
     {.activation = kRelu},
     {.pool_size = {3, 3}, .strides = {2, 2}, .padding = "same"}},
    {{2, 13, 9, 3}, {1, 1, 3, 5}, {.activation = kRelu}, {.pool_size = {2, 1}, .strides = {3, 2}}},
    {{2, 9, 9, 4}, {2, 2, 2, 6}, {.groups = 2, .activation = kLinear}, {.pool_size = {3, 3}}},
    {{1, 40, 40, 1}, {3, 3, 1, 2}, {.activation = kRelu}, {.pool_size = {17, 18}}},  // long numbers
    // Some images at a time; and not, as the weights are many.
    {{5, 76, 76, 3}, {3, 3, 3, 80}, {.padding = "same", .activation = kRelu}, {}},
    {{2, 64, 64, 16}, {5, 5, 16, 280}, {.activation = kRelu}, {.pool_size = {3, 3}}},
};

struct Taken {
  std::vector<Tensor> gradients;  // x's, unless it is a constant; the kernel's, the bias'
  bool spread_late = false;       // did relu see a number a window?
};

// Is a kernel called with this shape, while it lives?
class Watch : public kernels::TraceSink {
 public:
  explicit Watch(std::string shape)
      : shape_(std::move(shape)), before_(kernels::set_trace_sink(this)) {}
  ~Watch() override { kernels::set_trace_sink(before_); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  void record(const kernels::KernelCall& call) override { seen = seen || call.shape() == shape_; }
  bool seen = false;

 private:
  const std::string shape_;
  kernels::TraceSink* before_;
};

// The gradients by x, kernel and bias. `apart`: those of the pooling first, then the convolution's.
Taken taken(const Case& c, bool apart, bool wants_x = true) {
  const Variable x(some(c.x, 1), wants_x), w(some(c.kernel, 2)), b(some({c.kernel.back()}, 3));
  const Variable y = conv2d(x, w, b, c.conv);
  const Variable cells = apart ? Variable(y.value().copy()) : y;
  const Variable z = max_pool2d(cells, c.pool);
  const Tensor dz = some(z.shape(), 4);
  Taken result;
  const Watch late("relu_gradient [" + std::to_string(z.size()) + "]");
  z.backward(dz);
  if (apart) y.backward(cells.grad());
  result.spread_late = late.seen;
  if (wants_x) result.gradients.push_back(x.grad());
  result.gradients.push_back(w.grad());
  result.gradients.push_back(b.grad());
  return result;
}

using Floats = std::vector<float>;

}  // namespace

TEST_CASE("pooled gradient: relu before a max pooling sees a number a window") {
  for (const Case& c : kCases) {
    CAPTURE(c.x.text());
    CAPTURE(c.pool.pool_size[0]);
    const Taken expected = taken(c, true), found = taken(c, false);
    CHECK_FALSE(expected.spread_late);
    CHECK(found.spread_late == (c.conv.activation == kRelu));
    for (std::size_t i = 0; i < 2; ++i) {  // the same numbers, by the same kernels
      CHECK(found.gradients[i].to_vector<float>() == expected.gradients[i].to_vector<float>());
    }
    CHECK(unlike(found.gradients[2], expected.gradients[2], {1e-4, 5e-3}) == "");  // fewer terms
    const Taken without_x = taken(c, false, false);
    CHECK(without_x.gradients[0].to_vector<float>() == found.gradients[1].to_vector<float>());
  }
}

TEST_CASE("pooled gradient: the same bits on any number of threads") {
  const int before = kernels::thread_count();
  for (const Case& c : kCases) {
    CAPTURE(c.x.text());
    kernels::set_thread_count(1);
    const Taken one = taken(c, false);
    kernels::set_thread_count(3);
    const Taken three = taken(c, false);
    for (std::size_t i = 0; i < one.gradients.size(); ++i)
      CHECK(one.gradients[i].to_vector<float>() == three.gradients[i].to_vector<float>());
  }
  kernels::set_thread_count(before);
}

TEST_CASE("pooled gradient: NaN and infinity as without it") {
  const auto gradients = [&](bool apart) {
    Tensor image = full({1, 4, 4, 1}, -1.0, float32);
    float* const at = image.mutable_data<float>();
    at[0] = std::numeric_limits<float>::quiet_NaN();
    at[2] = std::numeric_limits<float>::infinity();
    at[15] = 2;
    const Variable x(image), w(ones({1, 1, 1, 1}, float32));
    const Variable y = conv2d(x, w, {}, {.activation = kRelu});
    const Variable cells = apart ? Variable(y.value().copy()) : y;
    const Variable z = max_pool2d(cells);
    z.backward(full(z.shape(), 3.0, float32));
    if (apart) y.backward(cells.grad());
    return x.grad().to_vector<float>();
  };
  CHECK(gradients(false) == gradients(true));
  CHECK(gradients(false)[2] == 3);
  CHECK(gradients(false)[15] == 3);
  CHECK(gradients(false)[0] == 0);
}

TEST_CASE("pooled gradient: only where nobody else read the convolution") {
  const Tensor x0 = some({2, 8, 8, 3}, 5), w0 = some({3, 3, 3, 4}, 6);
  const auto gradient = [&](const std::function<Variable(const Variable&)>& rest) {
    const Variable w(w0);
    rest(conv2d(Variable(x0, false), w, {}, {.activation = kRelu})).backward();
    return w.grad();
  };
  const auto pooled = [](const Variable& y) { return sum(square(max_pool2d(y))); };
  const auto itself = [](const Variable& y) { return sum(y * 3.0); };
  const Tensor both = gradient([&](const Variable& y) { return pooled(y) + itself(y); });
  const Tensor twice = gradient([&](const Variable& y) { return pooled(y) + pooled(y); });
  const Tensor once = gradient(pooled);
  CHECK(unlike(both, once + gradient(itself), {1e-4, 1e-5}) == "");
  CHECK(unlike(twice, once * 2.0, {1e-4, 1e-5}) == "");
  // Through the convolution as the root of another record.
  const Variable w(w0);
  const Variable y = conv2d(Variable(x0, false), w, {}, {.activation = kRelu});
  pooled(y).backward({.retain_graph = true});
  itself(y).backward();
  CHECK(unlike(w.grad(), both, {1e-4, 1e-5}) == "");
}

TEST_CASE("pooled gradient: again with retain_graph; what changed in place is found") {
  const Variable x(some({2, 8, 8, 3}, 7)), w(some({3, 3, 3, 4}, 8));
  const Variable y = conv2d(x, w, {}, {.activation = kRelu});
  const Variable z = max_pool2d(y);
  const Variable loss = sum(z);
  loss.backward({.retain_graph = true});
  const Floats once = w.grad().to_vector<float>();
  loss.backward({.retain_graph = true});
  Floats twice = once;
  for (float& value : twice) value *= 2;
  CHECK(w.grad().to_vector<float>() == twice);
  Tensor changed = z.value();
  changed.mutable_data<float>()[0] = 9;
  changed.mark_changed();
  CHECK_THROWS_WITH_AS(loss.backward(), doctest::Contains("max_pool2d"), ValueError);
}

}  // namespace keratin::tests
