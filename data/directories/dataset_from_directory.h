// What the datasets of images and of texts share.
#pragma once

#include <memory>
#include <utility>

#include "data/bytes.h"
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

/// read_file, with `where` in its messages.
Bytes read_whole_file(const std::string& path, const std::string& where);

}  // namespace keratin::data::detail
