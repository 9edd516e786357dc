// A graph of ONNX in the making.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "autograd/variable.h"
#include "nn/saving/onnx/proto.h"

namespace keratin::saving::onnx {

/// What a symbolic tensor became: the names of the ONNX values that hold it. ONNX' convolutions
/// take channels as axis 1, "first"; all else here is as in Keras, "last". Of rank 3 and more a
/// value may have both, each made when it is asked for, so that no Transpose stands between two
/// convolutions.
struct Held {
  std::string last, first;  // "" until made
  Spec spec;                // as in Keras
  std::string mask = {};    // boolean, of the leading axes: which steps count; "" for all
  std::int64_t mask_rank = 0;
};
using Value = std::shared_ptr<Held>;

/// Axis `axis` of [batch, ..., channels] in [batch, channels, ...].
std::int64_t axis_in_first(std::int64_t axis, std::int64_t rank);

class Builder {
 public:
  /// Names of what follows begin so: the path of a layer.
  void set_scope(std::string scope) { scope_ = std::move(scope); }
  const std::string& scope() const { return scope_; }

  /// Appends a node; gives the name of its result.
  std::string add(const std::string& op, std::vector<std::string> inputs,
                  Attributes attributes = {});
  /// One with several results.
  std::vector<std::string> add_several(const std::string& op, std::vector<std::string> inputs,
                                       std::size_t results, Attributes attributes = {});

  /// A constant; of small ones the name of an equal one that is there already.
  std::string constant(const std::string& name, const Tensor& value);
  std::string scalar(double value);
  std::string integers(const std::vector<std::int64_t>& values);
  /// A weight, prepared once for all calls of the layer that share it: `as` names how.
  std::string weight(const Variable& weight, const std::string& as,
                     const std::function<Tensor(const Tensor&)>& prepare);
  std::string weight(const Variable& weight) { return this->weight(weight, "", {}); }

  std::string last(const Value& x);
  std::string first(const Value& x);
  /// Is it there in channels-first form only, or with it? For what is indifferent to the order.
  static bool prefers_first(const Value& x) { return x->last.empty(); }
  static Value held_last(std::string name, const Spec& spec) {
    return std::make_shared<Held>(Held{std::move(name), "", spec});
  }
  static Value held_first(std::string name, const Spec& spec) {
    return std::make_shared<Held>(Held{"", std::move(name), spec});
  }
  /// The same in the form that x has.
  static Value held_like(const Value& x, std::string name, const Spec& spec) {
    return prefers_first(x) ? held_first(std::move(name), spec) : held_last(std::move(name), spec);
  }
  /// The name of x in the form that it has; both if it has both: then last.
  std::string either(const Value& x) { return prefers_first(x) ? x->first : x->last; }
  std::string cast(const std::string& x, DType dtype);
  /// x itself where it has that type.
  Value cast(const Value& x, DType dtype);

  Value input(const std::string& name, const Spec& spec);
  /// A name that nothing else has, and that nothing else will get.
  std::string unique(const std::string& name);
  void output(const std::string& name, const Value& value);
  /// The graph without what no output needs.
  GraphProto finish(const std::string& name);

 private:
  ValueInfo described(const std::string& name, const Spec& spec) const;
  void rename(const std::string& from, const std::string& to);
  const std::string& renamed(const std::string& name) const;

  GraphProto graph_;
  std::string scope_;
  std::set<std::string> taken_;
  std::map<std::string, std::string> constants_;  // by their bytes
  std::map<std::pair<const void*, std::string>, std::string> weights_;
  std::vector<Variable> kept_;  // their addresses are keys
  std::map<std::string, std::string> renamed_;
};

}  // namespace keratin::saving::onnx
