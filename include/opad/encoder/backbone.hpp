#pragma once
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include <opad/core/tensor.hpp>

namespace opad {

/// A frozen image encoder, named by a policy type; its network is loaded once for each run.
///   using Network = ...;                                     a torch::nn::Module
///   static std::shared_ptr<Network> load(const std::filesystem::path&);
///   static std::int64_t resolution(const Network&);          side of the square picture that it takes
///   static Tensor features(Network&, const Tensor& image);   [B, 3, s, s] -> [B, tokens, width]
///   mean, deviation                                          of the pictures it was trained on, RGB in [0, 1]
template <class B>
concept Backbone = requires(typename B::Network& network, const Tensor& image) {
  { B::name } -> std::convertible_to<std::string_view>;
  { B::resolution(network) } -> std::convertible_to<std::int64_t>;
  { B::features(network, image) } -> std::same_as<Tensor>;
  { B::mean[0] } -> std::convertible_to<double>;
  { B::deviation[0] } -> std::convertible_to<double>;
};

namespace detail {
/// Another way to look through the network of the backbone B, which all such views share.
template <class B>
struct ViewOf {
  static constexpr std::string_view name = B::name;
  using backbone = B;
  using Network = typename B::Network;
  static constexpr const auto& mean = B::mean;
  static constexpr const auto& deviation = B::deviation;
  static std::int64_t resolution(const Network& network) { return B::resolution(network); }
};

/// The Backbone whose network an eye looks through: the eye itself, or the one that it names (Patches<Dino> looks
/// through Dino).
template <class Eye>
struct BackboneOf {
  using type = Eye;
};
template <class Eye>
  requires requires { typename Eye::backbone; }
struct BackboneOf<Eye> {
  using type = typename Eye::backbone;
};
}  // namespace detail

}  // namespace opad
