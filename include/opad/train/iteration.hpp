#pragma once
#include <opad/recipe/spaces_of.hpp>
#include <opad/train/table.hpp>

namespace opad {

/// The table of one iteration as a recipe's policies see it: actor x space. Its columns are known from
/// the recipe's type, so asking for an entry that the recipe cannot give is a compile error.
///   student       x̂, with gradient
///   target        the teacher's answer, none
///   photographs   what the teacher learns from, none
///   real          what the critics take for real, none: often the photographs, never the same entry
template <class P>
class Iteration {
 public:
  using Policies = P;
  explicit Iteration(Table& table) : table_(&table) {}

  template <Space S>
  const Tensor& student() {
    return entry<S>(table_->student);
  }
  template <Space S>
  const Tensor& target() {
    static_assert(
        has_target<P>,
        "This recipe has no target: its coupling trains the student without a teacher. Leave out the alignment "
        "terms, choose the target RealImages, or a coupling with a teacher (Joint, Sequential, FrozenTeacher).");
    return entry<S>(table_->target);
  }
  template <Space S>
  const Tensor& photographs() {
    return entry<S>(table_->photographs);
  }
  template <Space S>
  const Tensor& real() {
    static_assert(!decltype(P::critics)::empty,
                  "This recipe has no critics, so nothing is taken for real; the photographs are photographs<S>().");
    return entry<S>(table_->real);
  }

  /// Photographs that fill their picture, without the augmentation's grey canvas.  [B, 3, H, W]
  Tensor whole_photographs() const { return table_->whole_photographs(); }
  const Draws& draws() const { return table_->draws; }
  Networks& networks() { return *table_->networks; }
  const Tensor& condition() const { return table_->condition; }            // c, detached  [B, 77, C]
  const Tensor& null_condition() const { return table_->null_condition; }  // c∅  [1, 77, C]
  const Tensor& omega() const { return table_->omega; }                    // of the target's noise level  [B]
  const Tensor& real_weight() const { return table_->real_weight; }        // of each real picture [B]; undefined: 1
  Pictures& student_pictures() { return table_->student; }

  /// Tells the observer, if there is one.
  void note(const std::string& name, const Tensor& value) const { table_->note(name, value); }

 private:
  template <Space S>
  const Tensor& entry(Pictures& pictures) {
    static_assert(gives_space<P, S>,
                  "This recipe loads no encoder that renders this space: none of its loss terms, critics and filters "
                  "looks through it. Name the space as the `space` of the policy that asks for it.");
    return pictures.get<S>();
  }
  Table* table_;
};

}  // namespace opad
