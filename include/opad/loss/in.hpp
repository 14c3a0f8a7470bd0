#pragma once
#include <opad/loss/loss.hpp>

namespace opad {

/// A term that looks through another space than its own:  In<Pixel, MsSwd> is MS-SWD of pictures in [-1, 1].
/// Hyper-parameters, name and derived rows are the term's:  In<Pixel, MsSwd>{{.weight = 0.2}},  Without<Base, MsSwd>.
template <Space S, class Term>
struct In : Term {
  using space = S;
};

}  // namespace opad

namespace boost::hana {
template <class S, class Term>
struct accessors_impl<opad::In<S, Term>> : accessors_impl<Term> {};
}  // namespace boost::hana
