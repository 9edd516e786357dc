#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "nn/activations.h"
#include "nn/constraints.h"
#include "nn/initializers.h"
#include "nn/layer.h"
#include "nn/options.h"
#include "nn/regularizers.h"
#include "nn/saving/json_fields.h"
#include "nn/saving/layer_json.h"
#include "nn/saving/objects.h"
#include "nn/schedule.h"

namespace keratin::saving {
namespace {

// Elements that a constant in a file may have: statistics of columns, not images.
constexpr std::size_t kMaxConstant = std::size_t{1} << 22;

bool whole(const Json& value) {
  if (value.is_number_integer()) return true;
  if (!value.is_number_float()) return false;
  const double number = value.get<double>();
  return number == std::floor(number) && std::fabs(number) < 9e15;
}

// One number for both, or two.
bool read_pair(const Json& json, std::int64_t& first, std::int64_t& second) {
  const bool two = json.is_array() && json.size() == 2;
  const Json& a = two ? json[0] : json;
  const Json& b = two ? json[1] : json;
  if (!whole(a) || !whole(b)) return false;
  first = a.get<std::int64_t>();
  second = b.get<std::int64_t>();
  return true;
}

// Flattens nested lists; false where they are ragged or hold what is no number.
bool flatten(const Json& value, std::size_t depth, std::vector<std::int64_t>& sizes,
             std::vector<double>& numbers) {
  if (!value.is_array()) {
    if (!value.is_number() || depth != sizes.size()) return false;
    numbers.push_back(value.get<double>());
    return numbers.size() <= kMaxConstant;
  }
  if (depth >= 8) return false;
  const auto size = static_cast<std::int64_t>(value.size());
  if (numbers.empty() && depth == sizes.size()) sizes.push_back(size);
  if (depth >= sizes.size() || sizes[depth] != size) return false;
  for (const Json& inner : value) {
    if (!flatten(inner, depth + 1, sizes, numbers)) return false;
  }
  return true;
}

}  // namespace

std::string excerpt(const Json& value) {
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

Enveloped opened(const Json& json, const std::string& where) {
  if (!json.is_object() || !json.contains("class_name") || !json["class_name"].is_string() ||
      !json.contains("config")) {
    throw FileError(fmt::format("{}: {}; expected an object with \"class_name\" and \"config\"",
                                where, excerpt(json)));
  }
  return {json["class_name"].get<std::string>(), json["config"]};
}

DTypePolicy policy_from_json(const Json& json, const std::string& where) {
  std::string name;
  if (json.is_null()) return {};
  if (json.is_string()) {
    name = json.get<std::string>();
  } else {
    const Enveloped policy = opened(json, where);
    if (policy.class_name != "DTypePolicy" || !policy.config.is_object() ||
        !policy.config.contains("name") || !policy.config["name"].is_string()) {
      throw FileError(
          fmt::format("{}: a dtype policy of class {}, {}; expected DTypePolicy, as "
                      "quantized models are not supported",
                      where, policy.class_name, excerpt(policy.config)));
    }
    name = policy.config["name"].get<std::string>();
  }
  try {
    return DTypePolicy(name);
  } catch (const Error& error) {
    throw FileError(fmt::format("{}: {}", where, error.what()));
  }
}

JsonReader::JsonReader(const Json& config, std::string where)
    : config_(config), where_(std::move(where)) {
  if (!config.is_object()) {
    throw FileError(
        fmt::format("{}: its config is {}; expected an object", where_, excerpt(config)));
  }
}

const Json* JsonReader::find(const char* name) {
  read_.insert(name);
  const auto found = config_.find(name);
  return found == config_.end() ? nullptr : &*found;
}

void JsonReader::wrong(const char* name, const Json& value, const char* expected) const {
  throw FileError(fmt::format("{}: {} is {}; expected {}", where_, name, excerpt(value), expected));
}

void JsonReader::done() const {
  for (const auto& [name, value] : config_.items()) {
    if (read_.count(name) != 0) continue;
    const bool says_nothing =
        value.is_null() || value == false || (value.is_array() && value.empty());
    if (!says_nothing) {
      throw FileError(
          fmt::format("{}: {} is {}; this option is not known here", where_, name, excerpt(value)));
    }
  }
}

void JsonReader::operator()(const char* name, bool& value) {
  const Json* json = find(name);
  if (json == nullptr) return;
  if (!json->is_boolean()) wrong(name, *json, "true or false");
  value = json->get<bool>();
}
void JsonReader::operator()(const char* name, int& value) {
  std::int64_t wide = value;
  (*this)(name, wide);
  if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) {
    wrong(name, *find(name), "a smaller number");
  }
  value = static_cast<int>(wide);
}
void JsonReader::operator()(const char* name, std::int64_t& value) {
  const Json* json = find(name);
  if (json == nullptr) return;
  if (!whole(*json)) wrong(name, *json, "a whole number");
  value = json->get<std::int64_t>();
}
void JsonReader::operator()(const char* name, double& value) {
  const Json* json = find(name);
  if (json == nullptr) return;
  if (!json->is_number()) wrong(name, *json, "a number");
  value = json->get<double>();
}
void JsonReader::operator()(const char* name, std::string& value) {
  const Json* json = find(name);
  if (json == nullptr) return;
  if (json->is_null()) {
    value.clear();
  } else if (json->is_string()) {
    value = json->get<std::string>();
  } else {
    wrong(name, *json, "a string");
  }
}

namespace {
template <class T>
void read_optional(JsonReader& reader, const char* name, std::optional<T>& value) {
  const Json* json = reader.find(name);
  if (json == nullptr) return;
  if (json->is_null()) {
    value.reset();
    return;
  }
  T inner{};
  reader(name, inner);
  value = inner;
}

template <class T, class Check>
void read_list(JsonReader& reader, const char* name, std::vector<T>& value, const char* expected,
               const Check& fits) {
  const Json* json = reader.find(name);
  if (json == nullptr) return;
  if (json->is_null()) {
    value.clear();
    return;
  }
  const Json list = json->is_array() ? *json : Json::array({*json});
  std::vector<T> read;
  for (const Json& entry : list) {
    if (!fits(entry)) reader.wrong(name, *json, expected);
    read.push_back(entry.get<T>());
  }
  value = std::move(read);
}
}  // namespace

void JsonReader::operator()(const char* name, std::optional<int>& value) {
  read_optional(*this, name, value);
}
void JsonReader::operator()(const char* name, std::optional<std::int64_t>& value) {
  const Json* json = find(name);
  if (json != nullptr && json->is_object()) {
    value.reset();  // the state of a generator instead of a seed: one is drawn anew
  } else {
    read_optional(*this, name, value);
  }
}
void JsonReader::operator()(const char* name, std::optional<std::uint64_t>& value) {
  const Json* json = find(name);
  if (json == nullptr) return;
  value.reset();
  // A generator's state instead of a seed: new numbers are drawn anyway.
  if (json->is_null() || json->is_object()) return;
  if (!whole(*json) || json->get<double>() < 0) wrong(name, *json, "a whole number of at least 0");
  value = json->get<std::uint64_t>();
}
void JsonReader::operator()(const char* name, std::optional<double>& value) {
  read_optional(*this, name, value);
}
void JsonReader::operator()(const char* name, std::optional<std::string>& value) {
  read_optional(*this, name, value);
}
void JsonReader::operator()(const char* name, std::vector<int>& value) {
  std::vector<std::int64_t> wide(value.begin(), value.end());
  (*this)(name, wide);
  for (const std::int64_t one : wide) {
    if (one < std::numeric_limits<int>::min() || one > std::numeric_limits<int>::max()) {
      wrong(name, *find(name), "smaller numbers");
    }
  }
  value.assign(wide.begin(), wide.end());
}
void JsonReader::text_or_number(const char* name, std::optional<std::string>& text,
                                std::optional<std::int64_t>& number) {
  const Json* json = find(name);
  if (json != nullptr && json->is_string()) {
    (*this)(name, text);
  } else {
    (*this)(name, number);
  }
}
void JsonReader::sizes(const char* name, std::vector<int>& value) {
  constexpr int kMost = 1000;
  const Json* json = find(name);
  (*this)(name, value);
  if (json == nullptr || !json->is_number() || value.size() != 1) return;
  if (value[0] < 1 || value[0] > kMost) wrong(name, *json, "a list of sizes, or 1 to 1000");
  value.resize(static_cast<std::size_t>(value[0]));
  std::iota(value.begin(), value.end(), 1);
}
void JsonReader::operator()(const char* name, std::vector<std::int64_t>& value) {
  read_list(*this, name, value, "whole numbers", whole);
}
void JsonReader::operator()(const char* name, std::vector<double>& value) {
  read_list(*this, name, value, "numbers", [](const Json& json) { return json.is_number(); });
}
void JsonReader::operator()(const char* name, std::vector<std::string>& value) {
  // A vocabulary named by a file would make us open it.
  if (const Json* json = find(name); json != nullptr && json->is_string()) {
    wrong(name, *json, "a list of strings");
  }
  read_list(*this, name, value, "strings", [](const Json& json) { return json.is_string(); });
}
void JsonReader::operator()(const char* name, Shape& value) {
  const Json* json = find(name);
  if (json == nullptr) return;
  value = json->is_null() ? Shape::unset() : shape_from_json(*json, where_ + ": " + name);
}
void JsonReader::operator()(const char* name, Size2& value) {
  const Json* json = find(name);
  if (json == nullptr) return;
  if (json->is_null()) {
    value = {};
  } else if (whole(*json)) {
    value = json->get<std::int64_t>();
  } else if (json->is_array() && json->size() == 2 && whole((*json)[0]) && whole((*json)[1])) {
    value = {(*json)[0].get<std::int64_t>(), (*json)[1].get<std::int64_t>()};
  } else {
    wrong(name, *json, "one or two whole numbers");
  }
}
void JsonReader::operator()(const char* name, Tensor& value) {
  const Json* json = find(name);
  if (json == nullptr) return;
  value = {};
  if (json->is_null()) return;
  const bool wrapped = json->is_object() && json->contains("config") &&
                       (*json)["config"].is_object() && (*json)["config"].contains("value");
  const Json& values = wrapped ? (*json)["config"]["value"] : *json;
  std::vector<std::int64_t> sizes;
  std::vector<double> numbers;
  if (!flatten(values, 0, sizes, numbers)) wrong(name, *json, "numbers, in lists of equal lengths");
  value = Tensor::from(std::vector<float>(numbers.begin(), numbers.end()), Shape(sizes));
}
void JsonReader::operator()(const char* name, DTypePolicy& value) {
  if (const Json* json = find(name)) value = policy_from_json(*json, where_ + ": " + name);
}
void JsonReader::operator()(const char* name, Activation& value) {
  if (const Json* json = find(name)) value = activation_from_json(*json, where_ + ": " + name);
}
void JsonReader::operator()(const char* name, Initializer& value) {
  if (const Json* json = find(name)) value = initializer_from_json(*json, where_ + ": " + name);
}
void JsonReader::operator()(const char* name, Regularizer& value) {
  if (const Json* json = find(name)) value = regularizer_from_json(*json, where_ + ": " + name);
}
void JsonReader::operator()(const char* name, Constraint& value) {
  if (const Json* json = find(name)) value = constraint_from_json(*json, where_ + ": " + name);
}
void JsonReader::operator()(const char* name, LayerRef& value) {
  const Json* json = find(name);
  if (json == nullptr) return;
  value = json->is_null() ? LayerRef() : layer_from_json(*json, where_ + ": " + name);
}
void JsonReader::operator()(const char* name, optimizers::LearningRate& value) {
  const Json* json = find(name);
  if (json == nullptr) return;
  if (json->is_number()) {
    value = json->get<double>();
  } else {
    value = schedule_from_json(*json, where_ + ": " + name);
  }
}
void JsonReader::list_of_one(const char* name, std::int64_t& value) {
  const Json* json = find(name);
  if (json == nullptr) return;
  const Json& number = json->is_array() && json->size() == 1 ? (*json)[0] : *json;
  if (!whole(number)) wrong(name, *json, "one whole number");
  value = number.get<std::int64_t>();
}
void JsonReader::pair(const char* name, std::int64_t& before, std::int64_t& after) {
  const Json* json = find(name);
  if (json == nullptr) return;
  if (!read_pair(*json, before, after)) wrong(name, *json, "one or two whole numbers");
}
void JsonReader::pairs(const char* name, std::int64_t& top, std::int64_t& bottom,
                       std::int64_t& left, std::int64_t& right) {
  const Json* json = find(name);
  if (json == nullptr) return;
  const bool by_axis = json->is_array() && json->size() == 2;
  if (!read_pair(by_axis ? (*json)[0] : *json, top, bottom) ||
      !read_pair(by_axis ? (*json)[1] : *json, left, right)) {
    wrong(name, *json, "pairs of whole numbers");
  }
}
void JsonReader::only(const char* name, std::vector<double> values) {
  const Json* json = find(name);
  if (json == nullptr || json->is_null()) return;
  std::vector<double> given;
  (*this)(name, given);
  if (given != values) {
    throw FileError(fmt::format("{}: {} is {}; only {} is supported", where_, name, excerpt(*json),
                                fmt::join(values, ", ")));
  }
}
void JsonReader::operator()(const char* name, Axes& value) {
  const Json* json = find(name);
  if (json == nullptr) return;
  std::vector<int> axes;
  (*this)(name, axes);
  value = json->is_null() ? Axes() : Axes(axes);
}

}  // namespace keratin::saving
