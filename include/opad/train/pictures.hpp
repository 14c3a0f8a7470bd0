#pragma once
#include <functional>
#include <typeindex>
#include <unordered_map>

#include <opad/space/networks.hpp>
#include <opad/space/picture_cache.hpp>
#include <opad/space/space.hpp>

namespace opad {

/// One actor's pictures of one iteration, in every space that somebody asks for. An entry is computed on first use from
/// the space it is made of, and kept.
class Pictures {
 public:
  using Make = std::function<Tensor()>;
  /// with_gradient: whether later entries are part of the graph that leads to the first one.
  Pictures(Networks& networks, bool with_gradient) : networks_(&networks), with_gradient_(with_gradient) {}

  /// Gives an entry, or how to make it when it is first asked for.
  template <Space S>
  void set(Tensor value) {
    entries_[typeid(S)] = std::move(value);
  }
  template <Space S>
  void set(Make make) {
    makers_[typeid(S)] = std::move(make);
  }

  template <Space S>
  const Tensor& get() {
    const std::type_index key = typeid(S);
    if (const auto found = entries_.find(key); found != entries_.end()) return found->second;
    if (const auto maker = makers_.find(key); maker != makers_.end()) return entries_[key] = made(maker->second);
    if constexpr (requires { typename S::from; }) {
      const Tensor parent = get<typename S::from>();
      const auto render = [&] { return S::render(*networks_, parent); };
      if (cache_ && std::same_as<typename S::from, Pixel>)
        return entries_[key] = cache_->get(key.name(), keys_, [&] { return made(render); });
      return entries_[key] = made(render);
    } else {
      fail("Pictures: the entry '", S::name, "' was asked for before it was given");
    }
  }
  /// Says which pictures these are: from now on, what is rendered from Pixel is kept in `cache`, and comes from there.
  void remember(PictureCache& cache, PictureCache::Keys keys) { cache_ = &cache, keys_ = std::move(keys); }
  /// An entry that exists already, else an undefined tensor.
  template <Space S>
  Tensor find() const {
    const auto found = entries_.find(typeid(S));
    return found == entries_.end() ? Tensor() : found->second;
  }
  /// An entry that belongs to one policy alone, by a name of its own.
  const Tensor& keep(const std::string& name, const Make& make) {
    const auto found = named_.find(name);
    return found != named_.end() ? found->second : named_[name] = made(make);
  }

 private:
  Tensor made(const Make& make) const {
    const torch::AutoGradMode mode(with_gradient_);
    return make();
  }

  Networks* networks_;
  bool with_gradient_;
  PictureCache* cache_ = nullptr;
  PictureCache::Keys keys_;
  std::unordered_map<std::type_index, Tensor> entries_;
  std::unordered_map<std::type_index, Make> makers_;
  std::unordered_map<std::string, Tensor> named_;
};

}  // namespace opad
