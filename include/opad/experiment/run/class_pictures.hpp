#pragma once
#include <opad/data/concept_dataset.hpp>
#include <opad/experiment/run/run_folder.hpp>
#include <opad/experiment/run/settings.hpp>
#include <opad/experiment/run/signals.hpp>
#include <opad/io/image.hpp>
#include <opad/pipeline/bytes.hpp>
#include <opad/pipeline/choose_sampler.hpp>
#include <opad/pipeline/pipeline.hpp>
#include <opad/train/method.hpp>

namespace opad {

/// Prior preservation without given pictures: the base model makes some of every class before anything is trained, the
/// teacher with its own sampler, or the student where there is none; never what a run has personalised. They are kept
/// in class-images/, where a resumed run finds them. A stop that is asked for ends it between two pictures.
OPAD_ONCE void make_class_pictures(const RunFolder& folder, const RunSettings& s, const Method& method,
                                   std::int64_t resolution, torch::Device device, std::vector<ConceptData>& concepts) {
  const auto pictures = folder.own("class-images");
  std::filesystem::create_directories(pictures);
  std::optional<Pipeline> base;  // loaded when the first picture is missing
  const Random random(s.seed);
  for (std::size_t c = 0; c < concepts.size(); ++c) {
    for (std::int64_t i = 0; i < s.class_images; ++i) {
      if (stop_requested()) return;
      const auto file = pictures / c10::str(c, "-", i, ".png");
      if (!std::filesystem::exists(file)) {
        if (!base)
          base.emplace(parts_of_pictures(method.has_teacher ? s.teacher_folder() : s.student_folder(),
                                         method.has_teacher ? "" : s.teacher_folder(), {}),
                       std::vector<std::filesystem::path>{}, device);
        const std::int64_t index = static_cast<std::int64_t>(c) * s.class_images + i;
        const Tensor noise = base->noise(random.stream("class/noise", index), 1, resolution);
        const auto& prompt = concepts[c].class_prompt;
        Tensor picture;
        if (method.has_teacher) {
          AnySampler sampler = choose_sampler(base->scheduler(), s.class_steps).sampler;
          picture = base->sample(sampler, prompt, noise, s.class_guidance, "", [&](std::int64_t k) {
            return random.stream("class/sampler", index, k).normal(noise.sizes()).to(device);
          });
        } else {
          picture = base->ask(method.sample, prompt, noise);
        }
        write_png(file, to_bytes(picture[0]));
      }
      concepts[c].class_pictures.push_back(read_image(file));
    }
  }
}

}  // namespace opad
