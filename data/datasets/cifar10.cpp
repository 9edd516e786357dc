#include "data/datasets/cifar10.h"

#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "data/bytes.h"
#include "data/datasets/python_batch.h"
#include "data/download.h"
#include "data/tar.h"

namespace keratin::data::datasets {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kImage = 3 * 32 * 32;      // bytes: all red, all green, all blue
constexpr std::int64_t kMostBytes = 256LL << 20;  // of one file; they have 31 million
constexpr const char* kArchive = "cifar-10-python.tar.gz";
const std::vector<std::string> kFiles = {"data_batch_1", "data_batch_2", "data_batch_3",
                                         "data_batch_4", "data_batch_5", "test_batch"};

// One file: its images as they lie there, and their labels.
struct Batch {
  std::string images = {};
  std::vector<std::uint8_t> labels = {};
};

[[noreturn]] void fail(const std::string& name, const std::string& text) {
  throw FileError(fmt::format("{}: {}", name, text));
}

std::uint8_t checked_label(const std::string& name, std::size_t image, std::int64_t label) {
  if (label < 0 || label > 9)
    fail(name, fmt::format("label {} is {}; expected 0 to 9", image, label));
  return static_cast<std::uint8_t>(label);
}

// A byte of label and the image, again and again.
Batch from_binary(const std::string& path) {
  const std::string name = fmt::format("cifar10: {}", path);
  const Bytes bytes = read_file("cifar10", path, kMostBytes);
  if (bytes.size() == 0 || bytes.size() % (kImage + 1) != 0) {
    fail(name, fmt::format("holds {} bytes; expected a multiple of {}, a label and an image each",
                           bytes.size(), kImage + 1));
  }
  Batch batch;
  for (std::int64_t at = 0; at < bytes.size(); at += kImage + 1) {
    const std::string_view record =
        bytes.text().substr(static_cast<std::size_t>(at), static_cast<std::size_t>(kImage) + 1);
    batch.labels.push_back(
        checked_label(name, batch.labels.size(), static_cast<unsigned char>(record[0])));
    batch.images += record.substr(1);
  }
  return batch;
}

Batch from_python(const std::string& name, const Bytes& pickle) {
  detail::PythonBatch read = detail::read_python_batch(name, pickle);
  if (read.columns != kImage || read.rows < 1 || read.rows != std::ssize(read.labels)) {
    fail(name, fmt::format("holds data u8[{}, {}] and {} labels; expected u8[N, {}] and N labels",
                           read.rows, read.columns, read.labels.size(), kImage));
  }
  Batch batch = {.images = std::move(read.data)};
  for (const std::int64_t label : read.labels)
    batch.labels.push_back(checked_label(name, batch.labels.size(), label));
  return batch;
}

std::vector<Batch> from_archive(const std::string& path) {
  std::map<std::string, Bytes> members = read_tar("cifar10", path, kFiles, kMostBytes);
  std::vector<Batch> batches;
  for (const std::string& file : kFiles)
    batches.push_back(from_python(fmt::format("cifar10: {}: {}", path, file), members.at(file)));
  return batches;
}

std::vector<Batch> from_folder(const std::string& directory) {
  std::error_code error;
  const fs::path folder(directory);
  for (const char* inner : {"", "cifar-10-batches-bin", "cifar-10-batches-py"}) {
    for (const char* ending : {".bin", ""}) {
      if (!fs::exists(folder / inner / (kFiles[0] + ending), error)) continue;
      std::vector<Batch> batches;
      for (const std::string& file : kFiles) {
        const std::string path = (folder / inner / (file + ending)).string();
        batches.push_back(*ending != '\0' ? from_binary(path)
                                          : from_python(fmt::format("cifar10: {}", path),
                                                        read_file("cifar10", path, kMostBytes)));
      }
      return batches;
    }
  }
  if (fs::exists(folder / kArchive, error)) return from_archive((folder / kArchive).string());
  throw FileError(
      fmt::format("cifar10: {} has neither data_batch_1.bin nor data_batch_1, by itself or in "
                  "cifar-10-batches-bin or cifar-10-batches-py, nor {}{}",
                  directory, kArchive, fs::is_directory(folder, error) ? "" : "; it is no folder"));
}

// Channels last, as layers take them.
Part part_of(const std::vector<Batch>& batches, std::size_t first, std::size_t last) {
  std::int64_t count = 0;
  for (std::size_t b = first; b < last; ++b) count += std::ssize(batches[b].labels);
  Part part = {.x = Tensor::empty({count, 32, 32, 3}, uint8),
               .y = Tensor::empty({count, 1}, uint8)};
  auto* x = part.x.mutable_data<std::uint8_t>();
  auto* y = part.y.mutable_data<std::uint8_t>();
  for (std::size_t b = first; b < last; ++b) {
    const auto* planes = reinterpret_cast<const std::uint8_t*>(batches[b].images.data());
    for (const std::uint8_t label : batches[b].labels) {
      *y++ = label;
      for (std::int64_t pixel = 0; pixel < 32 * 32; ++pixel)
        for (std::int64_t channel = 0; channel < 3; ++channel)
          *x++ = planes[channel * 32 * 32 + pixel];
      planes += kImage;
    }
  }
  return part;
}

}  // namespace

std::pair<Part, Part> cifar10(const Cifar10Options& options) {
  const std::vector<Batch> batches =
      !options.directory.empty()
          ? from_folder(options.directory)
          : from_archive(download(
                {.path = fmt::format("cifar10/{}", kArchive),
                 .urls = {fmt::format("https://www.cs.toronto.edu/~kriz/{}", kArchive)},
                 .sha256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                 .advice = "With the files in a folder, use cifar10({.directory = \"FOLDER\"})."}));
  return {part_of(batches, 0, 5), part_of(batches, 5, 6)};
}

}  // namespace keratin::data::datasets
