#include "data/directories/file_batches.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/pipeline/pipeline.h"
#include "kernels/parallel.h"
#include "kernels/serial_scope.h"

namespace keratin::data::detail {
namespace {

// Labels of these rows: int32 [B], float32 [B, 1] or one-hot float32 [B, classes]; for single
// elements without the B.
Tensor labels_of(const FileTable& table, std::span<const std::int64_t> rows, bool single) {
  const std::string& mode = table.request.label_mode;
  const auto count = static_cast<std::int64_t>(rows.size());
  const std::int64_t classes = std::ssize(table.names->class_names);
  const std::int64_t columns = mode == "int" ? 0 : mode == "binary" ? 1 : classes;
  Shape shape = single ? Shape{} : Shape{count};
  if (columns > 0) shape.push_back(columns);
  Tensor labels = columns == 0 ? Tensor::empty(shape, int32) : zeros(shape);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int32_t label =
        table.labels[static_cast<std::size_t>(rows[static_cast<std::size_t>(i)])];
    if (mode == "int") {
      labels.mutable_data<std::int32_t>()[i] = label;
    } else if (mode == "binary") {
      labels.mutable_data<float>()[i] = static_cast<float>(label);
    } else {
      labels.mutable_data<float>()[i * columns + label] = 1;
    }
  }
  return labels;
}

struct Batch {
  std::vector<std::int64_t> rows;
  Example example;
  Tensor x;
  std::size_t begun = 0, done = 0;
  std::exception_ptr error;  // of the first file of those that failed
  std::size_t error_at = std::numeric_limits<std::size_t>::max();
  bool bad_file = false;  // the error is a file's, and reported
};

class FileBatches : public Source<Example> {
 public:
  FileBatches(SourcePtr<std::int64_t> rows, std::shared_ptr<const FileTable> table,
              std::optional<std::int64_t> size)
      : rows_(std::move(rows)), table_(std::move(table)), size_(size) {}
  PassPtr<Example> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(rows_->begin(pass), *this);
  }
  std::int64_t cardinality() const override {
    const std::int64_t files = rows_->cardinality();
    if (table_->request.skips()) return files == 0 ? 0 : kUnknown;
    return size_ ? batch_count(files, *size_, false) : files;
  }

 private:
  class Run : public Pass<Example> {
   public:
    Run(PassPtr<std::int64_t> rows, const FileBatches& source)
        : rows_(std::move(rows)),
          table_(*source.table_),
          single_(!source.size_),
          size_(static_cast<std::size_t>(source.size_.value_or(1))),
          threads_(kernels::thread_count()),
          // Two batches ahead of the one that is awaited, and work for all threads.
          most_(2 + (2 * static_cast<std::size_t>(threads_) + size_ - 1) / size_) {}
    ~Run() override {
      {
        const std::lock_guard lock(mutex_);
        stop_ = true;
      }
      work_.notify_all();
      for (std::thread& worker : workers_) worker.join();
    }

    std::optional<Example> next() override {
      start();
      std::unique_lock lock(mutex_);
      for (;;) {
        ready_.wait(lock, [&] { return batches_.empty() ? dry_ : is_done(*batches_.front()); });
        if (batches_.empty()) return {};
        const std::unique_ptr<Batch> batch = std::move(batches_.front());
        batches_.pop_front();
        work_.notify_all();
        if (batch->error == nullptr) return std::move(batch->example);
        if (!batch->bad_file) std::rethrow_exception(batch->error);
      }
    }

    void skip(std::int64_t n) override {
      if (!workers_.empty() || skips()) return Pass::skip(n);  // only reading tells which are bad
      rows_->skip(element_count(n, static_cast<std::int64_t>(size_)));
    }

   private:
    bool skips() const { return table_.request.skips(); }
    void start() {
      try {
        while (static_cast<int>(workers_.size()) < threads_)
          workers_.emplace_back([this] { work(); });
      } catch (const std::system_error&) {  // a limit of the system: work with those there are
        if (workers_.empty()) throw;
      }
    }
    static bool is_done(const Batch& batch) { return batch.done == batch.rows.size(); }

    void work() {
      const kernels::SerialScope serial;
      const std::unique_ptr<FileReader::Scratch> scratch = table_.reader->scratch();
      std::unique_lock lock(mutex_);
      for (;;) {
        work_.wait(lock,
                   [&] { return stop_ || dry_ || open_ != nullptr || batches_.size() < most_; });
        if (stop_) return;
        if (open_ == nullptr && (dry_ || !open_batch())) return;
        Batch& batch = *open_;
        const std::size_t position = batch.begun++;
        if (batch.begun == batch.rows.size()) open_ = nullptr;
        lock.unlock();
        std::exception_ptr error;
        bool bad_file = false;
        try {
          bad_file = !read(batch.rows[position], batch.x, static_cast<std::int64_t>(position),
                           scratch.get(), error);
        } catch (...) {
          error = std::current_exception();
        }
        lock.lock();
        if (error != nullptr && position < batch.error_at)
          batch.error = error, batch.error_at = position, batch.bad_file = bad_file;
        if (error != nullptr && !bad_file) finish();
        if (++batch.done == batch.rows.size()) ready_.notify_one();
      }
    }

    // With mutex_ held: the next batch, for all to read into. False if there are no more files.
    bool open_batch() {
      auto batch = std::make_unique<Batch>();
      while (!dry_ && batch->rows.size() < size_) {
        const auto row = rows_->next();
        if (row) {
          batch->rows.push_back(*row);
        } else {
          dry_ = true;
        }
      }
      if (batch->rows.empty()) {
        finish();
        return false;
      }
      try {
        const Spec one = table_.reader->spec();
        const auto count = static_cast<std::int64_t>(batch->rows.size());
        const Shape shape = single_ ? one.shape : Shape{count}.joined(one.shape);
        batch->x = Tensor::empty(shape, one.dtype);
        batch->example.x = batch->x;
        if (!table_.labels.empty()) batch->example.y = labels_of(table_, batch->rows, single_);
      } catch (...) {  // no memory
        batch->error = std::current_exception();
        batch->begun = batch->done = batch->rows.size();
        batches_.push_back(std::move(batch));
        finish();
        return false;
      }
      open_ = batch.get();
      batches_.push_back(std::move(batch));
      work_.notify_all();
      return true;
    }
    void finish() {
      dry_ = true;
      work_.notify_all();
      ready_.notify_one();
    }

    // False for a bad file that is to be left out; `error` then says why.
    bool read(std::int64_t row, Tensor& to, std::int64_t position, FileReader::Scratch* scratch,
              std::exception_ptr& error) const {
      const std::string& path = table_.names->file_paths[static_cast<std::size_t>(row)];
      const std::string where = fmt::format("{}: {} (row {} of {})", table_.request.op, path, row,
                                            table_.names->file_paths.size());
      try {
        table_.reader->read(path, where, to, position, scratch);
        return true;
      } catch (const FileError& bad) {
        if (!skips()) throw;
        if (table_.request.bad_files->add(path, bad.what()))
          fmt::print(stderr, "keratin: left out: {}\n", bad.what());
        error = std::current_exception();
        return false;
      }
    }

    PassPtr<std::int64_t> rows_;
    const FileTable& table_;
    const bool single_;
    const std::size_t size_;
    const int threads_;
    const std::size_t most_;  // batches at hand
    std::mutex mutex_;        // guards rows_ and what follows
    std::condition_variable ready_, work_;
    std::deque<std::unique_ptr<Batch>> batches_;
    Batch* open_ = nullptr;  // the last of them, while it has files to be begun
    bool dry_ = false;       // no further batch will be opened
    bool stop_ = false;
    std::vector<std::thread> workers_;
  };

  SourcePtr<std::int64_t> rows_;
  std::shared_ptr<const FileTable> table_;
  std::optional<std::int64_t> size_;
};

}  // namespace

SourcePtr<Example> file_batches(SourcePtr<std::int64_t> rows,
                                std::shared_ptr<const FileTable> table) {
  const std::optional<std::int64_t> size = table->request.batch_size;
  if (!table->request.skips())
    return std::make_shared<FileBatches>(std::move(rows), std::move(table), size);
  // Which files are bad shows only when they are read: one by one, and batches of what is left.
  SourcePtr<Example> good =
      std::make_shared<FileBatches>(std::move(rows), std::move(table), std::nullopt);
  return size ? stacked(std::move(good), *size, false) : good;
}

}  // namespace keratin::data::detail
