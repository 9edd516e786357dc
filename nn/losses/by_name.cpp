// Losses by the names that Keras knows them under.
#include <fmt/format.h>

#include <map>
#include <vector>

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
#include "nn/names.h"
#include "tensor/named.h"

namespace keratin {
namespace {

using Make = LossRef (*)();

// "crossentropy": by the shapes, as "accuracy" among the metrics.
LossRef crossentropy() {
  return LossRef(
      [](const Variable& y_true, const Variable& y_pred) {
        const bool binary = y_pred.rank() == 0 || y_pred.shape().back() == 1;
        const bool sparse = y_true.rank() < y_pred.rank() || y_true.shape().back() == 1;
        const LossRef meant = binary   ? LossRef(losses::BinaryCrossentropy())
                              : sparse ? LossRef(losses::SparseCategoricalCrossentropy())
                                       : LossRef(losses::CategoricalCrossentropy());
        return meant.per_sample(y_true, y_pred);
      },
      "crossentropy", "sum_over_batch_size");
}

template <class Loss>
LossRef made() {
  return Loss();
}

std::map<std::string, Make> table() {
  std::map<std::string, Make> names;
  // Under the class's name, its snake_case, and others.
  const auto add = [&](const char* class_name, Make make,
                       std::initializer_list<const char*> others = {}) {
    names[class_name] = names[snake_case(class_name)] = make;
    for (const char* other : others) names[other] = make;
  };
  using namespace losses;
  add("MeanSquaredError", made<MeanSquaredError>, {"mse", "MSE"});
  add("MeanAbsoluteError", made<MeanAbsoluteError>, {"mae", "MAE"});
  add("MeanAbsolutePercentageError", made<MeanAbsolutePercentageError>, {"mape", "MAPE"});
  add("MeanSquaredLogarithmicError", made<MeanSquaredLogarithmicError>, {"msle", "MSLE"});
  add("CosineSimilarity", made<CosineSimilarity>);
  add("Huber", made<Huber>);
  add("LogCosh", made<LogCosh>, {"logcosh"});
  add("Poisson", made<Poisson>);
  add("KLDivergence", made<KLDivergence>, {"kl_divergence", "kld", "KLD"});
  add("Hinge", made<Hinge>);
  add("SquaredHinge", made<SquaredHinge>);
  add("CategoricalHinge", made<CategoricalHinge>);
  add("BinaryCrossentropy", made<BinaryCrossentropy>, {"bce", "BCE"});
  add("BinaryFocalCrossentropy", made<BinaryFocalCrossentropy>);
  add("CategoricalCrossentropy", made<CategoricalCrossentropy>);
  add("CategoricalFocalCrossentropy", made<CategoricalFocalCrossentropy>);
  add("CategoricalGeneralizedCrossEntropy", made<CategoricalGeneralizedCrossEntropy>);
  add("SparseCategoricalCrossentropy", made<SparseCategoricalCrossentropy>);
  add("Dice", made<Dice>);
  add("Tversky", made<Tversky>);
  add("CTC", made<CTC>);
  add("Circle", made<Circle>);
  names["crossentropy"] = names["ce"] = crossentropy;
  return names;
}

}  // namespace

LossRef::LossRef(const char* name) {
  static const std::map<std::string, Make> makers = table();
  const auto found = makers.find(name);
  if (found == makers.end()) {
    std::vector<std::string> known;
    for (const auto& [key, make] : makers) known.push_back(key);
    throw ValueError(fmt::format("loss: unknown name \"{}\"{}", name, name_hint(name, known)));
  }
  *this = found->second();
  origin_ = std::make_shared<const Origin>(Origin{.class_name = {}, .fields = {}, .name = name});
}

}  // namespace keratin
