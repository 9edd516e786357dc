#include <fmt/format.h>

#include "nn/activations.h"
#include "nn/constraints.h"
#include "nn/initializers.h"
#include "nn/layer.h"
#include "nn/options.h"
#include "nn/regularizers.h"
#include "nn/saving/json_fields.h"
#include "nn/saving/layer_json.h"
#include "nn/schedule.h"

namespace keratin::saving {
namespace {

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <class T>
Json unless_empty(const T& value) {
  return value.empty() ? Json(nullptr) : Json(value);
}

template <class T>
Json nested(const std::vector<T>& values, const Shape& shape, std::int64_t axis,
            std::size_t& next) {
  if (axis == shape.rank()) return values[next++];
  Json list = Json::array();
  for (std::int64_t i = 0; i < shape[axis]; ++i)
    list.push_back(nested(values, shape, axis + 1, next));
  return list;
}

// Names that Keras reads but does not write.
std::string canonical(const std::string& activation) {
  if (activation.empty()) return "linear";
  if (activation == "swish") return "silu";
  if (activation == "hard_swish") return "hard_silu";
  if (activation == "exp") return "exponential";
  return activation;
}

}  // namespace

Json envelope(const char* module, const OriginPtr& origin, const char* what,
              const std::string& owner) {
  if (origin == nullptr) {
    throw ValueError(fmt::format(
        "save: {}: its {} is a function of the program, which no file can hold; give one by name, "
        "or one of keratin's own",
        owner, what));
  }
  JsonWriter writer(owner);
  origin->fields(writer);
  return {{"module", module},
          {"class_name", origin->class_name},
          {"config", writer.take()},
          {"registered_name", nullptr}};
}

Json policy_to_json(const DTypePolicy& policy) {
  const std::string& name = policy.name();
  return {{"module", "keras"},
          {"class_name", "DTypePolicy"},
          {"config", {{"name", name.empty() ? config::dtype_policy().name() : name}}},
          {"registered_name", nullptr}};
}

void JsonWriter::operator()(const char* name, bool& value) { config_[name] = value; }
void JsonWriter::operator()(const char* name, int& value) { config_[name] = value; }
void JsonWriter::operator()(const char* name, std::int64_t& value) { config_[name] = value; }
void JsonWriter::operator()(const char* name, double& value) { config_[name] = value; }
void JsonWriter::operator()(const char* name, std::string& value) {
  config_[name] = unless_empty(value);
}
void JsonWriter::text_or_number(const char* name, std::optional<std::string>& text,
                                std::optional<std::int64_t>& number) {
  config_[name] = text ? Json(*text) : or_null(number);
}
void JsonWriter::operator()(const char* name, std::optional<int>& value) {
  config_[name] = or_null(value);
}
void JsonWriter::operator()(const char* name, std::optional<std::int64_t>& value) {
  config_[name] = or_null(value);
}
void JsonWriter::operator()(const char* name, std::optional<std::uint64_t>& value) {
  config_[name] = or_null(value);
}
void JsonWriter::operator()(const char* name, std::optional<double>& value) {
  config_[name] = or_null(value);
}
void JsonWriter::operator()(const char* name, std::optional<std::string>& value) {
  config_[name] = or_null(value);
}
void JsonWriter::operator()(const char* name, std::vector<int>& value) {
  config_[name] = unless_empty(value);
}
void JsonWriter::operator()(const char* name, std::vector<std::int64_t>& value) {
  config_[name] = unless_empty(value);
}
void JsonWriter::operator()(const char* name, std::vector<double>& value) {
  config_[name] = unless_empty(value);
}
void JsonWriter::operator()(const char* name, std::vector<std::string>& value) {
  config_[name] = unless_empty(value);
}
void JsonWriter::operator()(const char* name, Shape& value) {
  config_[name] = value.is_set() ? shape_to_json(value) : Json(nullptr);
}
void JsonWriter::operator()(const char* name, Size2& value) {
  config_[name] = value.given() ? Json{value.height(), value.width()} : Json(nullptr);
}
void JsonWriter::operator()(const char* name, Tensor& value) {
  if (!value.defined()) {
    config_[name] = nullptr;
    return;
  }
  std::size_t next = 0;
  config_[name] = is_floating(value.dtype())
                      ? nested(value.to_vector<double>(), value.shape(), 0, next)
                      : nested(value.to_vector<std::int64_t>(), value.shape(), 0, next);
}
void JsonWriter::operator()(const char* name, DTypePolicy& value) {
  config_[name] = policy_to_json(value);
}
void JsonWriter::operator()(const char* name, Activation& value) {
  if (!value.linear() && value.name().empty()) envelope("", nullptr, "activation", what_);
  config_[name] = canonical(value.name());
}
void JsonWriter::operator()(const char* name, Initializer& value) {
  config_[name] =
      value.given() ? envelope("keras.initializers", value.origin(), name, what_) : Json(nullptr);
}
void JsonWriter::operator()(const char* name, Regularizer& value) {
  config_[name] =
      value.given() ? envelope("keras.regularizers", value.origin(), name, what_) : Json(nullptr);
}
void JsonWriter::operator()(const char* name, Constraint& value) {
  config_[name] =
      value.given() ? envelope("keras.constraints", value.origin(), name, what_) : Json(nullptr);
}
void JsonWriter::operator()(const char* name, LayerRef& value) {
  config_[name] = value.defined() ? layer_to_json(value) : Json(nullptr);
}
void JsonWriter::operator()(const char* name, optimizers::LearningRate& value) {
  config_[name] = value.scheduled() ? envelope("keras.optimizers.schedules",
                                               value.schedule().origin(), "schedule", what_)
                                    : Json(value.at(0));
}
void JsonWriter::list_of_one(const char* name, std::int64_t& value) {
  config_[name] = Json::array({value});
}
void JsonWriter::pair(const char* name, std::int64_t& before, std::int64_t& after) {
  config_[name] = Json::array({before, after});
}
void JsonWriter::pairs(const char* name, std::int64_t& top, std::int64_t& bottom,
                       std::int64_t& left, std::int64_t& right) {
  config_[name] = Json::array({Json::array({top, bottom}), Json::array({left, right})});
}
void JsonWriter::operator()(const char* name, Axes& value) {
  if (!value.given()) {
    config_[name] = nullptr;
  } else if (value.listed().size() == 1) {
    config_[name] = value.listed()[0];
  } else {
    config_[name] = value.listed();
  }
}

}  // namespace keratin::saving
