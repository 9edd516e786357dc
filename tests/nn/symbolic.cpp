#include "nn/symbolic.h"

#include "nn/layers/concatenate.h"
#include "nn/layers/dense.h"
#include "nn/layers/flatten.h"
#include "nn/layers/merge.h"
#include "nn/names.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

TEST_CASE("symbolic: Input takes a shape with or without the batch") {
  const SymbolicTensor x = Input({.shape = {None, 3}});
  CHECK(x.shape().tuple_text() == "(None, None, 3)");
  CHECK(x.dtype() == float32);
  CHECK(Input({.shape = {}}).shape().tuple_text() == "(None,)");
  CHECK(Input({.shape = {2}, .batch_size = 5}).shape() == Shape{5, 2});
  CHECK(Input({.dtype = int32, .batch_shape = {7, None}}).shape() == Shape{7, None});
  CHECK(Input({.dtype = int32, .batch_shape = {7, None}}).dtype() == int32);

  CHECK_THROWS_AS(Input({}), ValueError);
  CHECK_THROWS_AS(Input({.shape = {2}, .batch_shape = {1, 2}}), ValueError);
  CHECK_THROWS_WITH_AS(Input({.shape = {-1, 2}}), doctest::Contains("use None"), ValueError);
  CHECK_THROWS_AS(Input({.shape = {2}, .optional = true}), ValueError);
}

TEST_CASE("symbolic: calls give shapes without computing, and make the weights") {
  clear_session();
  layers::Dense dense({.units = 4});
  CHECK(dense.name() == "dense");
  CHECK(dense.weights().empty());
  const SymbolicTensor y = dense(Input({.shape = {None, 3}}));
  CHECK(y.shape().tuple_text() == "(None, None, 4)");
  REQUIRE(dense.weights().size() == 2);
  CHECK(dense.weights()[0].shape() == Shape{3, 4});
  CHECK(dense.count_params() == 16);

  // Called again: the same weights, another node.
  const SymbolicTensor z = dense(Input({.batch_shape = {8, 3}}));
  CHECK(z.shape() == Shape{8, 4});
  CHECK(dense.count_params() == 16);
  CHECK(y.node()->index == 0);
  CHECK(z.node()->index == 1);
  CHECK_FALSE(y.is(z));
  const SymbolicTensor copy = y;
  CHECK(copy.is(y));
}

TEST_CASE("symbolic: what a layer cannot take is said when the graph is made") {
  clear_session();
  const SymbolicTensor flat = Input({.shape = {3}}), deep = Input({.shape = {3, 4}});
  CHECK_THROWS_AS(layers::Dense({.units = 2})(Input({.shape = {}})), ShapeError);
  CHECK_THROWS_WITH_AS(layers::Dense({.units = 2})(Input({.shape = {3, None}})),
                       doctest::Contains("must be known"), ShapeError);
  layers::Dense dense({.units = 2, .name = "head"});
  dense(flat);
  CHECK_THROWS_WITH_AS(dense(deep), doctest::Contains("Dense \"head\": input is"), ShapeError);
  CHECK_THROWS_WITH_AS(layers::Add()({flat, Input({.shape = {4}})}),
                       doctest::Contains("f32[None, 3], f32[None, 4]"), ShapeError);
  CHECK_THROWS_AS(layers::Concatenate()({flat, deep}), ShapeError);
  CHECK_THROWS_AS(layers::Flatten()(SymbolicTensors{flat, deep}), ValueError);

  CHECK_THROWS_WITH_AS(dense(SymbolicTensor()), doctest::Contains("never set"), ValueError);
  CHECK_THROWS_AS(SymbolicTensor().shape(), ValueError);
  CHECK_THROWS_AS(LayerRef()(flat), ValueError);
}

// A layer that says nothing of its output: found by trying it.
class Halves : public Layer {
 public:
  Variables call_several(const Variables& x, CallContext) override {
    return Variables{x.get(0), x.get(0)};
  }
};

TEST_CASE("symbolic: shapes of a layer of the user's own are found by trying it") {
  const auto halves = make_layer<Halves>();
  const SymbolicTensors y = halves(Input({.shape = {None, 3}}));
  REQUIRE(y.count() == 2);
  CHECK(y.get(1).shape().tuple_text() == "(None, None, 3)");
  CHECK(y.get(0).index() == 0);
  CHECK(y.get(1).index() == 1);
  CHECK(y.get(0).node() == y.get(1).node());
}

}  // namespace
}  // namespace keratin::tests
