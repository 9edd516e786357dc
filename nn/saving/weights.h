// Weights in HDF5, under paths that follow from the structure of the model, not from names: Keras'
// model.weights.h5.
#pragma once

#include <string>
#include <vector>

#include "nn/layer.h"
#include "nn/optimizer.h"
#include "nn/saving/hdf5.h"

namespace keratin::saving {

void write_weights(const LayerRef& model, Hdf5Writer& file);
/// Reads every weight of the model, which must be built. Throws FileError, and changes nothing,
/// where the file has fewer or more, or of other shapes; with `skip_mismatch` layers that do not
/// fit are left as they are, each with a warning. `where` begins the messages.
void read_weights(const LayerRef& model, const Hdf5Reader& file, const std::string& where,
                  bool skip_mismatch = false);
/// The same of tensors by their paths in such a file, and all that a model has.
void read_weights(const LayerRef& model, const Named<Tensor>& tensors, const std::string& where,
                  bool skip_mismatch = false);
Named<Tensor> weights_by_path(const LayerRef& model);

void write_optimizer(const OptimizerRef& optimizer, Hdf5Writer& file);
/// Reads the optimizer's state, if the file has one, for these variables; one that does not fit is
/// warned of, and the optimizer starts anew.
void read_optimizer(OptimizerRef& optimizer, const std::vector<Variable>& variables,
                    const Hdf5Reader& file, const std::string& where);
/// The same of these datasets.
void read_optimizer(OptimizerRef& optimizer, const std::vector<Variable>& variables,
                    const Hdf5Reader& file, const std::vector<std::string>& paths,
                    const std::string& where);

/// Every layer with its path in files, "layers/dense"; shared ones once, at their first path; the
/// model itself, "", first.
std::vector<std::pair<std::string, Layer*>> layer_paths(const LayerRef& model);

}  // namespace keratin::saving
