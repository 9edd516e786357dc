#pragma once

#include <string>

#include "nn/model/model.h"

namespace keratin {

struct LoadModelOptions {
  /// Compile it as it was when it was saved, with the optimizer's state.
  bool compile = true;
  /// As in Keras. Code from a file is never run here, whatever it says.
  bool safe_mode = true;
};

/// Reads a model that keratin or Keras 3 saved, a `.keras` file: layers, weights, vocabularies,
/// how it was compiled, the optimizer's state. A `.h5` file of a whole model, the older form, is read
/// too where Keras 3 wrote it.
///
/// Throws FileError, naming file, layer and option, for what is no such file, is broken, or needs
/// what keratin lacks: nothing is left out in silence. A layer of one's own must be known by
/// register_layer before.
[[nodiscard]] Model load_model(const std::string& path, const LoadModelOptions& options = {});

}  // namespace keratin
