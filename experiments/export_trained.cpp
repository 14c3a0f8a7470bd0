// export_trained: what a run trained, as a file or folder of another program.
//   export_trained --adapters runs/cat --form kohya --output loras/cat.safetensors
#include <opad/adapter/add_lora.hpp>
#include <opad/adapter/lora_form.hpp>
#include <opad/adapter/trained_folder.hpp>
#include <opad/experiment/options/options.hpp>
#include <opad/experiment/options/versions.hpp>
#include <opad/experiment/run/guarded_main.hpp>
#include <opad/experiment/run/manifest.hpp>
#include <opad/io/output_apart.hpp>
#include <opad/models/single_file.hpp>
#include <opad/pipeline/save_pipeline.hpp>
#include <opad/schedule/scheduler_config.hpp>

using namespace opad;
namespace fs = std::filesystem;

namespace {

enum class Form { Diffusers, Peft, Kohya, Merged };
constexpr std::array<std::pair<Form, std::string_view>, 4> enumerators(Form) {
  return {{{Form::Diffusers, "diffusers"}, {Form::Peft, "peft"}, {Form::Kohya, "kohya"}, {Form::Merged, "merged"}}};
}

struct Settings {
  fs::path adapters, model, base, output;
  Form form = Form::Diffusers;
  std::int64_t rank = 0;
  std::string title, author, license;
  bool overwrite = false;

  void bind(Options& options) {
    options.group("What");
    options.bind_value("adapters", adapters, "folder with trained weights and learned tokens, such as a run's");
    options.bind_value("model", model, "diffusers folder that it was trained on; none: as the run says");
    options.bind_value("base", base,
                       "diffusers folder that gives text encoder, tokenizer and VAE; none: as the run says, else "
                       "the model's own");
    options.group("As what");
    options.bind_value("form", form,
                       "diffusers: a whole pipeline's folder; peft: the LoRA that diffusers loads; kohya: the LoRA of "
                       "ComfyUI and web UIs; merged: one checkpoint file with everything");
    options.bind_value("output", output, "diffusers: a folder; peft: a folder or a .safetensors file; else a file");
    options.bind_value("rank", rank,
                       "of the LoRA that stands for weights that are none, such as Custom Diffusion's; 0: 16");
    options.bind_value("overwrite", overwrite, "replace what this program wrote there before");
    options.group("What the file says of itself");
    options.bind_value("title", title, "none: the name of the folder of --adapters");
    options.bind_value("author", author, "who made it");
    options.bind_value("license", license, "such as openrail++; the base model's own usually goes on to hold");
  }
};

/// A folder's own name, with or without a slash behind it.
std::string name_of(const fs::path& folder) {
  const auto path = fs::absolute(folder).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

/// The config.json of the run that the folder is, or of that it is a part of (teacher/); null without.
Json run_of(const fs::path& adapters) {
  for (const auto& folder : {adapters, fs::absolute(adapters).lexically_normal() / ".."})
    if (const auto file = folder / "config.json"; is_there(file))
      if (const Json run = read_json(file); run.is_object() && run.contains("fingerprint")) return run;
  return nullptr;
}

/// Where the files go, and that none is lost there.
class Target {
 public:
  Target(const Settings& s, const std::vector<LearnedEmbedding>& words) : overwrite_(s.overwrite) {
    const bool named = s.output.extension() == ".safetensors";
    if (s.form == Form::Diffusers) {
      require(!named, "--output ", s.output.string(), ": the form diffusers is a folder; give the name of one");
      folder = s.output;
      names_.assign(pipeline_names.begin(), pipeline_names.end());
    } else {
      require(named || s.form == Form::Peft, "--output ", s.output.string(), ": give the name of a .safetensors file");
      file = named ? s.output : s.output / "pytorch_lora_weights.safetensors";
      folder = file.parent_path().empty() ? "." : file.parent_path();
      names_ = {file.filename().string()};
    }
    for (const auto& learned : words) names_.push_back(token_file_stem(learned.token) + ".safetensors");
    for (const char* taken : {adapters_record, "config.json"})
      require(!is_there(folder / taken), folder.string(), ": is a run's or a model's folder (", taken,
              "); give --output another");
    for (const auto& name : names_)
      require(!is_there(folder / name) || (overwrite_ && is_own(name)), (folder / name).string(),
              overwrite_ ? ": is there, and not written by this program; remove it yourself, or give --output another "
                           "name"
                         : ": is there already; give --overwrite to replace it, or --output another name");
  }

  /// Makes the folder, and the way free for what is written.
  void prepare() const {
    if (file.empty()) replace_owned_files(folder, names_);
    else fs::create_directories(folder);  // files are replaced one by one
  }

  fs::path folder, file;  // no file: a whole folder

 private:
  /// Whether this program wrote it: a folder has a list, a file says so.
  bool is_own(const std::string& name) const {
    if (file.empty()) {
      const auto own = read_manifest(folder);
      return std::ranges::find(own, name) != own.end();
    }
    return SafeTensors(folder / name).metadata().contains("opad.form");
  }

  std::vector<std::string> names_;
  bool overwrite_;
};

/// What a file says of itself, under the keys that hubs and web UIs show.
///   kind  "", "/lora", "/textual-inversion"
std::map<std::string, std::string> metadata(const Settings& s, const UNet2DConditionConfig& unet, const Json& run,
                                            const std::string& words, const std::string& kind) {
  std::map<std::string, std::string> out{{"opad.version", version}, {"opad.trained_words", words}};
  for (const auto& [form, name] : enumerators(Form{}))
    if (form == s.form) out["opad.form"] = name;
  for (const char* key : {"recipe", "fingerprint"})
    if (run.is_object() && run.contains(key) && run[key].is_string()) out[c10::str("opad.", key)] = run[key];
  const auto say = [&](const std::string& key, const std::string& text) {
    if (!text.empty()) out[key] = text;
  };
  say("modelspec.sai_model_spec", "1.0.0");
  say("modelspec.title", s.title.empty() ? name_of(s.adapters) : s.title);
  say("modelspec.author", s.author);
  say("modelspec.license", s.license);
  say("license", s.license);
  say("modelspec.trigger_phrase", words);
  const bool whole = s.form == Form::Merged && kind.empty();
  say("modelspec.implementation", whole ? "https://github.com/CompVis/latent-diffusion" : "diffusers");
  const auto scheduler = s.model / "scheduler";
  const bool velocity = is_there(scheduler / "scheduler_config.json") &&
                        SchedulerConfig::from_pretrained(scheduler).prediction_type == Prediction::V;
  if (const auto width = unet.cross_attention_dim.front(); width == 768 || width == 1024) {  // published families
    const std::string family = width == 768 ? "stable-diffusion-v1"
                               : velocity   ? "stable-diffusion-v2-768-v"
                                            : "stable-diffusion-v2-512";
    say("modelspec.architecture", family + kind);
    if (kind == "/lora") say("ss_base_model_version", width == 768 ? "sd_v1" : velocity ? "sd_v2_v" : "sd_v2");
    if (kind == "/lora") say("ss_v2", width == 768 ? "False" : "True");
  }
  say("modelspec.prediction_type", velocity ? "v" : "epsilon");
  return out;
}

/// The LoRA of the form, and a word about what it is not.
LoraForm lora_of(const Settings& s, UNet2DConditionModel& trained) {
  if (const auto exact = installed_lora(trained)) {
    require(s.rank == 0 || s.rank == exact->rank, "--rank ", s.rank, ": a LoRA of rank ", exact->rank,
            " was trained, which is written as it is; leave --rank out");
    return *exact;
  }
  merge_adapter(trained);
  const auto before = UNet2DConditionModel::from_pretrained(s.model / "unet");
  const auto form = nearest_lora(parameters_of(*before), parameters_of(trained), s.rank > 0 ? s.rank : 16);
  require(!form.down.empty(), s.adapters.string(),
          ": changes no matrix of the U-Net that a LoRA could hold; its learned words are files that other programs "
          "load as they are");
  std::cout << "a LoRA of rank " << form.rank << " in the place of " << form.down.size()
            << " changed matrices: relative error " << form.error << ", at most " << form.worst_error << " (in "
            << form.worst_layer << ")\n";
  if (!form.left_out.empty())
    std::cout << "left out, and counted in the error: " << form.left_out.size() << " biases and norms, such as "
              << form.left_out.front() << "\n";
  return form;
}

int export_trained(int argc, char** argv) {
  Settings s;
  Options options("export_trained", "Writes what a run trained in the form of another program.");
  s.bind(options);
  if (!options.parse(argc, argv)) return 0;
  require(!s.adapters.empty(), "--adapters is missing; give a run's folder");
  require(!s.output.empty(), "--output is missing; say where it goes");
  require_output_apart(s.output, {{"adapters", s.adapters}, {"model", s.model}, {"base", s.base}},
                       "give what is exported a place of its own");
  require_folder(s.adapters, "give a run's, or one with adapters");
  require(s.rank >= 0, "--rank ", s.rank, "; give 0 or more");
  const bool as_lora = s.form == Form::Peft || s.form == Form::Kohya;
  require(as_lora || s.rank == 0, "--rank: only for the forms peft and kohya");
  if (const auto record = PartsRecord::of(s.adapters); record && s.model.empty()) s.model = record->student;
  require(!s.model.empty(), "--model is missing; give the diffusers folder that the adapters were trained on");
  const Json run = run_of(s.adapters);

  torch::NoGradGuard no_grad;
  const Target target(s, read_trained_tokens(s.adapters));
  std::optional<PipelineFolders> parts;
  if (!as_lora) parts = parts_of_pictures(s.model, s.base, s.adapters);
  const bool whole_unet = fs::is_directory(s.adapters / "unet");
  const auto unet = UNet2DConditionModel::from_pretrained((whole_unet ? s.adapters : s.model) / "unet");
  const auto words = load_trained_weights({s.adapters}, *unet);
  std::string names;
  for (const auto& learned : words) names += (names.empty() ? "" : ", ") + learned.token;
  const auto about = [&](const std::string& kind) { return metadata(s, unet->config, run, names, kind); };

  if (as_lora) {
    const LoraForm lora = lora_of(s, *unet);
    auto says = about("/lora");
    says["opad.relative_error"] = c10::str(lora.error);
    says["ss_network_module"] = "networks.lora";
    says["ss_network_dim"] = std::to_string(lora.rank);
    says["ss_network_alpha"] = std::to_string(lora.rank);
    says["ss_output_name"] = target.file.stem().string();
    target.prepare();
    save_safetensors(target.file, s.form == Form::Peft ? lora.peft() : lora.kohya(), says, Numbers::Finite);
  } else {
    merge_adapter(*unet);
    if (s.form == Form::Merged) {
      const auto vae = AutoencoderKL::from_pretrained(parts->vae);
      const auto text = CLIPTextModel::from_pretrained(parts->text_encoder);
      const auto tensors = single_file_weights(*unet, *vae, *text);
      target.prepare();
      save_safetensors(target.file, tensors, about(""), Numbers::Finite);
      std::cout << "the file has no place for the scheduler; say in the program: predicts "
                << about("")["modelspec.prediction_type"] << "\n";
    } else {
      target.prepare();
      save_pipeline(target.folder, *unet, *parts, about(""));
    }
  }
  std::cout << (target.file.empty() ? target.folder : target.file).string() << "\n";
  for (const auto& [token, rows] : words) {
    const auto file = target.folder / (token_file_stem(token) + ".safetensors");
    save_safetensors(file, {{token, rows.size(0) == 1 ? rows[0] : rows}}, about("/textual-inversion"), Numbers::Finite);
    std::cout << file.string() << "\n";
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return guarded_main("export_trained", [&] { return export_trained(argc, argv); });
}
