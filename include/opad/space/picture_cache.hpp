#pragma once
#include <xxhash.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>

namespace opad {

/// What a frozen network says of pictures that come again, kept by the pictures' contents. A batch of which every
/// picture was seen is answered from memory; any other is made as a whole, as without a cache, and kept picture by
/// picture: the numbers are the same as long as the network treats the pictures of a batch one by one.
class PictureCache {
 public:
  using Key = std::pair<std::uint64_t, std::uint64_t>;  // XXH3, 128 bits
  using Keys = std::vector<Key>;

  /// most: how many pictures are kept; those that come later are made every time
  explicit PictureCache(std::int64_t most) : most_(static_cast<std::size_t>(most)) {}

  /// Of each picture of a batch [B, ...] in the host's memory.
  OPAD_ONCE static Keys keys(const Tensor& pictures) {
    Keys keys;
    for (const Tensor& picture : pictures.unbind(0)) {
      const Tensor whole = picture.contiguous();
      const XXH128_hash_t hash = XXH3_128bits(whole.const_data_ptr(), whole.nbytes());
      keys.emplace_back(hash.high64, hash.low64);
    }
    return keys;
  }

  /// make() -> [B, ...], or the same from memory.  what: the name of what is made
  OPAD_ONCE Tensor get(const std::string& what, const Keys& keys, const std::function<Tensor()>& make) {
    auto& kept = kept_[what];
    std::vector<Tensor> rows;
    for (const Key& key : keys)
      if (const auto found = kept.find(key); found != kept.end()) rows.push_back(found->second);
    if (rows.size() == keys.size()) return at::stack(rows);
    const Tensor made = make().detach();
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (kept.size() < most_ && !kept.contains(keys[i]))
        kept.emplace(keys[i], made[static_cast<std::int64_t>(i)].clone());
    return made;
  }

 private:
  std::size_t most_;
  std::map<std::string, std::map<Key, Tensor>> kept_;
};

}  // namespace opad
