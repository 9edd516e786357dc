#include <algorithm>
#include <condition_variable>
#include <exception>
#include <list>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "data/pipeline/pipeline.h"

namespace keratin::data::detail {
namespace {

using Mapping = std::function<Example(Example)>;

// Workers take elements in turn and give each a slot, in the order of the source; the consumer
// empties the first slot, or any that is done.
class ParallelMapped : public Source<Example> {
 public:
  ParallelMapped(SourcePtr<Example> source, Mapping f, int threads, bool keep_order)
      : source_(std::move(source)), f_(std::move(f)), threads_(threads), keep_order_(keep_order) {}
  PassPtr<Example> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(source_->begin(pass), f_, threads_, keep_order_);
  }
  std::int64_t cardinality() const override { return source_->cardinality(); }

 private:
  struct Slot {
    Example result;
    std::exception_ptr error;
    bool done = false;
  };

  class Run : public Pass<Example> {
   public:
    Run(PassPtr<Example> source, const Mapping& f, int threads, bool keep_order)
        : source_(std::move(source)), f_(f), threads_(threads), keep_order_(keep_order) {}
    ~Run() override {
      {
        const std::lock_guard lock(mutex_);
        stop_ = true;
      }
      room_.notify_all();
      for (std::thread& worker : workers_) worker.join();
    }

    std::optional<Example> next() override {
      while (static_cast<int>(workers_.size()) < threads_)
        workers_.emplace_back([this] { work(); });
      std::unique_lock lock(mutex_);
      auto slot = slots_.end();
      ready_.wait(lock, [&] {
        slot = keep_order_ ? slots_.begin()
                           : std::find_if(slots_.begin(), slots_.end(),
                                          [](const Slot& candidate) { return candidate.done; });
        return slots_.empty() ? stop_ : slot != slots_.end() && slot->done;
      });
      if (slots_.empty()) return {};
      if (slot->error != nullptr) std::rethrow_exception(std::move(slot->error));
      std::optional<Example> result = std::move(slot->result);
      slots_.erase(slot);
      lock.unlock();
      room_.notify_one();
      return result;
    }

    void skip(std::int64_t n) override {
      if (workers_.empty()) {
        source_->skip(n);
      } else {
        Pass::skip(n);
      }
    }

   private:
    void work() {
      for (;;) {
        std::unique_lock turn(turn_);
        {
          std::unique_lock lock(mutex_);
          room_.wait(lock, [&] {
            return stop_ || slots_.size() < 2 * static_cast<std::size_t>(threads_);
          });
          if (stop_) return;
        }
        std::optional<Example> example;
        std::exception_ptr error;
        try {
          example = source_->next();
        } catch (...) {
          error = std::current_exception();
        }
        std::list<Slot>::iterator slot;
        {
          const std::lock_guard lock(mutex_);
          if (!example && error == nullptr) {
            stop_all();
            return;
          }
          slot = slots_.emplace(slots_.end());
          if (error != nullptr) stop_all();  // before another worker asks a source that has thrown
        }
        turn.unlock();
        if (error == nullptr) {
          try {
            example = f_(std::move(*example));
          } catch (...) {
            error = std::current_exception();
          }
        }
        const std::lock_guard lock(mutex_);
        if (error == nullptr) slot->result = std::move(*example);
        if (error != nullptr) stop_all();
        slot->error = std::move(error);
        slot->done = true;
        ready_.notify_one();
      }
    }
    void stop_all() {  // with mutex_ held
      stop_ = true;
      room_.notify_all();
      ready_.notify_one();
    }

    std::mutex turn_;  // held by the worker that takes the next element; before mutex_
    PassPtr<Example> source_;
    const Mapping f_;
    const int threads_;
    const bool keep_order_;
    std::mutex mutex_;  // guards what follows
    std::condition_variable ready_, room_;
    std::list<Slot> slots_;
    bool stop_ = false;  // no more elements are to be taken
    std::vector<std::thread> workers_;
  };

  SourcePtr<Example> source_;
  Mapping f_;
  int threads_;
  bool keep_order_;
};

}  // namespace

SourcePtr<Example> parallel_mapped(SourcePtr<Example> source, Mapping f, int threads,
                                   bool keep_order) {
  return std::make_shared<ParallelMapped>(std::move(source), std::move(f), threads, keep_order);
}

}  // namespace keratin::data::detail
