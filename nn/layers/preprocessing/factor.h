#pragma once

#include "nn/fields.h"

#include <string>
#include <string_view>
#include <type_traits>

namespace keratin::layers {

/// How strongly a random layer may act: one number f, or a range {lower, upper}. What f alone means
/// is each layer's to say; mostly {-f, f}.
class Factor {
 public:
  Factor() = default;  // not given
  template <class T>
  requires std::is_arithmetic_v<T> Factor(T both)
      : lower_(static_cast<double>(both)), upper_(lower_), given_(true), single_(true) {}
  Factor(double lower, double upper) : lower_(lower), upper_(upper), given_(true) {}

  bool given() const { return given_; }
  /// One number?
  bool single() const { return single_; }
  double lower() const { return lower_; }
  double upper() const { return upper_; }
  /// "0.2" or "{-0.2, 0.3}".
  std::string text() const;
  /// To and from files, which have two numbers; one f is {lower_sign f, f} to the layer.
  void fields(Fields& f, const char* name, double lower_sign);

 private:
  double lower_ = 0, upper_ = 0;
  bool given_ = false, single_ = false;
};

/// The numbers that a factor draws from.
struct FactorRange {
  double lower, upper;
};

/// {-|f|, |f|} for one number f, {lower, upper} for a range, the smaller one first. Throws
/// ValueError that names layer and option unless a factor is given and lies in [least, most].
FactorRange symmetric_range(std::string_view layer, std::string_view option, const Factor& factor,
                            double least, double most);

}  // namespace keratin::layers
