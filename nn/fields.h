// Options by name, for files: a struct of options lists its fields once, and whoever writes or reads
// it goes through that list.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace keratin {

class Activation;
class Constraint;
class DTypePolicy;
class Initializer;
class LayerRef;
class LossRef;
class OptimizerRef;
class Regularizer;
class Size2;
class Tensor;
namespace optimizers {
class LearningRate;
class Schedule;
}  // namespace optimizers

/// Goes through named options, in order: writes each down, or (reading()) sets it from what was
/// written, and leaves it where nothing was. An empty string or list is written as null: not given. Names are Keras' own.
///
///     struct DropoutOptions {
///       double rate = -1;
///       void fields(Fields& f) { f("rate", rate); }
///     };
class Fields {
 public:
  virtual ~Fields() = default;
  virtual bool reading() const = 0;

  virtual void operator()(const char* name, bool& value) = 0;
  virtual void operator()(const char* name, int& value) = 0;
  virtual void operator()(const char* name, std::int64_t& value) = 0;
  virtual void operator()(const char* name, double& value) = 0;
  virtual void operator()(const char* name, std::string& value) = 0;
  virtual void operator()(const char* name, std::optional<int>& value) = 0;
  virtual void operator()(const char* name, std::optional<std::int64_t>& value) = 0;
  virtual void operator()(const char* name, std::optional<std::uint64_t>& value) = 0;
  virtual void operator()(const char* name, std::optional<double>& value) = 0;
  virtual void operator()(const char* name, std::optional<std::string>& value) = 0;
  virtual void operator()(const char* name, std::vector<int>& value) = 0;
  virtual void operator()(const char* name, std::vector<std::int64_t>& value) = 0;
  virtual void operator()(const char* name, std::vector<double>& value) = 0;
  virtual void operator()(const char* name, std::vector<std::string>& value) = 0;
  /// null for one that is not set, and for each None.
  virtual void operator()(const char* name, Shape& value) = 0;
  /// One axis, or a list; null where not given.
  virtual void operator()(const char* name, Axes& value) = 0;
  /// [height, width]; null where not given.
  virtual void operator()(const char* name, Size2& value) = 0;
  /// Nested lists; null where not defined().
  virtual void operator()(const char* name, Tensor& value) = 0;
  virtual void operator()(const char* name, DTypePolicy& value) = 0;
  virtual void operator()(const char* name, Activation& value) = 0;
  virtual void operator()(const char* name, Initializer& value) = 0;
  virtual void operator()(const char* name, Regularizer& value) = 0;
  virtual void operator()(const char* name, Constraint& value) = 0;
  virtual void operator()(const char* name, LayerRef& value) = 0;
  virtual void operator()(const char* name, optimizers::LearningRate& value) = 0;

  /// One number as a list of one, as Keras writes sizes along one axis.
  virtual void list_of_one(const char* name, std::int64_t& value) = 0;
  /// [before, after]; read from one number for both too.
  virtual void pair(const char* name, std::int64_t& before, std::int64_t& after) = 0;
  /// [[top, bottom], [left, right]]; read from one number or one a side too.
  virtual void pairs(const char* name, std::int64_t& top, std::int64_t& bottom, std::int64_t& left,
                     std::int64_t& right) = 0;

  /// Sizes as a list; read from one number n, too, which stands for 1 to n. Null where there are none.
  virtual void sizes(const char* name, std::vector<int>& value) = 0;

  /// A string, a whole number, or null where neither is set.
  virtual void text_or_number(const char* name, std::optional<std::string>& text,
                              std::optional<std::int64_t>& number) = 0;

  /// An option that Keras has and keratin has not: these numbers are what it does. Reading others
  /// is an error.
  virtual void only(const char* name, std::vector<double> values) = 0;
  void only(const char* name, double value) { only(name, std::vector<double>{value}); }
  void only(const char* name, double first, double second) {
    only(name, std::vector<double>{first, second});
  }
  /// Something that files of Keras hold and that follows from the rest.
  virtual void ignore(const char* name) = 0;

  /// Writes the field only where `given`: Keras leaves some out.
  template <class T>
  void if_given(const char* name, T& value) {
    if (reading() || value.given()) (*this)(name, value);
  }
  /// Where Keras writes "channels_last" and options may be empty.
  void data_format(std::string& value) {
    if (!reading() && value.empty()) value = "channels_last";
    (*this)("data_format", value);
  }
};

/// What an object was made from, for files: the class and its options; `name` is the string it was
/// given by ("mse"), if it was. Those made from a function of one's own have none.
struct Origin {
  std::string class_name;
  std::function<void(Fields&)> fields;
  std::string name = {};
};
using OriginPtr = std::shared_ptr<const Origin>;

/// The origin of an object with a struct of options that lists its fields.
template <class Options>
OriginPtr origin_of(std::string class_name, const Options& options) {
  return std::make_shared<const Origin>(
      Origin{std::move(class_name), [options](Fields& f) { Options(options).fields(f); }});
}
inline OriginPtr origin_of(std::string class_name) {
  return std::make_shared<const Origin>(Origin{std::move(class_name), [](Fields&) {}});
}

}  // namespace keratin
