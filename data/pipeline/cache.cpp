#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/pipeline/cache_file.h"
#include "data/pipeline/pipeline.h"
#include "data/pipeline/structure.h"

namespace keratin::data::detail {
namespace {

// Whoever writes to an element that was given leaves the kept one alone.
Example own(const Example& element) { return copy_of(element); }
std::int64_t own(std::int64_t row) { return row; }

// The one pass of the source that is kept, so that it does not matter which pass of the cache made
// it.
constexpr std::int64_t kKeptPass = 0;

// Several passes may fill it at once, each for itself; the first to come to the end is kept.
template <class T>
class Cached : public Source<T> {
 public:
  explicit Cached(SourcePtr<T> source) : source_(std::move(source)) {}
  PassPtr<T> begin(std::int64_t) const override { return std::make_unique<Run>(*this); }
  std::int64_t cardinality() const override { return source_->cardinality(); }

 private:
  using Kept = std::shared_ptr<const std::vector<T>>;

  Kept kept() const {
    const std::lock_guard lock(mutex_);
    return kept_;
  }
  void keep(std::vector<T> elements) const {
    const std::lock_guard lock(mutex_);
    if (kept_ == nullptr) kept_ = std::make_shared<const std::vector<T>>(std::move(elements));
  }

  struct Run : Pass<T> {
    explicit Run(const Cached& cache) : cache(cache) {}
    std::optional<T> next() override {
      start();
      if (kept != nullptr) {
        if (at == static_cast<std::int64_t>(kept->size())) return {};
        return own((*kept)[static_cast<std::size_t>(at++)]);
      }
      if (inner == nullptr) return {};
      std::optional<T> element = inner->next();
      if (element) elements.push_back(own(*element));
      // Who knows how many there are need not ask for one more.
      if (!element || static_cast<std::int64_t>(elements.size()) == cache.source_->cardinality()) {
        inner = nullptr;
        cache.keep(std::move(elements));
      }
      return element;
    }
    void skip(std::int64_t n) override {
      start();
      if (kept == nullptr) return Pass<T>::skip(n);  // they are wanted, too
      at += std::min(n, static_cast<std::int64_t>(kept->size()) - at);
    }
    void start() {
      if (std::exchange(started, true)) return;
      kept = cache.kept();
      if (kept == nullptr) inner = cache.source_->begin(kKeptPass);
    }
    const Cached& cache;
    bool started = false;
    Kept kept;         // to read from, or
    PassPtr<T> inner;  // to fill from; null at its end
    std::vector<T> elements;
    std::int64_t at = 0;
  };

  SourcePtr<T> source_;
  mutable std::mutex mutex_;
  mutable Kept kept_;  // null until a pass is complete
};

class CachedInFile : public Source<Example> {
 public:
  CachedInFile(SourcePtr<Example> source, std::string path)
      : source_(std::move(source)), path_(std::move(path)) {}
  PassPtr<Example> begin(std::int64_t) const override { return std::make_unique<Run>(*this); }
  std::int64_t cardinality() const override { return source_->cardinality(); }

 private:
  struct Run : Pass<Example> {
    explicit Run(const CachedInFile& cache) : cache(cache) {}
    std::optional<Example> next() override {
      start();
      if (reader != nullptr) return reader->next();
      if (writer == nullptr) return {};
      std::optional<Example> element = inner->next();
      if (element) writer->add(*element);
      if (!element || writer->count() == cache.cardinality()) {
        writer->finish();
        writer = nullptr;
        inner = nullptr;
      }
      return element;
    }
    void skip(std::int64_t n) override {
      start();
      if (reader == nullptr) return Pass::skip(n);
      while (n-- > 0 && reader->skip()) {
      }
    }
    void start() {
      if (std::exchange(started, true)) return;
      if (CacheReader::exists(cache.path_)) {
        reader = std::make_unique<CacheReader>(cache.path_, cache.cardinality());
      } else {
        writer = std::make_unique<CacheWriter>(cache.path_);
        inner = cache.source_->begin(kKeptPass);
      }
    }
    const CachedInFile& cache;
    bool started = false;
    std::unique_ptr<CacheReader> reader;  // or, until the end,
    std::unique_ptr<CacheWriter> writer;
    PassPtr<Example> inner;
  };

  SourcePtr<Example> source_;
  std::string path_;
};

}  // namespace

template <class T>
SourcePtr<T> cached(SourcePtr<T> source) {
  return std::make_shared<Cached<T>>(std::move(source));
}
template SourcePtr<Example> cached(SourcePtr<Example>);
template SourcePtr<std::int64_t> cached(SourcePtr<std::int64_t>);

SourcePtr<Example> cached_in_file(SourcePtr<Example> source, std::string path) {
  return std::make_shared<CachedInFile>(std::move(source), std::move(path));
}

}  // namespace keratin::data::detail
