#include <utility>
#include <vector>

#include "data/pipeline/pipeline.h"
#include "data/splitmix.h"

namespace keratin::data::detail {
namespace {

template <class T>
class Shuffled : public Source<T> {
 public:
  Shuffled(SourcePtr<T> source, std::int64_t buffer, std::uint64_t seed, bool reshuffle)
      : source_(std::move(source)), buffer_(buffer), seed_(seed), reshuffle_(reshuffle) {}

  PassPtr<T> begin(std::int64_t pass) const override {
    const auto stream = static_cast<std::uint64_t>(reshuffle_ ? pass : 0);
    return std::make_unique<Run>(source_->begin(pass), buffer_, SplitMix(seed_, stream));
  }
  std::int64_t cardinality() const override { return source_->cardinality(); }

 private:
  struct Run : Pass<T> {
    Run(PassPtr<T> source, std::int64_t size, SplitMix random)
        : source(std::move(source)), size(size), random(random) {}

    // Gives a random one of those at hand and fills its place with the next one of the source.
    std::optional<T> next() override {
      while (!dry && static_cast<std::int64_t>(buffer.size()) < size) {
        std::optional<T> element = source->next();
        if (element) {
          buffer.push_back(std::move(*element));
        } else {
          dry = true;
        }
      }
      if (buffer.empty()) return {};
      std::swap(
          buffer[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(buffer.size())))],
          buffer.back());
      std::optional<T> chosen = std::move(buffer.back());
      buffer.pop_back();
      return chosen;
    }

    PassPtr<T> source;
    std::int64_t size;
    SplitMix random;
    std::vector<T> buffer;
    bool dry = false;
  };

  SourcePtr<T> source_;
  std::int64_t buffer_;
  std::uint64_t seed_;
  bool reshuffle_;
};

}  // namespace

template <class T>
SourcePtr<T> shuffled(SourcePtr<T> source, std::int64_t buffer, std::uint64_t seed,
                      bool reshuffle) {
  return std::make_shared<Shuffled<T>>(std::move(source), buffer, seed, reshuffle);
}
template SourcePtr<Example> shuffled(SourcePtr<Example>, std::int64_t, std::uint64_t, bool);
template SourcePtr<std::int64_t> shuffled(SourcePtr<std::int64_t>, std::int64_t, std::uint64_t,
                                          bool);

}  // namespace keratin::data::detail
