// What every operation with a gradient is held to. A test file gives the operation once, as a
// generic function, and points to try it at; `check` does the rest.
#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "autograd/variable.h"
#include "tests/support.h"

namespace keratin::tests {

using TensorList = std::vector<Tensor>;

/// An operation on Tensors and on Variables, from one generic function:
///   [](const auto& x) { return maximum(x[0], x[1]); }
class OpFunction {
 public:
  template <class F>
  OpFunction(F f) : on_tensors_(f), on_variables_(f) {}
  Tensor operator()(const TensorList& x) const { return on_tensors_(x); }
  Variable operator()(const std::vector<Variable>& x) const { return on_variables_(x); }

 private:
  std::function<Tensor(const TensorList&)> on_tensors_;
  std::function<Variable(const std::vector<Variable>&)> on_variables_;
};

/// What an operation computes with. Others must throw a DTypeError that shows what was given.
enum class Accepts {
  floats,   // float32, float64
  numbers,  // and uint8, int32, int64
  movable,  // and bool
  anything  // and strings
};

/// Where the gradient of an operation ends.
enum class Differentiable {
  twice,  // its gradient has a gradient, which is checked
  once,   // a kernel of its own: a second gradient must throw ValueError
  never   // the result is recorded, but no gradient passes
};

struct OpTest {
  std::string op;  // as messages name it
  OpFunction run;
  /// Argument lists, in float64. All checks are made at each; finite differences at those of at
  /// most 200 elements together. Keep away from kinks.
  std::vector<TensorList> inputs = {};
  /// For element-wise operations: one element of the result from one of each argument, written
  /// another way. It is also tried on pairs of awkward values (infinities, NaN, zeros), and on
  /// integers where these are accepted.
  std::function<double(const std::vector<double>&)> formula = {};
  /// For others: the whole result, row by row, from the arguments, written another way.
  std::function<std::vector<double>(const TensorList&)> values = {};
  /// float32 against float64, both of results and of gradients.
  Tolerance float32_result = {2e-6, 2e-6};
  Tolerance float32_gradient = {1e-5, 1e-5};
  double gradcheck_error = 1e-7;
  Accepts accepts = Accepts::floats;
  bool keeps_dtype = true;  // is the result of the arguments' dtype, whichever it is?
  Differentiable differentiable = Differentiable::twice;
};

/// Results: the formula's, the same from Tensors, constants and leaves to the bit, float32 close to
/// float64, the same bits on 1, 2 and 4 threads. Gradients: by finite differences, a random
/// gradient coming in; float32 close to float64; the same when recorded; the second one likewise.
/// Dtypes that are not accepted throw.
void check(const OpTest& test);

/// Seeded float64 numbers: normal; uniform in [low, high); whole ones from low to high.
Tensor normal(const Shape& shape, std::uint64_t seed, double scale = 1);
Tensor uniform(const Shape& shape, double low, double high, std::uint64_t seed);
Tensor whole(const Shape& shape, std::int64_t low, std::int64_t high, std::uint64_t seed);

/// Single arguments of many sizes: none, one, around the vector widths, over a thousand, and of
/// higher rank; uniform in [low, high).
std::vector<TensorList> points(double low = -3, double high = 3);
/// Pairs of arguments of one shape, and of shapes that broadcast.
std::vector<TensorList> pairs(double low = -3, double high = 3);

/// The bits of a tensor, to compare results in which a NaN may stand.
std::vector<std::uint8_t> bits_of(const Tensor& x);

/// Does f throw an error of class E whose message holds all of `parts`? "" or what is wrong.
template <class E, class F>
std::string complaint(F&& f, const std::vector<std::string>& parts = {}) {
  try {
    (void)f();
  } catch (const E& error) {
    for (const std::string& part : parts) {
      if (std::string(error.what()).find(part) == std::string::npos) {
        return fmt::format("\"{}\" does not say \"{}\"", error.what(), part);
      }
    }
    return "";
  } catch (const std::exception& error) {
    return fmt::format("another class of error: {}", error.what());
  }
  return "nothing was thrown";
}

/// What operations of two operands share, given as [](const auto& a, const auto& b) { return a + b;
/// }: a number stands for a tensor of the other's dtype, on either side; a Variable on either side
/// makes the result one; shapes that do not broadcast throw, and so do numbers that an integer type
/// cannot hold.
template <class F>
void check_operands(const std::string& op, F f) {
  const Tensor a = Tensor::numbers({6, 4}), b = Tensor::numbers({2, 2});
  const Variable v(a);
  CHECK(bits_of(f(a, 2.0)) == bits_of(f(a, b)));
  CHECK(bits_of(f(2, a)) == bits_of(f(b, a)));
  const auto is = [](const Variable& y, const Tensor& expected) {
    return y.requires_grad() && bits_of(y.value()) == bits_of(expected);
  };
  CHECK(is(f(v, b), f(a, b)));
  CHECK(is(f(b, v), f(b, a)));
  CHECK(is(f(v, 2), f(a, b)));
  CHECK(is(f(2.0, v), f(b, a)));
  const Tensor matrix = zeros({2, 3}), row = zeros({4});
  const std::vector<std::string> shapes = {op, "[2, 3]", "[4]"};
  CHECK(complaint<ShapeError>([&] { return f(matrix, row); }, shapes) == "");
  CHECK(complaint<ShapeError>([&] { return f(Variable(matrix), row); }, shapes) == "");
  const Tensor i32 = zeros({2, 3}, int32), u8 = zeros({2, 3}, uint8);
  CHECK(complaint<DTypeError>([&] { return f(i32, 0.5); }, {op, "0.5", "i32[2, 3]"}) == "");
  CHECK(complaint<DTypeError>([&] { return f(-1, u8); }, {op, "-1", "u8[2, 3]"}) == "");
}

/// The values of a tensor as doubles.
inline std::vector<double> numbers_of(const Tensor& x) { return x.to_vector<double>(); }

/// The gradient of the sum of f(x) by x, in float64.
std::vector<double> gradient_of(const std::function<Variable(const Variable&)>& f, const Tensor& x);

}  // namespace keratin::tests
