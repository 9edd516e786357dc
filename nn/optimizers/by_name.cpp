// Optimizers by the names that Keras knows them under: their classes, in any case.
#include <fmt/format.h>

#include <cctype>
#include <map>
#include <vector>

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
#include "tensor/named.h"

namespace keratin {
namespace {

using Make = OptimizerRef (*)();

template <class Optimizer>
OptimizerRef made() {
  return Optimizer();
}

const std::map<std::string, Make>& makers() {
  using namespace optimizers;
  static const std::map<std::string, Make> all = {
      {"adadelta", made<Adadelta>}, {"adagrad", made<Adagrad>}, {"adam", made<Adam>},
      {"adamax", made<Adamax>},     {"adamw", made<AdamW>},     {"ftrl", made<Ftrl>},
      {"lamb", made<Lamb>},         {"lion", made<Lion>},       {"nadam", made<Nadam>},
      {"rmsprop", made<RMSprop>},   {"sgd", made<SGD>},
  };
  return all;
}

}  // namespace

OptimizerRef::OptimizerRef(const char* name) {
  std::string lower = name;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto found = makers().find(lower);
  if (found == makers().end()) {
    std::vector<std::string> known;
    for (const auto& [key, make] : makers()) known.push_back(key);
    throw ValueError(
        fmt::format("optimizer: unknown name \"{}\"{}", name, name_hint(lower, known)));
  }
  *this = found->second();
}

}  // namespace keratin
