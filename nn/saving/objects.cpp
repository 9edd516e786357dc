#include "nn/saving/objects.h"

#include <fmt/format.h>

#include <map>

#include "nn/optimizers/adadelta.h"
#include "nn/optimizers/adagrad.h"
#include "nn/optimizers/adam.h"
#include "nn/optimizers/adamax.h"
#include "nn/optimizers/adamw.h"
#include "nn/optimizers/ftrl.h"
#include "nn/optimizers/lamb.h"
#include "nn/optimizers/lion.h"
#include "nn/optimizers/nadam.h"
#include "nn/optimizers/rmsprop.h"
#include "nn/optimizers/sgd.h"
#include "nn/schedules/cosine_decay.h"
#include "nn/schedules/cosine_decay_restarts.h"
#include "nn/schedules/exponential_decay.h"
#include "nn/schedules/inverse_time_decay.h"
#include "nn/schedules/piecewise_constant_decay.h"
#include "nn/schedules/polynomial_decay.h"

namespace keratin::saving {
namespace {

// Something of a class that a table knows, made from its config. What the constructor objects to is
// the file's fault.
template <class T>
T made(const std::map<std::string, T (*)(JsonReader&)>& makers, const char* kind, const Json& json,
       const std::string& where) {
  const Enveloped object = opened(json, where);
  const auto found = makers.find(object.class_name);
  if (found == makers.end()) {
    std::vector<std::string> known;
    for (const auto& [name, make] : makers) known.push_back(name);
    throw FileError(fmt::format("{}: {} of class \"{}\" is not known here{}", where, kind,
                                object.class_name, name_hint(object.class_name, known)));
  }
  JsonReader reader(object.config, fmt::format("{}: {}", where, object.class_name));
  try {
    T result = found->second(reader);
    reader.done();
    return result;
  } catch (const FileError&) {
    throw;
  } catch (const Error& error) {
    throw FileError(fmt::format("{}: {}", where, error.what()));
  }
}

// ---- initializers

using initializers::Seed;

// Without a seed each weight draws one of its own, as from a name.
template <class Make>
Initializer seeded(JsonReader& reader, const char* name, const Make& make) {
  Seed seed;
  reader("seed", seed);
  // Axes of the fans, of einsum layers; null for others.
  return seed ? make(seed) : Initializer(name);
}

const std::map<std::string, Initializer (*)(JsonReader&)>& initializer_makers() {
  namespace in = initializers;
  static const std::map<std::string, Initializer (*)(JsonReader&)> makers = {
      {"Zeros", [](JsonReader&) { return in::Zeros(); }},
      {"Ones", [](JsonReader&) { return in::Ones(); }},
      {"Constant",
       [](JsonReader& r) {
         double value = 0;
         r("value", value);
         return in::Constant(value);
       }},
      {"Identity",
       [](JsonReader& r) {
         double gain = 1;
         r("gain", gain);
         return in::Identity(gain);
       }},
      {"RandomNormal",
       [](JsonReader& r) {
         double mean = 0, stddev = 0.05;
         Seed seed;
         r("mean", mean), r("stddev", stddev), r("seed", seed);
         return in::RandomNormal(mean, stddev, seed);
       }},
      {"TruncatedNormal",
       [](JsonReader& r) {
         double mean = 0, stddev = 0.05;
         Seed seed;
         r("mean", mean), r("stddev", stddev), r("seed", seed);
         return in::TruncatedNormal(mean, stddev, seed);
       }},
      {"RandomUniform",
       [](JsonReader& r) {
         double minval = -0.05, maxval = 0.05;
         Seed seed;
         r("minval", minval), r("maxval", maxval), r("seed", seed);
         return in::RandomUniform(minval, maxval, seed);
       }},
      {"VarianceScaling",
       [](JsonReader& r) {
         in::VarianceScalingOptions options;
         options.fields(r);
         return in::VarianceScaling(options);
       }},
      {"GlorotUniform",
       [](JsonReader& r) { return seeded(r, "glorot_uniform", in::GlorotUniform); }},
      {"GlorotNormal", [](JsonReader& r) { return seeded(r, "glorot_normal", in::GlorotNormal); }},
      {"HeUniform", [](JsonReader& r) { return seeded(r, "he_uniform", in::HeUniform); }},
      {"HeNormal", [](JsonReader& r) { return seeded(r, "he_normal", in::HeNormal); }},
      {"LecunUniform", [](JsonReader& r) { return seeded(r, "lecun_uniform", in::LecunUniform); }},
      {"LecunNormal", [](JsonReader& r) { return seeded(r, "lecun_normal", in::LecunNormal); }},
      {"Orthogonal",
       [](JsonReader& r) {
         double gain = 1;
         Seed seed;
         r("gain", gain), r("seed", seed);
         return in::Orthogonal(gain, seed);
       }},
  };
  return makers;
}

// An object by its short name ("glorot_uniform"), where there is one.
template <class T>
T by_name(const Json& json, const std::string& where) {
  try {
    return T(json.get<std::string>());
  } catch (const Error& error) {
    throw FileError(fmt::format("{}: {}", where, error.what()));
  }
}

template <class Made, class Options>
Constraint constraint_of(JsonReader& reader) {
  Options options;
  options.fields(reader);
  return Made(options);
}

template <class Made, class Options>
optimizers::Schedule schedule_of(JsonReader& reader) {
  Options options;
  options.fields(reader);
  return Made(options);
}

template <class Made, class Options>
OptimizerRef optimizer_of(JsonReader& reader) {
  Options options;
  options.fields(reader);
  return Made(options);
}

}  // namespace

Activation activation_from_json(const Json& json, const std::string& where) {
  if (json.is_null()) return {};
  if (json.is_string()) return by_name<Activation>(json, where);
  // Some versions write a function of their own as an object whose config is its name.
  const Enveloped object = opened(json, where);
  if (object.class_name == "function" && object.config.is_string()) {
    return by_name<Activation>(object.config, where);
  }
  throw FileError(
      fmt::format("{}: {}; expected an activation's name. A layer as an activation is not "
                  "supported: put it after the layer instead.",
                  where, excerpt(json)));
}

Initializer initializer_from_json(const Json& json, const std::string& where) {
  if (json.is_null()) return {};
  if (json.is_string()) return by_name<Initializer>(json, where);
  return made(initializer_makers(), "an initializer", json, where);
}

Regularizer regularizer_from_json(const Json& json, const std::string& where) {
  static const std::map<std::string, Regularizer (*)(JsonReader&)> makers = {
      {"L1",
       [](JsonReader& r) -> Regularizer {
         double l1 = 0.01;
         r("l1", l1);
         return regularizers::L1(l1);
       }},
      {"L2",
       [](JsonReader& r) -> Regularizer {
         double l2 = 0.01;
         r("l2", l2);
         return regularizers::L2(l2);
       }},
      {"L1L2",
       [](JsonReader& r) -> Regularizer {
         double l1 = 0, l2 = 0;
         r("l1", l1), r("l2", l2);
         return regularizers::L1L2(l1, l2);
       }},
      {"OrthogonalRegularizer",
       [](JsonReader& r) -> Regularizer {
         double factor = 0.01;
         std::string mode = "rows";
         r("factor", factor), r("mode", mode);
         return regularizers::OrthogonalRegularizer(factor, mode);
       }},
  };
  if (json.is_null()) return {};
  if (json.is_string()) return by_name<Regularizer>(json, where);
  return made(makers, "a regularizer", json, where);
}

Constraint constraint_from_json(const Json& json, const std::string& where) {
  static const std::map<std::string, Constraint (*)(JsonReader&)> makers = {
      {"MaxNorm", constraint_of<constraints::MaxNorm, constraints::MaxNormOptions>},
      {"MinMaxNorm", constraint_of<constraints::MinMaxNorm, constraints::MinMaxNormOptions>},
      {"NonNeg", [](JsonReader&) -> Constraint { return constraints::NonNeg(); }},
      {"UnitNorm", constraint_of<constraints::UnitNorm, constraints::UnitNormOptions>},
  };
  if (json.is_null()) return {};
  if (json.is_string()) return by_name<Constraint>(json, where);
  return made(makers, "a constraint", json, where);
}

optimizers::Schedule schedule_from_json(const Json& json, const std::string& where) {
  namespace s = optimizers::schedules;
  static const std::map<std::string, optimizers::Schedule (*)(JsonReader&)> makers = {
      {"CosineDecay", schedule_of<s::CosineDecay, s::CosineDecayOptions>},
      {"CosineDecayRestarts", schedule_of<s::CosineDecayRestarts, s::CosineDecayRestartsOptions>},
      {"ExponentialDecay", schedule_of<s::ExponentialDecay, s::ExponentialDecayOptions>},
      {"InverseTimeDecay", schedule_of<s::InverseTimeDecay, s::InverseTimeDecayOptions>},
      {"PiecewiseConstantDecay",
       schedule_of<s::PiecewiseConstantDecay, s::PiecewiseConstantDecayOptions>},
      {"PolynomialDecay", schedule_of<s::PolynomialDecay, s::PolynomialDecayOptions>},
  };
  return made(makers, "a schedule", json, where);
}

OptimizerRef optimizer_from_json(const Json& json, const std::string& where) {
  namespace opt = optimizers;
  static const std::map<std::string, OptimizerRef (*)(JsonReader&)> makers = {
      {"Adadelta", optimizer_of<opt::Adadelta, opt::AdadeltaOptions>},
      {"Adagrad", optimizer_of<opt::Adagrad, opt::AdagradOptions>},
      {"Adam", optimizer_of<opt::Adam, opt::AdamOptions>},
      {"AdamW", optimizer_of<opt::AdamW, opt::AdamWOptions>},
      {"Adamax", optimizer_of<opt::Adamax, opt::AdamaxOptions>},
      {"Ftrl", optimizer_of<opt::Ftrl, opt::FtrlOptions>},
      {"Lamb", optimizer_of<opt::Lamb, opt::LambOptions>},
      {"Lion", optimizer_of<opt::Lion, opt::LionOptions>},
      {"Nadam", optimizer_of<opt::Nadam, opt::NadamOptions>},
      {"RMSprop", optimizer_of<opt::RMSprop, opt::RMSpropOptions>},
      {"SGD", optimizer_of<opt::SGD, opt::SGDOptions>},
  };
  if (json.is_string()) return by_name<OptimizerRef>(json, where);
  return made(makers, "an optimizer", json, where);
}

Json optimizer_to_json(const OptimizerRef& optimizer) {
  Json json = envelope("keras.optimizers", optimizer.impl()->origin(), "optimizer", "the model");
  // A callback may have set another rate since.
  Json& rate = json["config"]["learning_rate"];
  if (rate.is_number()) rate = optimizer.learning_rate();
  return json;
}

}  // namespace keratin::saving
