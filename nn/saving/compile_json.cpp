#include "nn/saving/compile_json.h"

#include <fmt/format.h>

#include <map>

#include "nn/losses/binary_crossentropy.h"
#include "nn/losses/categorical_crossentropy.h"
#include "nn/losses/circle.h"
#include "nn/losses/ctc.h"
#include "nn/losses/focal.h"
#include "nn/losses/hinge.h"
#include "nn/losses/mean_absolute_error.h"
#include "nn/losses/mean_squared_error.h"
#include "nn/losses/overlap.h"
#include "nn/losses/regression.h"
#include "nn/losses/sparse_categorical_crossentropy.h"
#include "nn/metrics/accuracy.h"
#include "nn/metrics/auc.h"
#include "nn/metrics/confusion.h"
#include "nn/metrics/f_score.h"
#include "nn/metrics/iou.h"
#include "nn/metrics/mean.h"
#include "nn/metrics/probabilistic.h"
#include "nn/metrics/regression.h"
#include "nn/saving/json_fields.h"
#include "nn/saving/objects.h"

namespace keratin::saving {
namespace {

template <class Object>
using Makers = std::map<std::string, Object (*)(JsonReader&)>;

// Of a class of losses:: or metrics::, from its options.
template <class Made, class Options, class Object>
Object made_from(JsonReader& reader) {
  Options options;
  options.fields(reader);
  reader.find("dtype");
  return Made(options);
}

const Makers<LossRef>& loss_makers() {
  namespace l = losses;
  static const Makers<LossRef> makers = {
      {"BinaryCrossentropy",
       made_from<l::BinaryCrossentropy, l::BinaryCrossentropyOptions, LossRef>},
      {"BinaryFocalCrossentropy",
       made_from<l::BinaryFocalCrossentropy, l::BinaryFocalCrossentropyOptions, LossRef>},
      {"CTC", made_from<l::CTC, l::LossOptions, LossRef>},
      {"CategoricalCrossentropy",
       made_from<l::CategoricalCrossentropy, l::CategoricalCrossentropyOptions, LossRef>},
      {"CategoricalFocalCrossentropy",
       made_from<l::CategoricalFocalCrossentropy, l::CategoricalFocalCrossentropyOptions, LossRef>},
      {"CategoricalGeneralizedCrossEntropy",
       made_from<l::CategoricalGeneralizedCrossEntropy,
                 l::CategoricalGeneralizedCrossEntropyOptions, LossRef>},
      {"CategoricalHinge", made_from<l::CategoricalHinge, l::LossOptions, LossRef>},
      {"Circle", made_from<l::Circle, l::CircleOptions, LossRef>},
      {"CosineSimilarity", made_from<l::CosineSimilarity, l::CosineSimilarityOptions, LossRef>},
      {"Dice", made_from<l::Dice, l::DiceOptions, LossRef>},
      {"Hinge", made_from<l::Hinge, l::LossOptions, LossRef>},
      {"Huber", made_from<l::Huber, l::HuberOptions, LossRef>},
      {"KLDivergence", made_from<l::KLDivergence, l::LossOptions, LossRef>},
      {"LogCosh", made_from<l::LogCosh, l::LossOptions, LossRef>},
      {"MeanAbsoluteError", made_from<l::MeanAbsoluteError, l::LossOptions, LossRef>},
      {"MeanAbsolutePercentageError",
       made_from<l::MeanAbsolutePercentageError, l::LossOptions, LossRef>},
      {"MeanSquaredError", made_from<l::MeanSquaredError, l::LossOptions, LossRef>},
      {"MeanSquaredLogarithmicError",
       made_from<l::MeanSquaredLogarithmicError, l::LossOptions, LossRef>},
      {"Poisson", made_from<l::Poisson, l::LossOptions, LossRef>},
      {"SparseCategoricalCrossentropy",
       made_from<l::SparseCategoricalCrossentropy, l::SparseCategoricalCrossentropyOptions,
                 LossRef>},
      {"SquaredHinge", made_from<l::SquaredHinge, l::LossOptions, LossRef>},
      {"Tversky", made_from<l::Tversky, l::TverskyOptions, LossRef>},
  };
  return makers;
}

const Makers<MetricRef>& metric_makers() {
  namespace m = metrics;
  static const Makers<MetricRef> makers = {
      {"AUC", made_from<m::AUC, m::AUCOptions, MetricRef>},
      {"Accuracy", made_from<m::Accuracy, m::MetricOptions, MetricRef>},
      {"BinaryAccuracy", made_from<m::BinaryAccuracy, m::BinaryAccuracyOptions, MetricRef>},
      {"BinaryCrossentropy",
       made_from<m::BinaryCrossentropy, m::BinaryCrossentropyOptions, MetricRef>},
      {"BinaryIoU", made_from<m::BinaryIoU, m::BinaryIoUOptions, MetricRef>},
      {"CategoricalAccuracy", made_from<m::CategoricalAccuracy, m::MetricOptions, MetricRef>},
      {"CategoricalCrossentropy",
       made_from<m::CategoricalCrossentropy, m::CategoricalCrossentropyOptions, MetricRef>},
      {"CategoricalHinge", made_from<m::CategoricalHinge, m::MetricOptions, MetricRef>},
      {"ConcordanceCorrelation",
       made_from<m::ConcordanceCorrelation, m::CorrelationOptions, MetricRef>},
      {"CosineSimilarity", made_from<m::CosineSimilarity, m::CosineSimilarityOptions, MetricRef>},
      {"F1Score", made_from<m::F1Score, m::F1ScoreOptions, MetricRef>},
      {"FBetaScore", made_from<m::FBetaScore, m::FBetaScoreOptions, MetricRef>},
      {"FalseNegatives", made_from<m::FalseNegatives, m::CountOptions, MetricRef>},
      {"FalsePositives", made_from<m::FalsePositives, m::CountOptions, MetricRef>},
      {"Hinge", made_from<m::Hinge, m::MetricOptions, MetricRef>},
      {"IoU", made_from<m::IoU, m::IoUOptions, MetricRef>},
      {"KLDivergence", made_from<m::KLDivergence, m::MetricOptions, MetricRef>},
      {"LogCoshError", made_from<m::LogCoshError, m::MetricOptions, MetricRef>},
      {"Mean", made_from<m::Mean, m::MetricOptions, MetricRef>},
      {"MeanAbsoluteError", made_from<m::MeanAbsoluteError, m::MetricOptions, MetricRef>},
      {"MeanAbsolutePercentageError",
       made_from<m::MeanAbsolutePercentageError, m::MetricOptions, MetricRef>},
      {"MeanIoU", made_from<m::MeanIoU, m::MeanIoUOptions, MetricRef>},
      {"MeanSquaredError", made_from<m::MeanSquaredError, m::MetricOptions, MetricRef>},
      {"MeanSquaredLogarithmicError",
       made_from<m::MeanSquaredLogarithmicError, m::MetricOptions, MetricRef>},
      {"OneHotIoU", made_from<m::OneHotIoU, m::OneHotIoUOptions, MetricRef>},
      {"OneHotMeanIoU", made_from<m::OneHotMeanIoU, m::OneHotMeanIoUOptions, MetricRef>},
      {"PearsonCorrelation", made_from<m::PearsonCorrelation, m::CorrelationOptions, MetricRef>},
      {"Poisson", made_from<m::Poisson, m::MetricOptions, MetricRef>},
      {"Precision", made_from<m::Precision, m::PrecisionOptions, MetricRef>},
      {"PrecisionAtRecall",
       made_from<m::PrecisionAtRecall, m::PrecisionAtRecallOptions, MetricRef>},
      {"R2Score", made_from<m::R2Score, m::R2ScoreOptions, MetricRef>},
      {"Recall", made_from<m::Recall, m::PrecisionOptions, MetricRef>},
      {"RecallAtPrecision",
       made_from<m::RecallAtPrecision, m::RecallAtPrecisionOptions, MetricRef>},
      {"RootMeanSquaredError", made_from<m::RootMeanSquaredError, m::MetricOptions, MetricRef>},
      {"SensitivityAtSpecificity",
       made_from<m::SensitivityAtSpecificity, m::SensitivityAtSpecificityOptions, MetricRef>},
      {"SparseCategoricalAccuracy",
       made_from<m::SparseCategoricalAccuracy, m::MetricOptions, MetricRef>},
      {"SparseCategoricalCrossentropy",
       made_from<m::SparseCategoricalCrossentropy, m::SparseCategoricalCrossentropyOptions,
                 MetricRef>},
      {"SparseTopKCategoricalAccuracy",
       made_from<m::SparseTopKCategoricalAccuracy, m::TopKOptions, MetricRef>},
      {"SpecificityAtSensitivity",
       made_from<m::SpecificityAtSensitivity, m::SpecificityAtSensitivityOptions, MetricRef>},
      {"SquaredHinge", made_from<m::SquaredHinge, m::MetricOptions, MetricRef>},
      {"Sum", made_from<m::Sum, m::MetricOptions, MetricRef>},
      {"TopKCategoricalAccuracy", made_from<m::TopKCategoricalAccuracy, m::TopKOptions, MetricRef>},
      {"TrueNegatives", made_from<m::TrueNegatives, m::CountOptions, MetricRef>},
      {"TruePositives", made_from<m::TruePositives, m::CountOptions, MetricRef>},
  };
  return makers;
}

// The string that was typed, or the object.
template <class Object>
Json object_to_json(const char* module, const OriginPtr& origin, const char* what,
                    const Object& object) {
  if (origin != nullptr && !origin->name.empty()) return origin->name;
  Json json = envelope(module, origin, what, "the model");
  json["config"]["name"] = object.name();
  return json;
}

template <class Object>
Object object_from_json(const Makers<Object>& makers, const char* kind, const Json& json,
                        const std::string& where) {
  const std::string advice = "; load the model with .compile = false, and compile it here";
  try {
    if (json.is_string()) return Object(json.get<std::string>());
    const Enveloped object = opened(json, where);
    // A function of Keras' own, by its name.
    if (object.class_name == "function" && object.config.is_string()) {
      return Object(object.config.get<std::string>());
    }
    const auto found = makers.find(object.class_name);
    if (found == makers.end()) {
      throw FileError(fmt::format("{}: a {} of class \"{}\" is not known here{}", where, kind,
                                  object.class_name, advice));
    }
    JsonReader reader(object.config, fmt::format("{}: {}", where, object.class_name));
    Object result = found->second(reader);
    reader.done();
    return result;
  } catch (const FileError&) {
    throw;
  } catch (const Error& error) {
    throw FileError(fmt::format("{}: {}{}", where, error.what(), advice));
  }
}

Json metrics_to_json(const Metrics& metrics) {
  const auto list = [](const std::vector<MetricRef>& all) {
    Json json = Json::array();
    for (const MetricRef& metric : all) json.push_back(metric_to_json(metric));
    return json;
  };
  if (!metrics.all().empty()) return list(metrics.all());
  if (metrics.by_output().empty()) return nullptr;
  Json json = Json::object();
  for (const auto& [output, of_output] : metrics.by_output()) json[output] = list(of_output.all());
  return json;
}

std::vector<MetricRef> metric_list(const Json& json, const std::string& where) {
  std::vector<MetricRef> list;
  if (json.is_null()) return list;
  if (!json.is_array()) return {metric_from_json(json, where)};
  for (const Json& one : json) {
    if (!one.is_null()) list.push_back(metric_from_json(one, where));
  }
  return list;
}

Metrics metrics_from_json(const Json& json, const std::vector<std::string>& outputs,
                          const std::string& where) {
  if (json.is_null()) return {};
  std::vector<std::pair<std::string, MetricList>> by_output;
  const auto add = [&](const std::string& output, const Json& of_output) {
    std::vector<MetricRef> list = metric_list(of_output, where);
    if (!list.empty()) by_output.emplace_back(output, MetricList(std::move(list)));
  };
  const bool by_name = json.is_object() && !json.contains("class_name");
  if (by_name) {
    for (const auto& [output, of_output] : json.items()) add(output, of_output);
  } else if (json.is_array() && outputs.size() > 1) {
    if (json.size() != outputs.size()) {
      throw FileError(
          fmt::format("{}: {} entries for {} outputs", where, json.size(), outputs.size()));
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) add(outputs[i], json[i]);
  } else {
    const bool nested = json.is_array() && json.size() == 1 && json[0].is_array();
    return metric_list(nested ? json[0] : json, where);
  }
  return Metrics(std::move(by_output));
}

Losses losses_from_json(const Json& json, const std::vector<std::string>& outputs,
                        const std::string& where) {
  if (json.is_null()) return {};
  Named<LossRef> by_output;
  if (json.is_object() && !json.contains("class_name")) {
    for (const auto& [output, loss] : json.items()) {
      if (!loss.is_null()) by_output[output] = loss_from_json(loss, where);
    }
    return by_output;
  }
  if (!json.is_array()) return loss_from_json(json, where);
  if (json.size() != outputs.size()) {
    throw FileError(
        fmt::format("{}: {} losses for {} outputs", where, json.size(), outputs.size()));
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!json[i].is_null()) by_output[outputs[i]] = loss_from_json(json[i], where);
  }
  return by_output;
}

Named<double> weights_from_json(const Json& json, const std::vector<std::string>& outputs,
                                const std::string& where) {
  Named<double> weights;
  const auto add = [&](const std::string& output, const Json& weight) {
    if (!weight.is_number()) {
      throw FileError(fmt::format("{}: {}; expected numbers", where, excerpt(json)));
    }
    weights[output] = weight.get<double>();
  };
  if (json.is_object()) {
    for (const auto& [output, weight] : json.items()) add(output, weight);
  } else if (json.is_array() && json.size() == outputs.size()) {
    for (std::size_t i = 0; i < outputs.size(); ++i) add(outputs[i], json[i]);
  } else if (json.is_number() && outputs.size() == 1) {
    add(outputs[0], json);
  } else if (!json.is_null()) {
    throw FileError(fmt::format("{}: {}; expected one number an output", where, excerpt(json)));
  }
  return weights;
}

}  // namespace

Json loss_to_json(const LossRef& loss) {
  return object_to_json("keras.losses", loss.origin(), "loss", loss);
}
LossRef loss_from_json(const Json& json, const std::string& where) {
  return object_from_json(loss_makers(), "loss", json, where);
}
Json metric_to_json(const MetricRef& metric) {
  return object_to_json("keras.metrics", metric.metric()->origin(), "metric", metric);
}
MetricRef metric_from_json(const Json& json, const std::string& where) {
  return object_from_json(metric_makers(), "metric", json, where);
}

Json compile_to_json(const detail::Compiled& compiled) {
  const CompileOptions& options = compiled.options();
  Json loss = nullptr, weights = nullptr;
  if (options.loss.one().given()) loss = loss_to_json(options.loss.one());
  for (const auto& [output, one] : options.loss.by_output()) loss[output] = loss_to_json(one);
  for (const auto& [output, weight] : options.loss_weights) weights[output] = weight;
  return {{"optimizer", optimizer_to_json(compiled.optimizer)},
          {"loss", std::move(loss)},
          {"loss_weights", std::move(weights)},
          {"metrics", metrics_to_json(options.metrics)},
          {"weighted_metrics", metrics_to_json(options.weighted_metrics)},
          {"run_eagerly", options.run_eagerly},
          {"steps_per_execution", options.steps_per_execution},
          {"jit_compile", false}};
}

CompileOptions compile_from_json(const Json& json, const std::vector<std::string>& outputs,
                                 const std::string& where) {
  const auto at = [&](const char* name) -> const Json& {
    static const Json none = nullptr;
    return json.contains(name) ? json[name] : none;
  };
  CompileOptions options;
  options.optimizer = optimizer_from_json(at("optimizer"), where + ": optimizer");
  options.loss = losses_from_json(at("loss"), outputs, where + ": loss");
  options.loss_weights = weights_from_json(at("loss_weights"), outputs, where + ": loss_weights");
  options.metrics = metrics_from_json(at("metrics"), outputs, where + ": metrics");
  options.weighted_metrics =
      metrics_from_json(at("weighted_metrics"), outputs, where + ": weighted_metrics");
  if (at("run_eagerly").is_boolean()) options.run_eagerly = at("run_eagerly").get<bool>();
  if (at("steps_per_execution").is_number_integer()) {
    options.steps_per_execution = at("steps_per_execution").get<int>();
  }
  return options;
}

}  // namespace keratin::saving
