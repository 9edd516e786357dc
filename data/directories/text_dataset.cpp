#include "data/directories/text_dataset.h"

#include <fmt/format.h>

#include "data/directories/dataset_from_directory.h"
#include "data/utf8.h"

namespace keratin::data {
namespace {

class TextReader : public detail::FileReader {
 public:
  explicit TextReader(const TextDirectoryOptions& options)
      : max_length_(options.max_length), replaces_(options.encoding_errors == "replace") {}

  std::unique_ptr<Scratch> scratch() const override { return std::make_unique<Room>(); }
  Spec spec() const override { return {.shape = Shape{}, .dtype = string}; }

  void read(const std::string& path, const std::string& where, Tensor& to, std::int64_t position,
            Scratch* scratch) const override {
    const auto bytes = detail::read_whole_file(path, where, static_cast<Room*>(scratch)->file);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::size_t good = well_formed_utf8(text);
    std::string& place = to.mutable_strings()[static_cast<std::size_t>(position)];
    if (good < text.size()) {
      if (!replaces_) {
        throw FileError(fmt::format(
            "{}: not UTF-8: byte {} is 0x{:02x}. Convert the file, or set encoding_errors = "
            "\"replace\".",
            where, good, static_cast<unsigned char>(text[good])));
      }
      place = replace_ill_formed_utf8(text);
      if (max_length_) place.resize(utf8_prefix(place, *max_length_).size());
    } else {
      place = max_length_ ? utf8_prefix(text, *max_length_) : text;
    }
  }

 private:
  struct Room : Scratch {
    std::vector<std::byte> file;
  };

  std::optional<std::int64_t> max_length_;
  bool replaces_;
};

detail::DirectoryRequest request_of(const std::string& op, const std::string& directory,
                                    const TextDirectoryOptions& o) {
  if (o.max_length && *o.max_length < 0)
    throw ValueError(fmt::format("{}: max_length is {}; expected 0 or more", op, *o.max_length));
  if (o.encoding_errors != "strict" && o.encoding_errors != "replace") {
    throw ValueError(fmt::format("{}: encoding_errors is \"{}\"; expected strict or replace", op,
                                 o.encoding_errors));
  }
  return {.op = op,
          .kind = "text",
          .extensions = {".txt"},
          .directory = directory,
          .labels = o.labels,
          .label_mode = o.label_mode,
          .class_names = o.class_names,
          .batch_size = o.batch_size,
          .shuffle = o.shuffle,
          .seed = o.seed,
          .validation_split = o.validation_split,
          .subset = o.subset,
          .follow_links = o.follow_links,
          .verbose = o.verbose,
          .on_bad_files = o.on_bad_files,
          .bad_files = o.bad_files};
}

}  // namespace

Dataset text_dataset_from_directory(const std::string& directory,
                                    const TextDirectoryOptions& options) {
  return detail::dataset_from_directory(
      request_of("text_dataset_from_directory", directory, options),
      [&] { return std::make_unique<const TextReader>(options); });
}

std::pair<Dataset, Dataset> text_datasets_from_directory(const std::string& directory,
                                                         const TextDirectoryOptions& options) {
  return detail::datasets_from_directory(
      request_of("text_datasets_from_directory", directory, options),
      [&] { return std::make_unique<const TextReader>(options); });
}

}  // namespace keratin::data
