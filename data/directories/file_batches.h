// Files become tensors, on threads of their own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "data/directories/listing.h"
#include "data/files.h"
#include "data/pipeline/source.h"

namespace keratin::data::detail {

/// Reads files of one kind into places of a tensor. Several threads call it at once, each with a
/// scratch of its own.
class FileReader {
 public:
  struct Scratch {
    virtual ~Scratch() = default;
  };
  virtual ~FileReader() = default;
  virtual std::unique_ptr<Scratch> scratch() const { return nullptr; }
  /// A tensor for one file, its values not yet set.
  virtual Spec spec() const = 0;
  /// Throws FileError beginning with `where`, which names the file.
  virtual void read(const std::string& path, const std::string& where, Tensor& to,
                    std::int64_t position, Scratch* scratch) const = 0;
};

/// What a dataset of files is made of.
struct FileTable {
  DirectoryRequest request = {};
  std::shared_ptr<const FileNames> names = nullptr;
  std::vector<std::int32_t> labels = {};  // empty without labels
  std::unique_ptr<const FileReader> reader = nullptr;
};

/// Examples or batches of these files, read ahead in order on as many threads as there are kernel
/// threads, straight into the tensors that come out. A file that cannot be read is an error in its
/// place, or left out, as the request says.
SourcePtr<Example> file_batches(SourcePtr<std::int64_t> rows,
                                std::shared_ptr<const FileTable> table);

}  // namespace keratin::data::detail
