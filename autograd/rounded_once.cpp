#include "autograd/rounded_once.h"

#include "kernels/cast/cast.h"
#include "kernels/parallel.h"
#include "kernels/run.h"

namespace keratin::detail {

bool fit_blocks(std::span<const Tensor> x) {
  return std::all_of(x.begin(), x.end(), [&](const Tensor& one) {
    if (!one.device().is_cpu()) return false;
    return one.shape() == x[0].shape() || (one.size() == 1 && one.rank() <= x[0].rank());
  });
}

Tensor in_float32_blocks(std::span<const Tensor> x,
                         kernels::FunctionRef<Tensor(std::span<const Tensor>)> f) {
  constexpr std::int64_t kBlock = 16384;  // elements: 64 KiB as float32, of each tensor
  using kernels::BFloat16;
  Tensor y = Tensor::empty(x[0].spec());
  const std::int64_t size = y.size();
  BFloat16* const to = y.mutable_data<BFloat16>();
  kernels::parallel_for((size + kBlock - 1) / kBlock, 1, [&](std::int64_t first, std::int64_t end) {
    std::vector<Tensor> wide(x.size());
    for (std::int64_t i = first * kBlock; i < std::min(size, end * kBlock); i += kBlock) {
      const kernels::CastShape block{std::min(kBlock, size - i)};
      for (std::size_t k = 0; k < x.size(); ++k) {
        if (x[k].size() != size) {
          wide[k] = cast(x[k].reshaped({}), float32);
          continue;
        }
        wide[k] = Tensor::empty({block.size}, float32);
        pick(kernels::cast_ladder<BFloat16, float>, block)
            .function(x[k].data<BFloat16>() + i, wide[k].mutable_data<float>(), block);
      }
      const Tensor result = f(wide);
      pick(kernels::cast_ladder<float, BFloat16>, block)
          .function(result.data<float>(), to + i, block);
    }
  });
  return y;
}

}  // namespace keratin::detail
