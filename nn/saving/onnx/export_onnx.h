#pragma once

#include <string>

#include "nn/model/model.h"

namespace keratin {

/// Writes what a model computes at inference to a `.onnx` file, opset 17, that onnxruntime and
/// others run. Inputs and outputs keep their names, shapes (channels last) and types; sizes that
/// are None stay open, that of the batch as "batch". An output with the name of an input gets
/// another. What was there before is replaced in one go.
///
/// float32 only. Throws ValueError, before anything is written, for a model of a class of its own,
/// a layer that has no mapping (of the program's own, look-ups of strings, resizing), a call with
/// training = true, or more than 2 GiB of weights; FileError where the file cannot be written.
///
///     Model model = load_model("m.keras");
///     export_onnx(model, "m.onnx");
void export_onnx(const Model& model, const std::string& path);

}  // namespace keratin
