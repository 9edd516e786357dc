#include "autograd/ops/dropout.h"

#include "tests/ops/harness.h"

namespace keratin::tests {
namespace {
constexpr RandomStream kStream{.seed = 5, .stream = 9};
}

TEST_CASE("dropout") {
  for (const double rate : {0.0, 0.3, 0.5, 1.0}) {
    CAPTURE(rate);
    check({.op = "dropout",
           .run = [=](const auto& x) { return dropout(x[0], rate, kStream); },
           .inputs = points()});
  }
}

TEST_CASE("dropout: rates at the ends") {
  const Tensor x = normal({100}, 1);
  CHECK(bits_of(dropout(x, 0, kStream)) == bits_of(x));
  CHECK(numbers_of(dropout(x, 1, kStream)) == std::vector<double>(100, 0));
}

TEST_CASE("dropout: the mask's share, scale and stream") {
  const std::int64_t n = 100'000;
  for (const double rate : {0.1, 0.5, 0.9}) {
    const std::vector<double> y = numbers_of(dropout(ones({n}, float64), rate, kStream));
    std::int64_t kept = 0;
    bool scaled = true;
    for (const double value : y) {
      kept += value != 0;
      scaled = scaled && (value == 0 || value == 1 / (1 - rate));
    }
    CHECK(scaled);
    const double deviation = std::sqrt(static_cast<double>(n) * rate * (1 - rate));
    CHECK(std::fabs(static_cast<double>(kept) - static_cast<double>(n) * (1 - rate)) <
          5 * deviation);
  }
  const Tensor x = ones({1000});
  const auto bits = [&](RandomStream stream) { return bits_of(dropout(x, 0.5, stream)); };
  CHECK(bits({5, 9}) == bits({5, 9}));
  CHECK(bits({5, 9}) != bits({5, 10}));
  CHECK(bits({5, 9}) != bits({6, 9}));
  // The way back drops what was dropped.
  const Variable v(x);
  const Variable y = dropout(v, 0.5, kStream);
  y.backward(ones({1000}));
  CHECK(bits_of(v.grad()) == bits_of(y.value()));
}

TEST_CASE("dropout: what is dropped does not matter") {
  const double nan = std::nan("");
  const std::vector<double> y = numbers_of(dropout(full({64}, nan), 0.5, kStream));
  for (const double value : y) CHECK((std::isnan(value) || value == 0));
}

TEST_CASE("dropout: errors name what was given") {
  for (const double rate : {-0.1, 1.5, std::nan("")}) {
    CHECK(complaint<ValueError>([&] { return dropout(zeros({2}), rate, kStream); },
                                {"dropout", fmt::format("{}", rate)}) == "");
    CHECK(complaint<ValueError>([&] { return dropout(Variable(zeros({2})), rate, kStream); },
                                {"dropout"}) == "");
  }
}

}  // namespace keratin::tests
