#include "nn/callbacks/csv_logger.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

#include "nn/inspect/terminal.h"
#include "nn/model/model.h"

namespace keratin::callbacks {
namespace {

namespace fs = std::filesystem;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

class CSVLoggerCallback final : public Callback {
 public:
  explicit CSVLoggerCallback(const CSVLoggerOptions& options) : options_(options) {
    if (options.filename.empty()) {
      throw ValueError("CSVLogger: filename is missing; expected where to write");
    }
    if (options.separator.size() != 1) {
      throw ValueError(
          fmt::format("CSVLogger: separator is \"{}\"; expected one character", options.separator));
    }
  }

  bool reads_batch_logs() const override { return false; }
  void on_train_begin(Logs&) override {
    columns_.clear();
    warned_ = false;
    if (options_.append) columns_ = columns_of_existing();
    fresh_ = !options_.append;  // what is there goes with the first row, not before
    file_.reset(std::fopen(options_.filename.c_str(), "ab"));
    if (file_ == nullptr) {
      throw FileError(fmt::format("CSVLogger: {}: cannot be written: {}", options_.filename,
                                  std::strerror(errno)));
    }
  }

  void on_epoch_end(int epoch, Logs& logs) override {
    if (fresh_) cut(0);
    fresh_ = false;
    if (columns_.empty()) {
      choose_columns(logs);
      write(fmt::format("{}\n", fmt::join(columns_, options_.separator)));
    }
    std::string row;
    for (const std::string& column : columns_) {
      if (!row.empty()) row += options_.separator;
      const double* value = logs.find(column);
      row += column == "epoch"  ? std::to_string(epoch)
             : value != nullptr ? fmt::format("{}", *value)
                                : "NA";
    }
    write(row + "\n");
  }

  void on_train_end(Logs&) override {
    if (fresh_) cut(0);
    file_.reset();
  }
  // Rows that were written after the backup are written again.
  void state(Fields& f) override {
    std::int64_t bytes = fresh_ ? 0 : size();
    f("columns", columns_);
    f("bytes", bytes);
    f("fresh", fresh_);
    if (f.reading() && !fresh_) cut(bytes);
  }

 private:
  // The header of the file that is there, which ends with a whole line afterwards.
  std::vector<std::string> columns_of_existing() const {
    std::ifstream file(options_.filename, std::ios::binary);
    std::stringstream text;
    if (file) text << file.rdbuf();
    const std::string all = text.str();
    const std::size_t whole = all.rfind('\n') == std::string::npos ? 0 : all.rfind('\n') + 1;
    if (whole < all.size()) fs::resize_file(options_.filename, whole);
    std::vector<std::string> columns;
    std::istringstream header(all.substr(0, whole == 0 ? 0 : all.find('\n')));
    for (std::string name; std::getline(header, name, options_.separator[0]);) {
      if (name.ends_with('\r')) name.pop_back();
      columns.push_back(name);
    }
    if (!columns.empty() && columns[0] != "epoch") {
      throw FileError(fmt::format(
          "CSVLogger: {}: its first column is \"{}\", so it is no log of epochs to append to",
          options_.filename, columns[0]));
    }
    return columns;
  }

  std::int64_t size() const {
    std::error_code error;
    const auto bytes = fs::file_size(options_.filename, error);
    return error ? 0 : static_cast<std::int64_t>(bytes);
  }
  void cut(std::int64_t bytes) const {
    std::error_code error;
    if (size() > bytes)
      fs::resize_file(options_.filename, static_cast<std::uintmax_t>(bytes), error);
  }

  void choose_columns(const Logs& logs) {
    std::vector<std::string> names;
    for (const auto& [name, value] : logs) names.push_back(name);
    std::sort(names.begin(), names.end());
    const auto of_validation = [](const std::string& name) { return name.starts_with("val_"); };
    if (params().validation && std::none_of(names.begin(), names.end(), of_validation)) {
      const std::size_t count = names.size();
      for (std::size_t i = 0; i < count; ++i) {
        if (names[i] != "learning_rate") names.push_back("val_" + names[i]);
      }
    }
    columns_ = {"epoch"};
    columns_.insert(columns_.end(), names.begin(), names.end());
  }

  void write(const std::string& line) {
    errno = 0;
    const bool written = file_ != nullptr &&
                         std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size() &&
                         std::fflush(file_.get()) == 0;
    std::error_code error;
    const bool gone = written && !fs::exists(options_.filename, error);  // written to nobody
    if ((written && !gone) || warned_) return;
    warned_ = true;
    if (gone) errno = ENOENT;
    detail::warn("keratin: CSVLogger: {}: cannot be written any more: {}; training goes on\n",
                 options_.filename, std::strerror(errno));
  }

  CSVLoggerOptions options_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::vector<std::string> columns_;
  bool fresh_ = false, warned_ = false;
};

}  // namespace

CSVLogger::CSVLogger(const CSVLoggerOptions& options)
    : CallbackRef(std::make_shared<CSVLoggerCallback>(options)) {}

}  // namespace keratin::callbacks
