// Keras' files from before `.keras`: one HDF5 file, weights by the names of layers, models as JSON
// in an attribute.
#pragma once

#include <string>

#include "nn/model/model.h"
#include "nn/saving/hdf5.h"

namespace keratin::saving {

/// Is it one, of weights alone or of a whole model?
bool is_legacy(const Hdf5Reader& file);

/// Reads every weight of a model, layer by layer: by name where the file has just the model's
/// names, else in order. Throws FileError, and changes nothing, where they do not fit; with
/// `skip_mismatch` layers that do not fit are left as they are, each with a warning.
void read_legacy_weights(const LayerRef& model, const Hdf5Reader& file, const std::string& where,
                         bool skip_mismatch = false);

/// The model of a whole one that Keras 3 wrote; compiled, with the optimizer's state, where
/// `compile` says so and it was. Throws FileError for others.
Model read_legacy_model(const Hdf5Reader& file, const std::string& where, bool compile);

}  // namespace keratin::saving
