// What the loops of fit, evaluate and predict share.
#pragma once

#include <cstdint>
#include <optional>

#include "data/dataset.h"
#include "tensor/several.h"

namespace keratin::detail {

/// Of tensors, unless given.
inline constexpr std::int64_t kBatchSize = 32;

/// Batches of a pass: what was asked for, at most what is there.
std::optional<std::int64_t> known_steps(const data::Dataset& data,
                                        std::optional<std::int64_t> asked);

/// Throw ValueError.
void require_positive(const char* what, const char* option, std::optional<std::int64_t> value);
void require_defined(const char* what, const data::Dataset& data);

class ModelLayer;

/// While one lives, the steps of a model on a GPU give no results unless they are wanted: reading
/// them waits for the GPU.
class ResultsScope {
 public:
  ResultsScope(ModelLayer& model, bool wanted);
  ~ResultsScope();
  ResultsScope(const ResultsScope&) = delete;
  ResultsScope& operator=(const ResultsScope&) = delete;

 private:
  ModelLayer& model_;
  bool before_;
};

/// The results that are single numbers, sorted by name.
Logs to_logs(const Tensors& results);

}  // namespace keratin::detail
