#include "autograd/ops/gather.h"

#include "autograd/layout.h"
#include "kernels/gather/gather.h"
#include "tensor/recording.h"

namespace keratin {
namespace {

struct IndexArgs {
  Tensor indices;         // checked, where the table is
  std::uint64_t version;  // of the indices, when they were used
  std::int64_t axis;      // from the front
  Shape table;
};
Tensor look_up(const Tensor& x, const IndexArgs& a);
Variable look_up(const Variable& x, const IndexArgs& a);
Tensor add_up(const Tensor& dy, const IndexArgs& a);
Variable add_up(const Variable& dy, const IndexArgs& a);

kernels::GatherShape kernel_shape(const IndexArgs& a, DType dtype) {
  return {.outer = a.table.slice(0, a.axis).size(),
          .table_rows = a.table[a.axis],
          .count = a.indices.size(),
          .cols = a.table.slice(a.axis + 1, a.table.rank()).size(),
          .element_size = detail::element_size(dtype)};
}

// Calls f with the indices as a pointer of their type.
template <class F>
void with_indices(const Tensor& indices, F&& f) {
  if (indices.dtype() == int32) {
    f(indices.on_device<std::int32_t>());
  } else {
    f(indices.on_device<std::int64_t>());
  }
}

// "[3, 5]": the place of element i of the indices.
std::string place_text(const Shape& shape, std::int64_t i) {
  std::vector<std::int64_t> place(static_cast<std::size_t>(shape.rank()));
  for (std::int64_t k = shape.rank(); k-- > 0;) {
    place[static_cast<std::size_t>(k)] = i % shape[k];
    i /= shape[k];
  }
  return Shape(place).text();
}

struct Gather {
  using Args = IndexArgs;
  static constexpr std::string_view name = "gather";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static Spec infer(const Spec& x, const Args& a) {
    detail::require_movable(name, x);
    return {x.shape.slice(0, a.axis)
                .joined(a.indices.shape())
                .joined(x.shape.slice(a.axis + 1, x.shape.rank())),
            x.dtype, x.device};
  }
  static void cpu(const Tensor& x, Tensor& y, const Args& a) {
    with_indices(a.indices, [&]<class I>(const I* indices) {
      kernels::run(y.stream(), kernels::gather_ladder<I>, static_cast<const void*>(x.address()),
                   indices, y.address(), kernel_shape(a, x.dtype()));
    });
  }
  static auto gradient(const auto&, const Args& a, const auto& dy) {
    if (a.indices.version() != a.version) detail::throw_changed_in_place(name);
    return grads(add_up(dy, a));
  }
};

// The way back: a table of zeros to which the rows of dy are added.
struct ScatterAdd {
  using Args = IndexArgs;
  static constexpr std::string_view name = "gather's gradient";
  static constexpr Keep keep{};
  static Tensor view(const Tensor& dy, const Args& a) {
    Tensor table = detail::zeros_of({a.table, dy.dtype(), dy.device()});
    dispatch_floats(name, dy.dtype(), [&]<class T> {
      with_indices(a.indices, [&]<class I>(const I* indices) {
        kernels::run(table.stream(), kernels::scatter_add_ladder<T, I>, dy.on_device<T>(), indices,
                     table.mutable_on_device<T>(), kernel_shape(a, dy.dtype()));
      });
    });
    return table;
  }
  static auto gradient(const auto&, const Args& a, const auto& dy) {
    if (a.indices.version() != a.version) detail::throw_changed_in_place(name);
    return grads(look_up(dy, a));
  }
};

Tensor look_up(const Tensor& x, const IndexArgs& a) { return apply<Gather>(a, x); }
Variable look_up(const Variable& x, const IndexArgs& a) { return apply<Gather>(a, x); }
Tensor add_up(const Tensor& dy, const IndexArgs& a) { return apply<ScatterAdd>(a, dy); }
Variable add_up(const Variable& dy, const IndexArgs& a) { return apply<ScatterAdd>(a, dy); }

// Asked where the indices are; of a GPU this waits for the answer.
void require_in_range(const Spec& x, const Tensor& indices, std::int64_t axis) {
  Tensor place = Tensor::empty({}, int64, indices.device());
  with_indices(indices, [&]<class I>(const I* index) {
    kernels::run(place.stream(), kernels::first_bad_index_ladder<I>, index,
                 place.mutable_on_device<std::int64_t>(),
                 kernels::IndexShape{indices.size(), x.shape[axis]});
  });
  if (const auto bad = place.item<std::int64_t>(); bad >= 0) {
    throw ValueError(fmt::format(
        "gather: index {} at {} of the indices {} is outside axis {} of {}; expected 0 to {}",
        indices.reshaped({-1}).item<std::int64_t>({bad}), place_text(indices.shape(), bad),
        indices.spec().text(), axis, x.text(), x.shape[axis] - 1));
  }
}

IndexArgs checked(const Spec& x, const Tensor& indices, GatherOptions options) {
  if (indices.dtype() != int32 && indices.dtype() != int64) {
    throw DTypeError(
        fmt::format("gather: the indices are {}; expected int32 or int64. Use cast(x, int32).",
                    indices.spec().text()));
  }
  const std::int64_t axis = normalized_axis("gather", options.axis, x.shape.rank());
  const auto* const recording = detail::Recording::current();
  Tensor here = recording == nullptr ? Tensor() : recording->origin(indices);
  if (here.defined()) {
    here = here.reshaped(indices.shape());
    detail::computed_each_run(here, [x, here, axis] {
      require_in_range(x, here, axis);
      return here;
    });
  } else {
    require_in_range(x, indices, axis);
  }
  const Tensor there = indices.to(x.device);
  return {there, there.version(), axis, x.shape};
}

}  // namespace

Tensor gather(const Tensor& x, const Tensor& indices, GatherOptions options) {
  return look_up(x, checked(x.spec(), indices, options));
}
Variable gather(const Variable& x, const Tensor& indices, GatherOptions options) {
  return look_up(x, checked(x.value().spec(), indices, options));
}

}  // namespace keratin
