// What a pipeline is made of. T is Example, or std::int64_t: the number of a row of the tensors
// that the pipeline starts from, as long as nobody has asked for the examples themselves.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "tensor/several.h"

namespace keratin::data::detail {

/// A pass under way.
template <class T>
class Pass {
 public:
  virtual ~Pass() = default;
  /// The next element, or none at the end and from then on. Not called again after an exception.
  virtual std::optional<T> next() = 0;
  /// Leaves out up to n elements.
  virtual void skip(std::int64_t n) {
    while (n-- > 0)
      if (!next()) return;
  }
};

/// Something that passes can be started on; it never changes. It outlives its passes.
template <class T>
class Source {
 public:
  virtual ~Source() = default;
  virtual std::unique_ptr<Pass<T>> begin(std::int64_t pass) const = 0;
  /// How many elements a pass gives; kInfinite or kUnknown.
  virtual std::int64_t cardinality() const = 0;
};

template <class T>
using SourcePtr = std::shared_ptr<const Source<T>>;
template <class T>
using PassPtr = std::unique_ptr<Pass<T>>;

class Table;
struct FileNames;

/// What a Dataset holds: examples, or rows of a table where the examples still are just that.
struct Pipeline {
  SourcePtr<Example> examples;  // always set
  SourcePtr<std::int64_t> rows = nullptr;
  std::shared_ptr<const Table> table = nullptr;
  std::shared_ptr<const FileNames> files = nullptr;  // of a directory; kept by all operations
  std::int64_t batch = 0;  // the elements are batches of so many samples; 0: that is not known
};

}  // namespace keratin::data::detail
