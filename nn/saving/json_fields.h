// Options to JSON and back.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "nn/fields.h"
#include "nn/saving/json.h"

namespace keratin::saving {

/// Writes options into the "config" of an object.
class JsonWriter : public Fields {
 public:
  /// `what` names the object in messages: `Dense "head"`.
  explicit JsonWriter(std::string what) : what_(std::move(what)) {}
  bool reading() const override { return false; }

  void operator()(const char* name, bool& value) override;
  void operator()(const char* name, int& value) override;
  void operator()(const char* name, std::int64_t& value) override;
  void operator()(const char* name, double& value) override;
  void operator()(const char* name, std::string& value) override;
  void operator()(const char* name, std::optional<int>& value) override;
  void operator()(const char* name, std::optional<std::int64_t>& value) override;
  void operator()(const char* name, std::optional<std::uint64_t>& value) override;
  void operator()(const char* name, std::optional<double>& value) override;
  void operator()(const char* name, std::optional<std::string>& value) override;
  void operator()(const char* name, std::vector<int>& value) override;
  void operator()(const char* name, std::vector<std::int64_t>& value) override;
  void operator()(const char* name, std::vector<double>& value) override;
  void operator()(const char* name, std::vector<std::string>& value) override;
  void operator()(const char* name, Shape& value) override;
  void operator()(const char* name, Axes& value) override;
  void operator()(const char* name, Size2& value) override;
  void operator()(const char* name, Tensor& value) override;
  void operator()(const char* name, DTypePolicy& value) override;
  void operator()(const char* name, Activation& value) override;
  void operator()(const char* name, Initializer& value) override;
  void operator()(const char* name, Regularizer& value) override;
  void operator()(const char* name, Constraint& value) override;
  void operator()(const char* name, LayerRef& value) override;
  void operator()(const char* name, optimizers::LearningRate& value) override;
  void list_of_one(const char* name, std::int64_t& value) override;
  void pair(const char* name, std::int64_t& before, std::int64_t& after) override;
  void pairs(const char* name, std::int64_t& top, std::int64_t& bottom, std::int64_t& left,
             std::int64_t& right) override;
  void sizes(const char* name, std::vector<int>& value) override { (*this)(name, value); }
  void text_or_number(const char* name, std::optional<std::string>& text,
                      std::optional<std::int64_t>& number) override;

  void only(const char*, std::vector<double>) override {}
  void ignore(const char*) override {}

  Json take() { return std::move(config_); }

 private:
  std::string what_;
  Json config_ = Json::object();
};

/// Reads options from the "config" of an object. Each throws FileError, naming the object and the
/// option, for a value of another kind.
class JsonReader : public Fields {
 public:
  /// `config` must outlive it. `where` names file and object: `m.keras: Dense "head"`. Throws
  /// FileError unless `config` is an object.
  JsonReader(const Json& config, std::string where);
  bool reading() const override { return true; }

  void operator()(const char* name, bool& value) override;
  void operator()(const char* name, int& value) override;
  void operator()(const char* name, std::int64_t& value) override;
  void operator()(const char* name, double& value) override;
  void operator()(const char* name, std::string& value) override;
  void operator()(const char* name, std::optional<int>& value) override;
  void operator()(const char* name, std::optional<std::int64_t>& value) override;
  void operator()(const char* name, std::optional<std::uint64_t>& value) override;
  void operator()(const char* name, std::optional<double>& value) override;
  void operator()(const char* name, std::optional<std::string>& value) override;
  void operator()(const char* name, std::vector<int>& value) override;
  void operator()(const char* name, std::vector<std::int64_t>& value) override;
  void operator()(const char* name, std::vector<double>& value) override;
  void operator()(const char* name, std::vector<std::string>& value) override;
  void operator()(const char* name, Shape& value) override;
  void operator()(const char* name, Axes& value) override;
  void operator()(const char* name, Size2& value) override;
  void operator()(const char* name, Tensor& value) override;
  void operator()(const char* name, DTypePolicy& value) override;
  void operator()(const char* name, Activation& value) override;
  void operator()(const char* name, Initializer& value) override;
  void operator()(const char* name, Regularizer& value) override;
  void operator()(const char* name, Constraint& value) override;
  void operator()(const char* name, LayerRef& value) override;
  void operator()(const char* name, optimizers::LearningRate& value) override;
  void list_of_one(const char* name, std::int64_t& value) override;
  void pair(const char* name, std::int64_t& before, std::int64_t& after) override;
  void pairs(const char* name, std::int64_t& top, std::int64_t& bottom, std::int64_t& left,
             std::int64_t& right) override;
  void sizes(const char* name, std::vector<int>& value) override;
  void text_or_number(const char* name, std::optional<std::string>& text,
                      std::optional<std::int64_t>& number) override;

  void only(const char* name, std::vector<double> values) override;
  void ignore(const char* name) override { find(name); }

  const std::string& where() const { return where_; }
  /// The value under a name, which then counts as read; nullptr where there is none.
  const Json* find(const char* name);
  [[noreturn]] void wrong(const char* name, const Json& value, const char* expected) const;
  /// Throws FileError for an option that nobody read, unless it says nothing (null, false, an empty
  /// list): newer versions of Keras write more of these.
  void done() const;

 private:
  const Json& config_;
  std::string where_;
  std::set<std::string> read_;
};

/// {"class_name", "config" ...} of an object with an origin. Throws ValueError for one without:
/// `what` of `owner` is a function of the program, which no file can hold.
Json envelope(const char* module, const OriginPtr& origin, const char* what,
              const std::string& owner);

/// The class and the config of an envelope. Throws FileError unless it is one.
struct Enveloped {
  std::string class_name;
  const Json& config;
};
Enveloped opened(const Json& json, const std::string& where);

/// A dtype policy as Keras writes it, and read from that or from a plain name.
Json policy_to_json(const DTypePolicy& policy);
DTypePolicy policy_from_json(const Json& json, const std::string& where);

/// A short text of a value, for messages.
std::string excerpt(const Json& value);

}  // namespace keratin::saving
