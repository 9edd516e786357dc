#include "data/directories/dataset_from_directory.h"

#include <fmt/format.h>

#include <string>

#include "data/directories/split.h"
#include "data/pipeline/pipeline.h"
#include "kernels/error.h"
#include "tensor/random.h"

namespace keratin::data::detail {
namespace {

struct Files {
  Listing listing;
  std::uint32_t seed = 0;
};

Files find_files(DirectoryRequest& request) {
  check_request(request);
  if (request.skips() && request.bad_files == nullptr)
    request.bad_files = std::make_shared<BadFiles>();
  Files files;
  files.listing = list_directory(request);
  files.seed = static_cast<std::uint32_t>(request.seed ? static_cast<std::uint64_t>(*request.seed)
                                                       : next_random_seed());
  if (request.shuffle) files.listing = shuffled(std::move(files.listing), files.seed);
  return files;
}

Dataset dataset_of(const DirectoryRequest& request, Listing listing, std::uint32_t seed,
                   bool reshuffle, MakeReader make_reader) {
  auto names = std::make_shared<const FileNames>(
      FileNames{std::move(listing.class_names), std::move(listing.paths)});
  auto table = std::make_shared<FileTable>();
  table->request = request;
  table->names = names;
  table->labels = std::move(listing.labels);
  table->reader = make_reader();
  const std::int64_t count = std::ssize(names->file_paths);
  SourcePtr<std::int64_t> rows = all_rows(count);
  if (reshuffle) rows = shuffled(std::move(rows), count, seed, true);
  return Dataset(std::make_shared<const Pipeline>(
      Pipeline{file_batches(std::move(rows), std::move(table)), nullptr, nullptr, names,
               request.batch_size.value_or(0)}));
}

}  // namespace

Dataset dataset_from_directory(DirectoryRequest request, MakeReader make_reader) {
  if (request.subset == "both") {
    std::string several = request.op;
    several.replace(several.find("dataset"), 7, "datasets");
    throw ValueError(
        fmt::format("{}: subset is \"both\", which is two datasets; call {}", request.op, several));
  }
  Files files = find_files(request);
  if (request.subset.empty()) {
    return dataset_of(request, std::move(files.listing), files.seed, request.shuffle, make_reader);
  }
  const bool training = request.subset == "training";
  return dataset_of(
      request, subset_of(request, files.listing, training ? Subset::training : Subset::validation),
      files.seed, request.shuffle && training, make_reader);
}

std::pair<Dataset, Dataset> datasets_from_directory(DirectoryRequest request,
                                                    MakeReader make_reader) {
  if (!request.subset.empty() && request.subset != "both") {
    throw ValueError(fmt::format("{}: subset is \"{}\"; expected \"both\", or none for the same",
                                 request.op, request.subset));
  }
  if (!request.validation_split) {
    throw ValueError(
        fmt::format("{}: validation_split is not given; expected the share of files "
                    "that are for validation, such as 0.2",
                    request.op));
  }
  request.subset = "both";
  const Files files = find_files(request);
  Listing training = subset_of(request, files.listing, Subset::training);
  Listing validation = subset_of(request, files.listing, Subset::validation);
  return {
      dataset_of(request, std::move(training), files.seed, request.shuffle, make_reader),
      dataset_of(request, std::move(validation), files.seed, false, make_reader),
  };
}

}  // namespace keratin::data::detail
