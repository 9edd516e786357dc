// What the datasets of images and of texts share.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/directories/file_batches.h"
#include "kernels/function_ref.h"

namespace keratin::data::detail {

using MakeReader = kernels::FunctionRef<std::unique_ptr<const FileReader>()>;

/// All files, or a subset. Throws ValueError for the subset "both".
Dataset dataset_from_directory(DirectoryRequest request, MakeReader make_reader);

/// Training and validation.
std::pair<Dataset, Dataset> datasets_from_directory(DirectoryRequest request,
                                                    MakeReader make_reader);

/// A whole file into `room`, which grows where it must and never shrinks: no memory is asked for,
/// file after file. Throws FileError beginning with `where`.
std::span<const std::byte> read_whole_file(const std::string& path, const std::string& where,
                                           std::vector<std::byte>& room);

}  // namespace keratin::data::detail
