#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/pipeline/pipeline.h"
#include "data/pipeline/structure.h"
#include "data/pipeline/table.h"

namespace keratin::data::detail {
namespace {

// A window is elements 0, stride ... of a buffer of `span` elements at most, which then moves on
// by `shift`. `join` makes one example of them: examples are stacked, rows of a table gathered.
template <class T, class Join>
class Windowed : public Source<Example> {
 public:
  Windowed(SourcePtr<T> source, Windows windows, Join join)
      : source_(std::move(source)), windows_(windows), join_(std::move(join)) {}

  PassPtr<Example> begin(std::int64_t pass) const override {
    return std::make_unique<Run>(source_->begin(pass), windows_, join_);
  }
  std::int64_t cardinality() const override {
    const std::int64_t all = source_->cardinality();
    if (all < 0) return all;
    if (!windows_.drop_remainder) return all / windows_.shift + (all % windows_.shift == 0 ? 0 : 1);
    return all < windows_.span() ? 0 : (all - windows_.span()) / windows_.shift + 1;
  }

 private:
  struct Run : Pass<Example> {
    Run(PassPtr<T> source, Windows windows, const Join& join)
        : source(std::move(source)), windows(windows), join(join) {}
    std::optional<Example> next() override {
      if (!fill()) return {};
      std::vector<T> window;
      for (std::size_t i = 0; i < buffer.size(); i += static_cast<std::size_t>(windows.stride))
        window.push_back(buffer[i]);
      move_on();
      return join(window);
    }
    void skip(std::int64_t n) override {
      while (n-- > 0 && fill()) move_on();
    }
    bool fill() {  // is there a window?
      while (!dry && static_cast<std::int64_t>(buffer.size()) < windows.span()) {
        if (std::optional<T> element = source->next()) {
          buffer.push_back(std::move(*element));
        } else {
          dry = true;
        }
      }
      return static_cast<std::int64_t>(buffer.size()) >=
             (windows.drop_remainder ? windows.span() : 1);
    }
    void move_on() {
      const auto size = static_cast<std::int64_t>(buffer.size());
      if (windows.shift < size) {
        buffer.erase(buffer.begin(), buffer.begin() + windows.shift);
      } else {
        buffer.clear();
        if (!dry) source->skip(windows.shift - size);
      }
    }
    PassPtr<T> source;
    Windows windows;
    const Join& join;
    std::deque<T> buffer;
    bool dry = false;
  };

  SourcePtr<T> source_;
  Windows windows_;
  Join join_;
};

template <class T, class Join>
SourcePtr<Example> make(SourcePtr<T> source, Windows windows, Join join) {
  return std::make_shared<Windowed<T, Join>>(std::move(source), windows, std::move(join));
}

}  // namespace

SourcePtr<Example> windowed(SourcePtr<Example> source, Windows windows) {
  return make(std::move(source), windows,
              [](const std::vector<Example>& window) { return stack("Dataset.window", window); });
}
SourcePtr<Example> windowed(SourcePtr<std::int64_t> rows, std::shared_ptr<const Table> table,
                            Windows windows) {
  return make(std::move(rows), windows,
              [table = std::move(table)](const std::vector<std::int64_t>& window) {
                return table->gather(window);
              });
}

}  // namespace keratin::data::detail
