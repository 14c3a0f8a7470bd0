#pragma once
#include <opad/core/once.hpp>
#include <opad/evaluate/attribute_reader.hpp>
#include <opad/evaluate/metrics.hpp>
#include <opad/models/clip_text_model.hpp>
#include <opad/models/clip_vision_model.hpp>
#include <opad/models/image_preprocessing.hpp>
#include <opad/models/vision_transformer.hpp>
#include <opad/text/clip_tokenizer.hpp>

namespace opad {

/// The networks that judge pictures: never those that the training looks through.
///   FOLDER/clip              transformers' CLIPModel with its tokenizer (openai/clip-vit-base-patch32), or the same in
///                            parts: folders text_encoder, image_encoder and tokenizer
///   FOLDER/dino              a timm VisionTransformer (vit_small_patch16_224.dino)
///   FOLDER/attribute-reader  an AttributeReader, where there is one
/// Each may hold a preprocessor_config.json.
class EvaluationEncoders {
 public:
  OPAD_ONCE explicit EvaluationEncoders(const std::filesystem::path& folder, torch::Device device = torch::kCPU)
      : device_(device) {
    require(std::filesystem::is_directory(folder), folder.string(),
            ": no such folder; give the folder with the evaluation encoders clip/ and dino/");
    const auto clip = folder / "clip", dino = folder / "dino", reader = folder / "attribute-reader";
    const bool whole = std::filesystem::exists(clip / "config.json");
    const auto vision_folder = whole ? clip : clip / "image_encoder";
    clip_vision_ = CLIPVisionModelWithProjection::from_pretrained(vision_folder);
    clip_text_ = CLIPTextModel::from_pretrained(whole ? clip : clip / "text_encoder");
    tokenizer_ = std::make_shared<ClipTokenizer>(ClipTokenizer::from_pretrained(whole ? clip : clip / "tokenizer"));
    clip_preprocessing_ =
        ImagePreprocessing::of_folder(vision_folder, ImagePreprocessing::clip(clip_vision_->config.image_size));
    dino_ = VisionTransformer::from_pretrained(dino);
    dino_preprocessing_ = ImagePreprocessing::of_folder(dino, ImagePreprocessing::dino(dino_->config.img_size[0]));
    clip_vision_->to(device), clip_text_->to(device), dino_->to(device);
    if (!std::filesystem::is_directory(reader)) return;
    reader_ = AttributeReader::from_pretrained(reader);
    reader_preprocessing_ = ImagePreprocessing::of_folder(reader, ImagePreprocessing::plain(reader_->config.img_size));
    reader_->to(device);
  }

  /// Features of pictures, uint8 [H, W, 3] each of its own size.  -> [n, width]
  OPAD_ONCE Tensor clip(const std::vector<Tensor>& pictures) const {
    return in_batches(pictures, clip_preprocessing_, [&](const Tensor& image) { return clip_vision_->forward(image); });
  }
  OPAD_ONCE Tensor dino(const std::vector<Tensor>& pictures) const {
    return in_batches(pictures, dino_preprocessing_, [&](const Tensor& image) { return dino_->forward(image); });
  }

  /// Features of prompts, comparable with those of pictures.  -> [n, width]
  OPAD_ONCE Tensor text(const std::vector<std::string>& prompts) const {
    torch::NoGradGuard no_grad;
    return clip_text_->text_embeds((*tokenizer_)(prompts).to(device_)).cpu();
  }

  /// The attribute reader; nullptr where the folder has none.
  const AttributeReader* reader() const { return reader_.get(); }

  /// Probabilities of every attribute's words.
  OPAD_ONCE AttributeReading read(const std::vector<Tensor>& pictures) const {
    require(reader_ != nullptr, "evaluation: there is no attribute-reader/ among the evaluation encoders");
    const Tensor all = in_batches(pictures, reader_preprocessing_,
                                  [&](const Tensor& image) { return at::cat(reader_->logits(image), 1); });
    AttributeReading reading;
    std::int64_t begin = 0;
    for (const auto& [attribute, list] : reader_->words) {
      const auto count = static_cast<std::int64_t>(list.size());
      reading[attribute] = all.narrow(1, begin, count).softmax(1);
      begin += count;
    }
    return reading;
  }

 private:
  template <class Network>
  Tensor in_batches(const std::vector<Tensor>& pictures, const ImagePreprocessing& prepare,
                    const Network& network) const {
    require(!pictures.empty(), "evaluation: no pictures to look at");
    constexpr std::size_t largest = 32;
    torch::NoGradGuard no_grad;
    std::vector<Tensor> features;
    for (std::size_t begin = 0; begin < pictures.size(); begin += largest) {
      std::vector<Tensor> batch;
      for (std::size_t i = begin; i < std::min(pictures.size(), begin + largest); ++i)
        batch.push_back(prepare(pictures[i]));
      features.push_back(network(at::stack(batch).to(device_)).cpu());
    }
    return at::cat(features);
  }

  torch::Device device_;
  std::shared_ptr<CLIPVisionModelWithProjection> clip_vision_;
  std::shared_ptr<CLIPTextModel> clip_text_;
  std::shared_ptr<ClipTokenizer> tokenizer_;
  std::shared_ptr<VisionTransformer> dino_;
  std::shared_ptr<AttributeReader> reader_;
  ImagePreprocessing clip_preprocessing_, dino_preprocessing_, reader_preprocessing_;
};

}  // namespace opad
