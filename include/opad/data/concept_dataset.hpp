#pragma once
#include <filesystem>
#include <future>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/core/random.hpp>
#include <opad/core/tensor.hpp>
#include <opad/data/augmentation.hpp>
#include <opad/data/concept_folder.hpp>
#include <opad/data/prompt_templates.hpp>

namespace opad {

/// What there is to learn from about one concept. Pictures are uint8 [H, W, 3].
struct ConceptData {
  std::vector<Tensor> pictures;
  std::string instance_prompt;                            // "<new1> dog"
  std::vector<Tensor> class_pictures;                     // prior preservation: pictures of the class; may be empty
  std::string class_prompt;                               // "dog", as it is, without templates
  std::vector<std::pair<Tensor, std::string>> made = {};  // pictures by a model and their prompts, as they are
  /// One for each picture, or none at all. A picture with a caption is shown with that prompt, as often as another with
  /// all templates; an empty one is none. A mask says which part of its picture counts (data/masks.hpp), undefined:
  /// all.
  std::vector<std::string> captions = {};
  std::vector<Tensor> masks = {};
};

/// A concept from a folder of photographs, and one of class pictures unless that path is empty.
OPAD_ONCE ConceptData read_concept(const std::filesystem::path& folder, const std::string& instance_prompt,
                                   const std::filesystem::path& class_folder = {},
                                   const std::string& class_prompt = "") {
  ConceptData data{.pictures = read_concept_folder(folder).pictures,
                   .instance_prompt = instance_prompt,
                   .class_pictures = {},
                   .class_prompt = class_prompt};
  if (!class_folder.empty()) data.class_pictures = read_concept_folder(class_folder).pictures;
  return data;
}

/// What one micro-step learns from.
struct Batch {
  Tensor images;  // [B, 3, S, S] float32 in [-1, 1]; 2 B with prior preservation, the pictures of the concept first
  Tensor mask;    // [B, 1, h, w] float32
  std::vector<std::string> prompts;
  Tensor whole;  // as images, without the canvas around small pictures; may be missing where nobody looks at it
  std::int64_t priors = 0;  // how many at the end are pictures of the class
};

/// How photographs become batches.
struct DatasetOptions {
  std::int64_t resolution = 512, vae_factor = 8;
  Augmentation augmentation = {};
  bool center_crop = false;               // of class pictures
  std::int64_t rank = 0, world_size = 1;  // this process and how many share the data
};

/// Endless training data of one or several concepts: every picture with every prompt, once an epoch, in an order that
/// is drawn anew for each epoch (stream "data/order"). Epochs follow each other without a break: all batches are full.
/// batch(k) is a pure function of (seed, k): the same whatever was asked before, so a resumed run and any number of
/// loader threads see the same data. Item g of all has its own streams, so the batch size only decides how items are
/// grouped. Throws Error for a concept without pictures or prompt, class pictures without a prompt, and as
/// ConceptTransform does.
class ConceptDataset {
 public:
  ConceptDataset(const std::vector<ConceptData>& concepts, const DatasetOptions& options, const Random& random)
      : options_(options),
        transform_(options.augmentation, options.resolution, options.vae_factor),
        random_(random.seed()) {
    require(!concepts.empty(), "data: no concept; give at least one folder of photographs");
    require(0 <= options.rank && options.rank < options.world_size, "data: rank ", options.rank, " of ",
            options.world_size);
    for (const ConceptData& data : concepts) {
      require(!data.pictures.empty(), "data: no picture of '", data.instance_prompt, "'");
      require(!data.instance_prompt.empty(), "data: the instance prompt is empty; give one such as '<new1> dog'");
      require(data.class_pictures.empty() || !data.class_prompt.empty(), "data: class pictures for '",
              data.instance_prompt, "' but no class prompt; give one such as 'dog'");
      const auto prompts = instance_prompts(data.instance_prompt, options.augmentation.enabled);
      for (const std::size_t beside : {data.captions.size(), data.masks.size()})
        require(beside == 0 || beside == data.pictures.size(), "data: ", beside, " captions or masks for ",
                data.pictures.size(), " pictures");
      for (std::size_t i = 0; i < data.pictures.size(); ++i)
        for (const std::string& prompt : prompts) {
          const bool captioned = !data.captions.empty() && !data.captions[i].empty();
          instances_.push_back(
              {data.pictures[i], captioned ? data.captions[i] : prompt, data.masks.empty() ? Tensor() : data.masks[i]});
        }
      for (const auto& [picture, prompt] : data.made) instances_.push_back({picture, prompt, {}});
      for (const Tensor& picture : data.class_pictures) classes_.push_back({picture, data.class_prompt, {}});
    }
  }
  ConceptDataset(ConceptData data, const DatasetOptions& options, const Random& random)
      : ConceptDataset(std::vector{std::move(data)}, options, random) {}

  /// Pairs of picture and prompt in an epoch.
  std::int64_t size() const { return static_cast<std::int64_t>(instances_.size()); }

  OPAD_ONCE Batch batch(std::int64_t iteration, std::int64_t batch_size) const {
    require(iteration >= 0 && batch_size > 0, "data: batch ", iteration, " of ", batch_size,
            " pictures; give 0 or more, and 1 or more");
    const std::int64_t first = (iteration * options_.world_size + options_.rank) * batch_size;
    std::vector<Item> items;
    Order instances("data/order", random_, size());
    for (std::int64_t g = first; g < first + batch_size; ++g) {
      Stream stream = random_.stream("data/augmentation", g);
      const Pair& pair = instances_[instances.at(g)];
      items.push_back(transform_.instance(pair.picture, pair.prompt, stream, pair.mask));
    }
    if (!classes_.empty()) {
      Order classes("data/class-order", random_, static_cast<std::int64_t>(classes_.size()));
      for (std::int64_t g = first; g < first + batch_size; ++g) {
        Stream stream = random_.stream("data/class-crop", g);
        const Pair& pair = classes_[classes.at(g)];
        items.push_back(transform_.prior(pair.picture, pair.prompt, options_.center_crop, stream));
      }
    }
    Batch batch = stacked(items);
    batch.priors = static_cast<std::int64_t>(items.size()) - batch_size;
    return batch;
  }

 private:
  struct Pair {
    Tensor picture;
    std::string prompt;
    Tensor mask;  // undefined: all of it counts
  };

  /// Which of n things is the g-th of all when every epoch shows each of them once.
  class Order {
   public:
    Order(std::string_view stream, const Random& random, std::int64_t n) : stream_(stream), random_(random), n_(n) {}
    std::size_t at(std::int64_t g) {
      if (g / n_ != epoch_) epoch_ = g / n_, permutation_ = random_.stream(stream_, epoch_).permutation(n_);
      return static_cast<std::size_t>(permutation_[g % n_]);
    }

   private:
    std::string_view stream_;
    const Random& random_;
    std::int64_t n_, epoch_ = -1;
    std::vector<std::int64_t> permutation_;
  };

  static Batch stacked(const std::vector<Item>& items) {
    Batch batch;
    std::vector<Tensor> images, masks, wholes;
    for (const Item& item : items)
      images.push_back(item.image), masks.push_back(item.mask), wholes.push_back(item.whole),
          batch.prompts.push_back(item.prompt);
    batch.images = torch::stack(images), batch.mask = torch::stack(masks), batch.whole = torch::stack(wholes);
    return batch;
  }

  DatasetOptions options_;
  ConceptTransform transform_;
  Random random_;
  std::vector<Pair> instances_, classes_;
};

/// Makes the next batch in the background while the current one is used. Changes no result: whatever is asked for is
/// what the data set would have given. Where the system has no thread for it, a batch is made when it is asked for.
class Prefetch {
 public:
  Prefetch(ConceptDataset dataset, std::int64_t batch_size) : dataset_(std::move(dataset)), batch_size_(batch_size) {}
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  Batch batch(std::int64_t iteration) { return batch(iteration, iteration + 1); }
  ///   next  the one that will be asked for then
  Batch batch(std::int64_t iteration, std::int64_t next) {
    Batch batch = next_.valid() && iteration == next_iteration_ ? next_.get() : dataset_.batch(iteration, batch_size_);
    next_iteration_ = next;
    const auto make = [this, k = next_iteration_] { return dataset_.batch(k, batch_size_); };
    try {
      next_ = std::async(std::launch::async, make);
    } catch (const std::system_error&) { next_ = std::async(std::launch::deferred, make); }
    return batch;
  }

 private:
  const ConceptDataset dataset_;
  std::int64_t batch_size_, next_iteration_ = 0;
  std::future<Batch> next_;  // its destructor waits
};

}  // namespace opad
