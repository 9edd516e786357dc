// The bounds that kernels/simd_math.h states, by way of the element-wise ladder's simd rung.
#include "kernels/elementwise/elementwise.h"
#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::Unary;

struct Function {
  Unary op;
  double (*exact)(double);
  double bound;  // units in the last place
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

const std::vector<Function> kFunctions = {
    {Unary::exp, std::exp, 1},      {Unary::expm1, std::expm1, 2}, {Unary::log, std::log, 1},
    {Unary::log1p, std::log1p, 3},  {Unary::tanh, std::tanh, 3.5}, {Unary::sigmoid, sigmoid, 3},
    {Unary::softplus, softplus, 3}, {Unary::erf, std::erf, 2},
};

// Every 4099th float of all: each exponent some 4,000 times, both signs, infinities, NaN.
std::vector<float> floats_of_all_sizes() {
  std::vector<float> values = awkward_values();
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 4099) {
    values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  return values;
}

// Where the functions bend: every 64th float of [1/64, 128), both signs.
std::vector<float> floats_of_middle_size() {
  std::vector<float> values;
  const auto first = std::bit_cast<std::uint32_t>(1.0f / 64),
             last = std::bit_cast<std::uint32_t>(128.0f);
  for (std::uint32_t bits = first; bits < last; bits += 64) {
    values.push_back(std::bit_cast<float>(bits));
    values.push_back(-values.back());
  }
  return values;
}

void check_bound(const Function& f, const std::vector<float>& x) {
  const kernels::UnaryShape s{f.op, static_cast<std::int64_t>(x.size())};
  std::vector<float> y(x.size(), -77.0f);
  kernels::cpu::unary_simd(x.data(), y.data(), s);
  double worst = 0;
  float where = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double error = ulps(y[i], f.exact(static_cast<double>(x[i])));
    if (error > worst) worst = error, where = x[i];
  }
  CHECK_MESSAGE(worst <= f.bound, fmt::format("{} is off by {} units in the last place at {}",
                                              kernels::name_of(f.op), worst, where));
}

}  // namespace

TEST_CASE("simd_math: error bounds over all floats") {
  for (const Function& f : kFunctions) check_bound(f, floats_of_all_sizes());
}

TEST_CASE("simd_math: error bounds where the functions bend") {
  for (const Function& f : kFunctions) check_bound(f, floats_of_middle_size());
}

}  // namespace keratin::tests
