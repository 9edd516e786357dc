#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "data/pipeline/pipeline.h"

namespace keratin::data::detail {
namespace {

class Prefetched : public Source<Example> {
 public:
  Prefetched(SourcePtr<Example> source, std::int64_t n) : source_(std::move(source)), n_(n) {}
  PassPtr<Example> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(source_->begin(pass), n_);
  }
  std::int64_t cardinality() const override { return source_->cardinality(); }

 private:
  class Run : public Pass<Example> {
   public:
    Run(PassPtr<Example> source, std::int64_t n) : source_(std::move(source)), n_(n) {}
    ~Run() override {
      {
        const std::lock_guard lock(mutex_);
        stop_ = true;
      }
      room_.notify_all();
      if (producer_.joinable()) producer_.join();
    }

    std::optional<Example> next() override {
      if (!producer_.joinable()) producer_ = std::thread([this] { produce(); });
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [&] { return !queue_.empty() || finished_; });
      if (queue_.empty()) {
        if (error_ != nullptr) std::rethrow_exception(std::exchange(error_, nullptr));
        return {};
      }
      std::optional<Example> example = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      room_.notify_one();
      return example;
    }

    void skip(std::int64_t n) override {
      if (producer_.joinable()) {
        Pass::skip(n);
      } else {
        source_->skip(n);
      }
    }

   private:
    void produce() {
      std::exception_ptr error;
      try {
        for (;;) {
          {
            std::unique_lock lock(mutex_);
            room_.wait(lock,
                       [&] { return stop_ || static_cast<std::int64_t>(queue_.size()) < n_; });
            if (stop_) return;
          }
          std::optional<Example> example = source_->next();
          if (!example) break;
          const std::lock_guard lock(mutex_);
          queue_.push_back(std::move(*example));
          ready_.notify_one();
        }
      } catch (...) {
        error = std::current_exception();
      }
      const std::lock_guard lock(mutex_);
      error_ = std::move(error);
      finished_ = true;
      ready_.notify_one();
    }

    PassPtr<Example> source_;  // the producer's, once that runs
    const std::int64_t n_;
    std::mutex mutex_;  // guards what follows
    std::condition_variable ready_, room_;
    std::deque<Example> queue_;
    std::exception_ptr error_;
    bool finished_ = false, stop_ = false;
    std::thread producer_;
  };

  SourcePtr<Example> source_;
  std::int64_t n_;
};

}  // namespace

SourcePtr<Example> prefetched(SourcePtr<Example> source, std::int64_t n) {
  return std::make_shared<Prefetched>(std::move(source), n);
}

}  // namespace keratin::data::detail
