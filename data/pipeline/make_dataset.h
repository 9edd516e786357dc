// Datasets of sources.
#pragma once

#include <memory>
#include <utility>

#include "data/dataset.h"
#include "data/files.h"
#include "data/pipeline/pipeline.h"

namespace keratin::data::detail {

/// What a dataset is made of. Throws ValueError if it was never set, naming the operation.
struct PipelineOf {
  static const Pipeline& get(const Dataset& dataset, const char* what) {
    return dataset.pipeline(what);
  }
};

using Files = std::shared_ptr<const FileNames>;

inline Dataset of_examples(SourcePtr<Example> source, Files files = nullptr,
                           std::int64_t batch = 0) {
  return Dataset(std::make_shared<const Pipeline>(
      Pipeline{std::move(source), nullptr, nullptr, std::move(files), batch}));
}

inline Dataset of_rows(SourcePtr<std::int64_t> rows, std::shared_ptr<const Table> table,
                       Files files = nullptr) {
  return Dataset(std::make_shared<const Pipeline>(
      Pipeline{examples_of(rows, table), rows, table, std::move(files), 0}));
}

// The same decorator, which leaves elements as they are, on rows, as long as there are just these,
// else on examples.
template <class F>
Dataset decorated(const Pipeline& pipeline, const F& decorate) {
  if (pipeline.rows != nullptr)
    return of_rows(decorate(pipeline.rows), pipeline.table, pipeline.files);
  return of_examples(decorate(pipeline.examples), pipeline.files, pipeline.batch);
}

}  // namespace keratin::data::detail
