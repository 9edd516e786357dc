// Datasets of sources.
#pragma once

#include <memory>
#include <utility>

#include "data/dataset.h"
#include "data/files.h"
#include "data/pipeline/pipeline.h"

namespace keratin::data::detail {

using Files = std::shared_ptr<const FileNames>;

inline Dataset of_examples(SourcePtr<Example> source, Files files = nullptr) {
  return Dataset(std::make_shared<const Pipeline>(
      Pipeline{std::move(source), nullptr, nullptr, std::move(files)}));
}

inline Dataset of_rows(SourcePtr<std::int64_t> rows, std::shared_ptr<const Table> table,
                       Files files = nullptr) {
  return Dataset(std::make_shared<const Pipeline>(
      Pipeline{examples_of(rows, table), rows, table, std::move(files)}));
}

// The same decorator on rows, as long as there are just these, else on examples.
template <class F>
Dataset decorated(const Pipeline& pipeline, const F& decorate) {
  if (pipeline.rows != nullptr)
    return of_rows(decorate(pipeline.rows), pipeline.table, pipeline.files);
  return of_examples(decorate(pipeline.examples), pipeline.files);
}

}  // namespace keratin::data::detail
