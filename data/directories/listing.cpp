#include "data/directories/listing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "kernels/error.h"

namespace keratin::data {

std::int64_t BadFiles::count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::int64_t>(entries_.size());
}
std::vector<BadFiles::Entry> BadFiles::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}
bool BadFiles::add(const std::string& path, const std::string& message) {
  const std::lock_guard lock(mutex_);
  if (std::ranges::any_of(entries_, [&](const Entry& entry) { return entry.path == path; }))
    return false;
  entries_.push_back({path, message});
  return true;
}

namespace detail {
namespace {

namespace fs = std::filesystem;

std::string joined(const std::string& folder, const std::string& name) {
  return folder.empty() || folder.ends_with('/') ? folder + name : folder + "/" + name;
}

bool has_extension(const std::string& name, const std::vector<std::string_view>& extensions) {
  std::string lower = name;
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return std::ranges::any_of(extensions, [&](std::string_view e) { return lower.ends_with(e); });
}

[[noreturn]] void fail(const DirectoryRequest& r, const std::string& path,
                       const std::string& text) {
  throw FileError(fmt::format("{}: {}: {}", r.op, path, text));
}

struct Entry {
  std::string name;
  bool folder = false, link = false;
};

std::vector<Entry> entries_of(const DirectoryRequest& r, const std::string& folder) {
  std::vector<Entry> entries;
  std::error_code error;
  fs::directory_iterator at(folder, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    std::error_code none;  // a link that leads nowhere is no folder
    entries.push_back(
        {at->path().filename().string(), at->is_directory(none), at->is_symlink(none)});
  }
  if (error) fail(r, folder, fmt::format("the folder cannot be listed: {}", error.message()));
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

// The files below one folder.
class Walk {
 public:
  explicit Walk(const DirectoryRequest& request) : request_(request) {}

  std::vector<std::string> files(const std::string& top) {
    std::vector<std::string> waiting{top};
    mark(top);
    while (!waiting.empty()) {
      const std::string folder = std::move(waiting.back());
      waiting.pop_back();
      std::vector<std::string>& files = files_[folder];
      for (const Entry& entry : entries_of(request_, folder)) {
        const std::string path = joined(folder, entry.name);
        if (!entry.folder) {
          if (has_extension(entry.name, request_.extensions)) files.push_back(path);
        } else if ((!entry.link || request_.follow_links) && mark(path)) {
          waiting.push_back(path);
        }
      }
    }
    std::vector<std::string> all;
    for (auto& [folder, files] : files_) std::ranges::move(files, std::back_inserter(all));
    return all;
  }

 private:
  // False where links have led to the folder before and such are skipped. A folder counts once, so
  // that no loop is endless and no tree of links grows beyond measure.
  bool mark(const std::string& folder) {
    if (!request_.follow_links) return true;
    struct stat status = {};
    if (stat(folder.c_str(), &status) != 0) return true;
    const auto [found, is_new] = seen_.emplace(std::pair{status.st_dev, status.st_ino}, folder);
    if (is_new) return true;
    const std::string text =
        fmt::format("a link leads to this folder, which is {} as well{}", found->second,
                    folder.starts_with(joined(found->second, "")) ? ": a loop without end" : "");
    if (!request_.skips()) {
      fail(request_, folder,
           text + ". Remove the link, or set follow_links = false or on_bad_files = \"skip\".");
    }
    const std::string message = fmt::format("{}: {}: {}", request_.op, folder, text);
    if (request_.bad_files == nullptr || request_.bad_files->add(folder, message))
      warn(request_, fmt::format("{}: {}; it is left out", folder, text));
    return false;
  }

  const DirectoryRequest& request_;
  std::map<std::string, std::vector<std::string>> files_;  // by folder
  std::map<std::pair<dev_t, ino_t>, std::string> seen_;
};

std::vector<std::string> classes_of(const DirectoryRequest& r) {
  std::vector<std::string> folders;
  for (const Entry& entry : entries_of(r, r.directory))
    if (entry.folder && !entry.name.starts_with('.')) folders.push_back(entry.name);
  for (const std::string& name : r.class_names) {
    if (std::ranges::find(folders, name) != folders.end()) continue;
    throw ValueError(fmt::format(
        "{}: class_names has \"{}\", which is no folder of {}; there are: {}", r.op, name,
        r.directory, folders.empty() ? "none" : fmt::format("{}", fmt::join(folders, ", "))));
  }
  return r.class_names.empty() ? folders : r.class_names;
}

void list_classes(const DirectoryRequest& r, Listing& listing) {
  listing.class_names = classes_of(r);
  std::vector<std::string> empty;
  for (std::size_t label = 0; label < listing.class_names.size(); ++label) {
    std::vector<std::string> files = Walk(r).files(joined(r.directory, listing.class_names[label]));
    if (files.empty()) empty.push_back(listing.class_names[label]);
    listing.labels.insert(listing.labels.end(), files.size(), static_cast<std::int32_t>(label));
    std::ranges::move(files, std::back_inserter(listing.paths));
  }
  if (empty.empty() || listing.paths.empty()) return;
  const std::string text =
      fmt::format("no {} file in the folder of class {}", r.kind, fmt::join(empty, ", of class "));
  if (!r.class_names.empty() || r.skips()) {
    warn(r, fmt::format("{}: {}", r.directory, text));
  } else {
    fail(r, r.directory,
         fmt::format("{}; expected {}. Remove the folder, or name all classes in class_names to "
                     "keep it.",
                     text, fmt::join(r.extensions, " ")));
  }
}

void use_given_labels(const DirectoryRequest& r, Listing& listing) {
  const std::vector<std::int64_t>& numbers = r.labels.numbers();
  if (numbers.size() != listing.paths.size()) {
    throw ValueError(fmt::format("{}: {} labels for {} files in {}; expected one a file", r.op,
                                 numbers.size(), listing.paths.size(), r.directory));
  }
  const std::set<std::int64_t> classes(numbers.begin(), numbers.end());
  for (const std::int64_t number : classes) {
    const bool fits = number >= 0 && number <= std::numeric_limits<std::int32_t>::max();
    const bool counted = number < static_cast<std::int64_t>(classes.size());
    if (fits && (counted || r.label_mode == "int")) continue;
    throw ValueError(fmt::format(
        "{}: a label is {}; with label_mode \"{}\" and {} different labels expected {}", r.op,
        number, r.label_mode, classes.size(),
        r.label_mode == "int" ? "0 or more" : fmt::format("0 to {}", classes.size() - 1)));
  }
  for (const std::int64_t number : classes) listing.class_names.push_back(std::to_string(number));
  listing.labels.assign(numbers.begin(), numbers.end());
}

[[noreturn]] void fail_without_files(const DirectoryRequest& r, const Listing& listing) {
  std::string hint;
  if (r.labelled() && r.labels.inferred()) {
    hint = listing.class_names.empty()
               ? ". It has no folders: expected one a class"
               : fmt::format(" in the folders of {} classes", listing.class_names.size());
    if (!Walk(r).files(r.directory).empty())
      hint +=
          ". There are such files outside of folders: for files without classes set "
          "labels = \"none\"";
  }
  fail(r, r.directory,
       fmt::format("no {} files found; expected {}{}", r.kind, fmt::join(r.extensions, " "), hint));
}

}  // namespace

void warn(const DirectoryRequest& request, const std::string& text) {
  fmt::print(stderr, "keratin: {}: {}\n", request.op, text);
}

Listing list_directory(const DirectoryRequest& r) {
  std::error_code error;
  const fs::file_status status = fs::status(r.directory, error);
  if (!fs::exists(status)) fail(r, r.directory, "there is no such folder");
  if (!fs::is_directory(status)) fail(r, r.directory, "is not a folder; expected one");
  Listing listing;
  if (r.labelled() && r.labels.inferred()) {
    list_classes(r, listing);
  } else {
    listing.paths = Walk(r).files(r.directory);
    if (r.labelled() && !listing.paths.empty()) use_given_labels(r, listing);
  }
  if (r.verbose) {
    fmt::print(
        "Found {} files{}.\n", listing.paths.size(),
        r.labelled() ? fmt::format(" belonging to {} classes", listing.class_names.size()) : "");
    std::fflush(stdout);
  }
  if (listing.paths.empty()) fail_without_files(r, listing);
  if (r.label_mode == "binary" && listing.class_names.size() != 2) {
    throw ValueError(fmt::format("{}: label_mode \"binary\" needs 2 classes; {} has {}: {}", r.op,
                                 r.directory, listing.class_names.size(),
                                 fmt::join(listing.class_names, ", ")));
  }
  return listing;
}

void check_request(const DirectoryRequest& r) {
  const auto refuse = [&](const std::string& text) {
    throw ValueError(fmt::format("{}: {}", r.op, text));
  };
  if (!r.labels.inferred() && !r.labels.none() && !r.labels.given()) {
    refuse(fmt::format("labels is \"{}\"; expected \"inferred\", \"none\" or a list of numbers",
                       r.labels.source()));
  }
  if (r.label_mode != "int" && r.label_mode != "categorical" && r.label_mode != "binary" &&
      r.label_mode != "none") {
    refuse(fmt::format("label_mode is \"{}\"; expected int, categorical, binary or none",
                       r.label_mode));
  }
  if (!r.class_names.empty() && !(r.labels.inferred() && r.labelled()))
    refuse("class_names go with labels = \"inferred\" only");
  if (std::set<std::string>(r.class_names.begin(), r.class_names.end()).size() !=
      r.class_names.size()) {
    refuse(fmt::format("class_names has a name twice: {}", fmt::join(r.class_names, ", ")));
  }
  if (r.batch_size && *r.batch_size < 1)
    refuse(fmt::format("batch_size is {}; expected 1 or more, or none for single elements",
                       *r.batch_size));
  if (r.validation_split && !(*r.validation_split > 0 && *r.validation_split < 1))
    refuse(fmt::format("validation_split is {}; expected more than 0 and less than 1",
                       *r.validation_split));
  if (!r.subset.empty() && r.subset != "training" && r.subset != "validation" && r.subset != "both")
    refuse(fmt::format("subset is \"{}\"; expected training, validation or both", r.subset));
  if (r.validation_split.has_value() != !r.subset.empty())
    refuse("validation_split and subset go together; only one is given");
  if (r.validation_split && r.shuffle && !r.seed && r.subset != "both") {
    refuse(
        "with validation_split and shuffle a seed must be given, the same for both subsets, so "
        "that they have no file in common");
  }
  constexpr std::int64_t kSeeds = std::int64_t{1} << 32;
  if (r.seed && (*r.seed < 0 || *r.seed >= kSeeds))
    refuse(fmt::format("seed is {}; expected 0 to {}", *r.seed, kSeeds - 1));
  if (r.on_bad_files != "error" && r.on_bad_files != "skip")
    refuse(fmt::format("on_bad_files is \"{}\"; expected error or skip", r.on_bad_files));
}

}  // namespace detail
}  // namespace keratin::data
