#pragma once

#include <functional>
#include <string>

#include "nn/model/model.h"

namespace keratin::detail {

/// Why the loss of this batch is not finite, in one sentence: the input, the first layer (inner ones
/// before those around them) whose output is not finite, with the weight that is not, or else the
/// loss. Found by running the forward pass again with the same random numbers; the model is as
/// before afterwards. To be asked before the weights change.
std::string why_not_finite(Model& model, const Example& batch, const Tensors& y_pred);

/// Notes why the loss in the logs is not finite, where a model on a GPU could not tell in its step:
/// `batch` gives one on which it is not by now.
void find_not_finite(Model& model, const std::function<Example()>& batch, const Logs& logs);

}  // namespace keratin::detail
