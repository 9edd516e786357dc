#include "nn/layers/preprocessing/adapt.h"

#include <fmt/format.h>

#include "nn/inspect/terminal.h"

namespace keratin::layers::detail {

void each_element(const std::string& layer, const Dataset& data,
                  kernels::FunctionRef<void(const Tensor& x)> use) {
  if (!data.defined()) throw ValueError(fmt::format("{}: adapt: no dataset was given", layer));
  if (data.cardinality() == data::kInfinite) {
    throw ValueError(fmt::format(
        "{}: adapt: the dataset has no end; adapt before repeat(), or on take(n) of it", layer));
  }
  std::int64_t elements = 0;
  data::Iterator pass = data.begin();
  while (std::optional<Example> example = pass.next()) {
    if (example->x.count() != 1) {
      throw ValueError(fmt::format(
          "{}: adapt: element {} of the dataset has {} inputs; expected one. Choose it with map, "
          "as [](Example e) {{ return Example{{e.x[\"age\"]}}; }}",
          layer, elements, example->x.count()));
    }
    use(example->x.get(0));
    ++elements;
  }
  if (elements == 0) throw ValueError(fmt::format("{}: adapt: the dataset is empty", layer));
}

void report_nan(const std::string& layer, std::int64_t left_out, std::int64_t of) {
  if (left_out == 0) return;
  keratin::detail::warn("keratin: {}: adapt left out {} of {} values, which are NaN\n", layer,
                        left_out, of);
}

}  // namespace keratin::layers::detail
