#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/pipeline/pipeline.h"

namespace keratin::data::detail {

Iterator inner_pass(const Dataset& dataset, std::int64_t pass) {
  if (!dataset.defined()) {
    throw ValueError(
        "Dataset.interleave: the function gave a dataset that was never set; expected one to take "
        "elements from");
  }
  return dataset.begin(pass);
}

namespace {

using Function = std::function<Dataset(Example)>;

class Interleaved : public Source<Example> {
 public:
  Interleaved(SourcePtr<Example> source, Function f, Cycle cycle)
      : source_(std::move(source)), f_(std::move(f)), cycle_(cycle) {}
  PassPtr<Example> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(source_->begin(pass), f_, cycle_, pass);
  }
  std::int64_t cardinality() const override { return source_->cardinality() == 0 ? 0 : kUnknown; }

 private:
  struct Run : Pass<Example> {
    Run(PassPtr<Example> source, Function f, const Cycle& cycle, std::int64_t pass)
        : source(std::move(source)), f(std::move(f)), cycle(cycle), pass(pass) {}

    // The order of TensorFlow's InterleaveDataset: a place whose dataset is at its end is passed
    // over, and gets the next one when it is its turn again.
    std::optional<Example> next() override {
      while (!dry || open > 0) {
        if (place == places.size() && static_cast<std::int64_t>(place) < cycle.length)
          places.emplace_back();
        std::optional<Iterator>& here = places[place];
        if (here) {
          if (std::optional<Example> element = here->next()) {
            if (++taken == cycle.block) go_on();
            return element;
          }
          here.reset();
          --open;
          go_on();
        } else if (!dry) {
          if (std::optional<Example> element = source->next()) {
            here = inner_pass(f(std::move(*element)), pass);
            ++open;
          } else {
            dry = true;
          }
        } else {
          go_on();
        }
      }
      return {};
    }
    void go_on() {
      taken = 0;
      ++place;
      // Places that were never filled are none, once there is nothing to fill them with.
      if (static_cast<std::int64_t>(place) == cycle.length || (dry && place >= places.size()))
        place = 0;
    }

    PassPtr<Example> source;
    Function f;
    const Cycle& cycle;
    std::int64_t pass;
    std::vector<std::optional<Iterator>> places;  // of the cycle, as far as they were reached
    std::size_t place = 0;
    std::int64_t taken = 0;  // of the block
    std::int64_t open = 0;   // datasets
    bool dry = false;        // no more elements to make datasets of
  };

  SourcePtr<Example> source_;
  Function f_;
  Cycle cycle_;
};

}  // namespace

SourcePtr<Example> interleaved(SourcePtr<Example> source, std::function<Dataset(Example)> f,
                               Cycle cycle) {
  return std::make_shared<Interleaved>(std::move(source), std::move(f), cycle);
}

}  // namespace keratin::data::detail
