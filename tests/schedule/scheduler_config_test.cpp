#include <opad/schedule/scheduler_config.hpp>

#include <fstream>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace opad;

namespace {

SchedulerConfig read(const std::string& text) { return SchedulerConfig::from_json(Json::parse(text), "config"); }

}  // namespace

TEST_CASE("absent keys take the defaults of the scheduler class", "[schedule][config]") {
  const auto ddim = read(R"({"_class_name": "DDIMScheduler"})");
  REQUIRE(ddim.beta_schedule == "linear");
  REQUIRE(ddim.beta_end == 0.02);
  REQUIRE(ddim.timestep_spacing == Spacing::Leading);
  REQUIRE(ddim.clip_sample);
  REQUIRE(ddim.set_alpha_to_one);
  REQUIRE(ddim.prediction_type == Prediction::Epsilon);
  const auto euler = read(R"({"_class_name": "EulerDiscreteScheduler"})");
  REQUIRE(euler.timestep_spacing == Spacing::Linspace);
  REQUIRE_FALSE(euler.clip_sample);
  const auto lcm = read(R"({"_class_name": "LCMScheduler"})");
  REQUIRE(lcm.beta_schedule == "scaled_linear");
  REQUIRE(lcm.beta_start == 0.00085);
  REQUIRE_FALSE(read(R"({"_class_name": "PNDMScheduler"})").set_alpha_to_one);
}

TEST_CASE("given keys are taken, null stands for the default, unknown keys are ignored", "[schedule][config]") {
  const auto config = read(R"({"_class_name": "DDIMScheduler", "beta_schedule": "scaled_linear", "beta_start": 0.00085,
      "beta_end": 0.012, "prediction_type": "v_prediction", "clip_sample": false, "set_alpha_to_one": false,
       "steps_offset": 1,
      "trained_betas": null, "timestep_spacing": "trailing", "skip_prk_steps": true})");
  REQUIRE(config.prediction_type == Prediction::V);
  REQUIRE(config.timestep_spacing == Spacing::Trailing);
  REQUIRE(config.steps_offset == 1);
  REQUIRE_FALSE(config.set_alpha_to_one);
  REQUIRE((config.alpha_bar() == ScaledLinear{}.alpha_bar()).all());
  REQUIRE(read(R"({"_class_name": "DDPMScheduler", "trained_betas": [0.5, 0.5]})").alpha_bar()[1] == 0.25);
}

TEST_CASE("one class's config can be read as another's", "[schedule][config]") {
  const Json json{{"_class_name", "PNDMScheduler"}, {"beta_end", 0.012}};
  const auto config = SchedulerConfig::from_json(json, "config", "EulerDiscreteScheduler");
  REQUIRE(config.class_name == "EulerDiscreteScheduler");
  REQUIRE(config.timestep_spacing == Spacing::Linspace);
  REQUIRE(config.beta_end == 0.012);
}

TEST_CASE(
    "rescaling ends at 0 for samplers that count in alpha_bar, at 2^-24 for those in sigmas, and only where it is "
    "known",
    "[schedule][config]") {
  const auto last = [](const std::string& name) {
    const Json json{{"_class_name", name}, {"rescale_betas_zero_snr", true}};
    return SchedulerConfig::from_json(json, "config").alpha_bar()[999];
  };
  REQUIRE(last("DDIMScheduler") == 0);
  REQUIRE(last("LCMScheduler") == 0);
  REQUIRE(last("EulerDiscreteScheduler") == 0x1p-24);
  REQUIRE(last("DPMSolverMultistepScheduler") == 0x1p-24);
  REQUIRE(last("PNDMScheduler") > 1e-5);
}

TEST_CASE("a scheduler folder is read, with the -Infinity that Python writes", "[schedule][config]") {
  const TemporaryFolder folder;
  std::ofstream(folder.path / "scheduler_config.json")
      << R"({"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity})";
  REQUIRE(SchedulerConfig::from_pretrained(folder.path).lambda_min_clipped == -std::numeric_limits<double>::infinity());
  REQUIRE_THROWS_WITH(SchedulerConfig::from_pretrained(folder.path / "nowhere"),
                      ContainsSubstring("scheduler_config.json"));
}

TEST_CASE("what cannot be done is refused, naming the file and the key", "[schedule][config]") {
  const auto refuses = [](const std::string& keys, const std::string& message) {
    REQUIRE_THROWS_WITH(read(R"({"_class_name": "DDIMScheduler", )" + keys + "}"),
                        ContainsSubstring("config: ") && ContainsSubstring(message));
  };
  refuses(R"("use_beta_sigmas": true)", "use_beta_sigmas");
  refuses(R"("prediction_type": "flow_prediction")", "flow_prediction");
  refuses(R"("beta_schedule": "laplace")", "laplace");
  refuses(R"("timestep_spacing": "random")", "random");
  refuses(R"("num_train_timesteps": 1)", "steps = 1");
  refuses(R"("num_train_timesteps": 2000000)", "2000000");
  refuses(R"("beta_start": "small")", "beta_start");
  refuses(R"("steps_offset": -1)", "steps_offset");
  refuses(R"("clip_sample_range": 0)", "clip_sample_range");
  refuses(R"("thresholding": true, "dynamic_thresholding_ratio": 1.5)", "dynamic_thresholding_ratio");
  REQUIRE_THROWS_WITH(read("{}"), ContainsSubstring("_class_name"));
  REQUIRE_THROWS_WITH(read("[]"), ContainsSubstring("JSON object"));
  REQUIRE_THROWS_WITH(read(R"({"_class_name": "FlowMatchEulerDiscreteScheduler"})"),
                      ContainsSubstring("FlowMatchEuler"));
}
