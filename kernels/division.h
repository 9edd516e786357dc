// Division by a number that stays the same for a whole kernel: of 32-bit indices by a multiplication
// (Granlund and Montgomery 1994, round-up method), of 64-bit ones as the processor does it.
#pragma once

#include <cstdint>
#include <type_traits>

namespace keratin::kernels::cuda {

/// Quotient and remainder.
template <class I>
struct Divided {
  I quotient, remainder;
};

/// I: std::int64_t, or std::int32_t: divisors from 1 on, dividends from 0 on.
template <class I>
class Divisor {
  static_assert(std::is_same_v<I, std::int32_t> || std::is_same_v<I, std::int64_t>);

 public:
  constexpr explicit Divisor(std::int64_t divisor = 1) : divisor_(static_cast<I>(divisor)) {
    if constexpr (kNarrow) {
      // 2^(31 + bits) / divisor, rounded up: too large by less than 2^bits / divisor, which a
      // dividend below 2^31 does not see.
      int bits = 0;
      while ((std::int64_t{1} << bits) < divisor) ++bits;
      const std::uint64_t power = std::uint64_t{1} << (31 + bits);
      const auto by = static_cast<std::uint64_t>(divisor);
      multiplier_ = static_cast<std::uint32_t>((power + by - 1) / by);
      shift_ = bits - 1;
    }
  }

  constexpr I quotient(I dividend) const {
    if constexpr (kNarrow) {
      if (divisor_ == 1) return dividend;
      const std::uint64_t product =
          std::uint64_t{static_cast<std::uint32_t>(dividend)} * multiplier_;
      return static_cast<I>(static_cast<std::uint32_t>(product >> 32) >> shift_);
    } else {
      return dividend / divisor_;
    }
  }
  constexpr Divided<I> operator()(I dividend) const {
    const I whole = quotient(dividend);
    return {whole, dividend - whole * divisor_};
  }
  constexpr I value() const { return divisor_; }

 private:
  static constexpr bool kNarrow = std::is_same_v<I, std::int32_t>;
  struct None {};

  I divisor_;
  std::conditional_t<kNarrow, std::uint32_t, None> multiplier_{};
  std::conditional_t<kNarrow, std::int32_t, None> shift_{};
};

/// May indices from 0 to `last` be 32 bits? Some room is left: kernels count a little past the end.
constexpr bool fits_in_32_bits(std::int64_t last) { return last < (std::int64_t{1} << 31) - 65536; }

}  // namespace keratin::kernels::cuda
