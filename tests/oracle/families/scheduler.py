"""Noise schedulers: tables, timesteps, whole trajectories of a fixed fake model, and the training-side formulas.

The fake model is model_output = 0.3 * tanh(scaled sample) + 0.1 * sin(t / 100).
"""
import importlib
import inspect
import os

import diffusers
import torch

import common as c


def fake_model(x, t):
    return 0.3 * torch.tanh(x) + 0.1 * torch.sin(torch.as_tensor(t, dtype=x.dtype) / 100)


def trajectory(s, spec, x, noise):
    """One sampling run; every random draw the scheduler makes is taken from `noise`, in order."""
    module = importlib.import_module(type(s).__module__)
    draws = iter(noise) if noise is not None else iter(())
    kwargs = {}
    if "eta" in spec:
        kwargs["eta"] = spec["eta"]
    xs, x0s, scaled = [x], [], []
    patches = [(module, "randn_tensor", lambda *a, **k: next(draws))] if hasattr(module, "randn_tensor") else []
    with c.Patched(*patches):
        for t in s.timesteps:
            inp = s.scale_model_input(x, t)
            step = s.step(fake_model(inp, t), t, x, **kwargs)
            x = step.prev_sample
            scaled.append(inp)
            xs.append(x)
            x0 = getattr(step, "pred_original_sample", None)
            x0s.append(getattr(step, "denoised", None) if x0 is None else x0)
    out = {"trajectory": torch.stack(xs), "scaled_input": torch.stack(scaled)}
    if all(v is not None for v in x0s):
        out["pred_original"] = torch.stack(x0s)
    return out


def one(spec, cls, folder, ins, dtype):
    s = cls.from_pretrained(folder)
    get = lambda k: ins.get(f"in.{spec['run']}.{k}")  # noqa: E731
    out = {}
    if "steps" in spec:
        s.set_timesteps(spec["steps"])
        out["timesteps"] = s.timesteps
        if getattr(s, "sigmas", None) is not None:
            out["sigmas"] = s.sigmas
        start = get("x") * torch.as_tensor(s.init_noise_sigma, dtype=dtype)
        out |= trajectory(s, spec, start, get("noise"))
    out["init_noise_sigma"] = torch.as_tensor(s.init_noise_sigma, dtype=dtype).reshape(())
    out["alphas_cumprod"] = s.alphas_cumprod
    if get("t") is not None:
        out["add_noise"] = s.add_noise(get("clean"), get("z"), get("t"))
        if hasattr(s, "get_velocity"):
            out["velocity"] = s.get_velocity(get("clean"), get("z"), get("t"))
    return {f"out.{spec['run']}.{k}": v for k, v in out.items()}


def run(model_dir, ins, recipe, dtype=torch.float32):
    cls = getattr(diffusers, recipe["class"])
    out = {}
    if dtype == torch.float64:
        with c.as_double():
            for spec in recipe["runs"]:
                out |= one(spec, cls, os.path.join(model_dir, spec["run"]), c.to_double(ins), dtype)
    else:
        for spec in recipe["runs"]:
            out |= one(spec, cls, os.path.join(model_dir, spec["run"]), ins, dtype)
    return c.clean(out)


def build(case, out):
    g = c.generator(case["seed"])
    cls = getattr(diffusers, case["class"])
    model_dir, ins = os.path.join(out, "model"), {}
    known = set(inspect.signature(cls.__init__).parameters)
    for spec in case["runs"]:
        name = spec["run"]
        folder = os.path.join(model_dir, name)
        if spec.get("verbatim"):  # a config as a published model holds it, with keys this class does not know
            os.makedirs(folder)
            c.write_json(os.path.join(folder, "scheduler_config.json"), spec["config"])
        else:
            assert set(spec["config"]) <= known, set(spec["config"]) - known
            cls(**spec["config"]).save_pretrained(folder)
        shape = case.get("shape", [2, 4, 3, 5])
        if "steps" in spec:
            ins[f"in.{name}.x"] = c.normal(g, *shape)
            if spec.get("noise"):
                ins[f"in.{name}.noise"] = c.normal(g, spec["steps"], *shape)
        if "t" in spec:
            n = len(spec["t"])
            dt = torch.float32 if any(isinstance(v, float) for v in spec["t"]) else torch.int64
            ins |= {f"in.{name}.clean": c.normal(g, n, 4, 2, 3), f"in.{name}.z": c.normal(g, n, 4, 2, 3),
                    f"in.{name}.t": torch.tensor(spec["t"], dtype=dt)}
    recipe = {"class": case["class"], "runs": [{k: v for k, v in s.items() if k not in ("config", "verbatim")} for s in case["runs"]]}
    o32, o64 = run(model_dir, ins, recipe), run(model_dir, ins, recipe, torch.float64)
    tables = {k: 1e-9 for k in o32 if k.endswith(("alphas_cumprod", "sigmas"))}
    return c.write_case(out, "scheduler", case["what"], ins, o32, [o64], extra={"recipe": recipe}, relative=tables)


def draw(r):
    name = r.choice(["DDIMScheduler", "DDIMScheduler", "DDPMScheduler", "EulerDiscreteScheduler", "EulerDiscreteScheduler",
                     "EulerAncestralDiscreteScheduler", "DPMSolverMultistepScheduler", "LCMScheduler"])
    known = set(inspect.signature(getattr(diffusers, name).__init__).parameters)
    return {"class": name, "shape": [r.randint(1, 2), r.choice([3, 4]), r.randint(1, 4), r.randint(1, 5)],
            "runs": [draw_run(r, name, known) | {"run": f"run{i}"} for i in range(6)]}


def draw_run(r, name, known):
    total = r.choice([1000, 1000, 1000, 200, 77])
    config = {"num_train_timesteps": total, "beta_schedule": r.choice(["scaled_linear", "scaled_linear", "linear", "squaredcos_cap_v2"]),
              "prediction_type": r.choice(["epsilon", "v_prediction", "sample"]), "timestep_spacing": r.choice(["leading", "trailing", "linspace"])}
    config |= r.choice([{}, {"beta_start": 0.00085, "beta_end": 0.012}, {"beta_start": 0.001, "beta_end": 0.03}])
    seldom = {"steps_offset": 1, "clip_sample": r.random() < 0.5, "clip_sample_range": 0.7, "set_alpha_to_one": False, "rescale_betas_zero_snr": True,
              "thresholding": True, "sample_max_value": 1.5, "dynamic_thresholding_ratio": 0.8, "use_karras_sigmas": True,
              "use_exponential_sigmas": True, "final_sigmas_type": "sigma_min", "interpolation_type": "log_linear", "solver_order": r.choice([1, 2]),
              "solver_type": r.choice(["midpoint", "heun"]), "lower_order_final": False, "euler_at_final": True, "variance_type":
              r.choice(["fixed_small", "fixed_small_log", "fixed_large"]), "original_inference_steps": r.choice([25, 50]), "timestep_scaling": 5.0,
              "lambda_min_clipped": -5.1, "sigma_min": 0.05, "sigma_max": 10.0}
    if r.random() < 0.1:
        config["trained_betas"] = [0.001 + 0.0001 * i for i in range(total)]
    config |= {k: v for k, v in seldom.items() if r.random() < 0.25}
    config = {k: v for k, v in config.items() if k in known}
    if config.get("rescale_betas_zero_snr") and config["prediction_type"] == "epsilon":
        config["prediction_type"] = "v_prediction"  # the noise says nothing where there is nothing else
    if name == "DPMSolverMultistepScheduler":
        config.pop("variance_type", None)  # the variance that the model predicts, which no Stable Diffusion does
        config.pop("use_exponential_sigmas", None)  # the library truncates 998.99999 to 998, or not, by rounding
        if config["beta_schedule"] == "squaredcos_cap_v2":
            config.pop("use_karras_sigmas", None)  # the same
    if config.get("use_karras_sigmas"):
        config.pop("use_exponential_sigmas", None)
    spec = {"config": config}
    if r.random() < 0.8:
        most = min(config.get("original_inference_steps", 50), total) if name == "LCMScheduler" else total // 2
        spec |= {"steps": min(r.choice([1, 2, 3, 4, 7, 20, r.randint(5, 50)]), most), "noise": True}
        if name == "DDIMScheduler" and r.random() < 0.5:
            spec["eta"] = r.choice([0.0, 0.3, 1.0])
    if "steps" not in spec or r.random() < 0.5:
        spec["t"] = [r.randint(0, total - 1) for _ in range(4)] + [0, total - 1]
        if name.startswith(("Euler", "DPM")):  # these know only the timesteps that they visit
            scheduler = getattr(diffusers, name)(**config)
            if "steps" in spec:
                scheduler.set_timesteps(spec["steps"])
            visited = scheduler.timesteps.tolist()
            spec["t"] = [float(t) if name.startswith("Euler") else t for t in r.sample(visited, min(4, len(visited)))]
    return spec
