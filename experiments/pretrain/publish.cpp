// pretrain-publish: copies a world of model folders, its weights in half precision, as the repository keeps it.
#include <opad/experiment/options/options.hpp>
#include <opad/experiment/run/guarded_main.hpp>
#include <opad/io/safetensors.hpp>

using namespace opad;

namespace {

int publish(int argc, char** argv) {
  std::filesystem::path models, output;
  Options options("pretrain-publish", "Copies a world of model folders, its weights in half precision.");
  options.bind_value("models", models, "the world's folder");
  options.bind_value("output", output, "where the copy goes");
  if (!options.parse(argc, argv)) return 0;
  require(std::filesystem::is_directory(models), "--models ", models.string(), ": no such folder");
  require(!output.empty(), "--output is missing; give a folder for the copy");
  std::uintmax_t bytes = 0;
  double worst = 0;  // the largest relative change of a whole tensor
  for (const auto& entry : std::filesystem::recursive_directory_iterator(models)) {
    if (!entry.is_regular_file()) continue;
    const auto target = output / std::filesystem::relative(entry.path(), models);
    std::filesystem::create_directories(target.parent_path());
    if (entry.path().extension() == ".safetensors") {
      Tensors tensors = SafeTensors(entry.path()).tensors();
      for (auto& [name, t] : tensors) {
        if (!t.is_floating_point()) continue;
        const Tensor half = t.to(torch::kFloat16);
        require(half.isfinite().all().item<bool>(), entry.path().string(), ": '", name,
                "' holds numbers beyond half precision's range");
        const double size = t.to(torch::kFloat32).norm().item<double>();
        if (size > 0)
          worst = std::max(worst, (t.to(torch::kFloat32) - half.to(torch::kFloat32)).norm().item<double>() / size);
        t = half;
      }
      save_safetensors(target, tensors);
    } else {
      write_atomically(target, read_file(entry.path()));
    }
    bytes += std::filesystem::file_size(target);
  }
  std::cout << output.string() << ": " << bytes / 1000000.0 << " MB; rounding changed no tensor by more than " << worst
            << " of its norm\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return guarded_main("pretrain-publish", [&] { return publish(argc, argv); });
}
