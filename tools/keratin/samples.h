// What a person names on the command line, as what a model takes.
#pragma once

#include <string>
#include <vector>

#include "keratin.h"

namespace keratin::tools {

/// A batch, and what to call its rows.
struct Samples {
  Tensors x = {};
  std::vector<std::string> titles = {};
};

/// Batches of what `inputs` name, as the inputs of the model ask for; images of several sizes,
/// which a model may take, are batches of their own. Throws ValueError where they do not fit, saying what
/// the model takes; FileError.
std::vector<Samples> read_samples(const SymbolicTensors& model_inputs,
                                  const std::vector<std::string>& inputs, double scale);

}  // namespace keratin::tools
