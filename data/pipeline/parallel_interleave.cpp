#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/pipeline/pipeline.h"

namespace keratin::data::detail {
namespace {

using Function = std::function<Dataset(Example)>;

// The consumer goes round as interleave.cpp does. Workers open the datasets and read ahead, a
// block of each; and they open as many more as there are places, for those that come to their end.
class ParallelInterleaved : public Source<Example> {
 public:
  ParallelInterleaved(SourcePtr<Example> source, Function f, Cycle cycle)
      : source_(std::move(source)), f_(std::move(f)), cycle_(cycle) {}
  PassPtr<Example> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(source_->begin(pass), f_, cycle_, pass);
  }
  std::int64_t cardinality() const override { return source_->cardinality() == 0 ? 0 : kUnknown; }

 private:
  // A dataset: waiting, open, or at its end.
  struct Feed {
    std::optional<Example> element;  // to make the dataset of, until that is done
    std::optional<Iterator> pass;    // the worker's that is busy with it
    bool busy = false;
    std::deque<Example> ready;
    std::exception_ptr error;  // comes after what is ready
    bool ended = false;        // nothing comes after what is ready, but the error
  };
  using FeedPtr = std::shared_ptr<Feed>;

  class Run : public Pass<Example> {
   public:
    Run(PassPtr<Example> source, const Function& f, const Cycle& cycle, std::int64_t pass)
        : source_(std::move(source)),
          f_(f),
          cycle_(cycle),
          pass_(pass),
          ahead_(std::clamp<std::int64_t>(cycle.block, 2, 64)) {}
    ~Run() override {
      {
        const std::lock_guard lock(mutex_);
        stop_ = true;
      }
      work_.notify_all();
      for (std::thread& worker : workers_) worker.join();
    }

    std::optional<Example> next() override {
      while (static_cast<int>(workers_.size()) < cycle_.threads)
        workers_.emplace_back([this] { work(); });
      refill();
      std::unique_lock lock(mutex_);
      for (;;) {
        if (place_ == places_.size() && static_cast<std::int64_t>(place_) < cycle_.length)
          places_.emplace_back();
        if (FeedPtr here = places_[place_]) {
          ready_.wait(lock, [&, first = here] {
            here = cycle_.keep_order ? first : overtaking(first);
            return !here->ready.empty() || here->ended;
          });
          if (!here->ready.empty()) {
            std::optional<Example> element = std::move(here->ready.front());
            here->ready.pop_front();
            if (here == places_[place_] && ++taken_ == cycle_.block) go_on();
            lock.unlock();
            work_.notify_one();
            return element;
          }
          if (here->error != nullptr) std::rethrow_exception(here->error);
          *std::ranges::find(places_, here) = nullptr;
          --open_;
          go_on();
        } else if (!waiting_.empty()) {
          places_[place_] = std::move(waiting_.front());
          waiting_.pop_front();
          ++open_;
          lock.unlock();
          refill();
          lock.lock();
        } else if (open_ == 0) {
          return {};
        } else {
          go_on();
        }
      }
    }

   private:
    // Takes elements to make datasets of, as many as there are places. (The source is the
    // consumer's: a worker must not wait for it while datasets are to be read.)
    void refill() {
      while (!dry_) {
        {
          const std::lock_guard lock(mutex_);
          if (static_cast<std::int64_t>(waiting_.size()) >=
              std::min<std::int64_t>(cycle_.length, 2 * cycle_.threads))
            return;
        }
        const auto feed = std::make_shared<Feed>();
        try {
          feed->element = source_->next();
          if (!feed->element) {
            dry_ = true;
            return;
          }
        } catch (...) {
          feed->error = std::current_exception();
          feed->ended = true;
          dry_ = true;
        }
        const std::lock_guard lock(mutex_);
        waiting_.push_back(feed);
        work_.notify_one();
      }
    }

    // `here`, or if it has nothing another of the cycle that has.
    FeedPtr overtaking(const FeedPtr& here) {
      if (!here->ready.empty() || here->ended) return here;
      for (const FeedPtr& other : places_)
        if (other != nullptr && !other->ready.empty()) return other;
      return here;
    }

    bool has_work(const FeedPtr& feed) const {
      return feed != nullptr && !feed->busy && !feed->ended &&
             static_cast<std::int64_t>(feed->ready.size()) < ahead_;
    }
    // What the consumer needs first: from its place round the cycle, then those that wait.
    FeedPtr choose() const {
      for (std::size_t i = 0; i < places_.size(); ++i) {
        const FeedPtr& feed = places_[(place_ + i) % places_.size()];
        if (has_work(feed)) return feed;
      }
      for (const FeedPtr& feed : waiting_)
        if (has_work(feed)) return feed;
      return nullptr;
    }

    void work() {
      std::unique_lock lock(mutex_);
      for (;;) {
        FeedPtr feed;
        work_.wait(lock, [&] { return stop_ || (feed = choose()) != nullptr; });
        if (stop_) return;
        feed->busy = true;
        lock.unlock();
        std::optional<Example> element;
        std::exception_ptr error;
        try {
          if (feed->element) {
            feed->pass = inner_pass(f_(std::move(*feed->element)), pass_);
            feed->element.reset();
          }
          element = feed->pass->next();
        } catch (...) {
          error = std::current_exception();
        }
        if (!element) feed->pass.reset();
        lock.lock();
        feed->busy = false;
        if (element) {
          feed->ready.push_back(std::move(*element));
        } else {
          feed->error = error;
          feed->ended = true;
        }
        ready_.notify_one();
      }
    }

    void go_on() {
      taken_ = 0;
      ++place_;
      if (static_cast<std::int64_t>(place_) == cycle_.length ||
          (dry_ && waiting_.empty() && place_ >= places_.size()))
        place_ = 0;
    }

    PassPtr<Example> source_;
    const Function f_;
    const Cycle& cycle_;
    const std::int64_t pass_;
    const std::int64_t ahead_;  // elements of each dataset
    bool dry_ = false;          // no more elements to make datasets of; the consumer's
    std::int64_t taken_ = 0, open_ = 0;
    std::mutex mutex_;  // guards what follows
    std::condition_variable ready_, work_;
    std::vector<FeedPtr> places_;
    std::size_t place_ = 0;
    std::deque<FeedPtr> waiting_;
    bool stop_ = false;
    std::vector<std::thread> workers_;
  };

  SourcePtr<Example> source_;
  Function f_;
  Cycle cycle_;
};

}  // namespace

SourcePtr<Example> parallel_interleaved(SourcePtr<Example> source,
                                        std::function<Dataset(Example)> f, Cycle cycle) {
  return std::make_shared<ParallelInterleaved>(std::move(source), std::move(f), cycle);
}

}  // namespace keratin::data::detail
