"""AutoencoderKL: encoder moments, a sample from given noise, decoding, and the gradient of decoding."""
import os

import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file

import common as c

GAINS = [(r"encoder\.conv_in|decoder\.conv_in", 0.3), (r"conv2\.|to_out|conv_shortcut", 0.1), (r"to_q|to_k", 1.6)]
GRADS = ["decoder.conv_in.weight", "decoder.mid_block.attentions.0.to_q.weight"]
OLD_NAMES = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}


def run(model_dir, ins, recipe=None, dtype=torch.float32):
    model = AutoencoderKL.from_pretrained(model_dir, torch_dtype=torch.float32).to(dtype).eval()
    if dtype == torch.float64:
        ins = c.to_double(ins)
    x = ins["in.image"].clone().requires_grad_()
    dist = model.encode(x).latent_dist
    sample = dist.mean + dist.std * ins["in.noise"]
    (dist.mean * ins["in.grad_mean"]).sum().backward()
    z = ins["in.latents"].clone().requires_grad_()
    image = model.decode(z).sample
    (image * ins["in.grad_image"]).sum().backward()
    grads = {f"grad.param.{n}": p.grad for n, p in model.named_parameters() if n in GRADS}
    return c.clean({"out.mean": dist.mean, "out.logvar": dist.logvar, "out.std": dist.std, "out.sample": sample,
                    "out.decoded": image, "grad.latents": z.grad, "grad.image": x.grad, **grads})


def build(case, out):
    g = c.generator(case["seed"])
    model = c.randomize(AutoencoderKL(**case["config"]), case["seed"] + 1, GAINS)
    n = case["config"].get("latent_channels", 4)
    if "logvar_gain" in case:  # push some log-variances past the clamp at -30 and 20
        with torch.no_grad():
            last = model.quant_conv if model.quant_conv is not None else model.encoder.conv_out
            last.weight[n:] *= case["logvar_gain"]
    model_dir = os.path.join(out, "model")
    model.save_pretrained(model_dir)
    b, (h, w) = case.get("batch", 1), case["image"]
    with torch.no_grad():
        lat = model.encode(torch.zeros(1, 3, h, w)).latent_dist.mean.shape
    ins = {"in.image": c.uniform(g, b, 3, h, w, low=-1), "in.noise": c.normal(g, b, *lat[1:]),
           "in.latents": c.normal(g, b, *lat[1:]), "in.grad_mean": c.normal(g, b, *lat[1:])}
    with torch.no_grad():
        ins["in.grad_image"] = c.normal(g, *model.decode(ins["in.latents"]).sample.shape)
    o32, o64 = run(model_dir, ins), run(model_dir, ins, None, torch.float64)
    if case.get("old_names"):  # rename the attention weights as files of 2022 hold them; the library still reads them
        path = os.path.join(model_dir, "diffusion_pytorch_model.safetensors")
        state = load_file(path)
        for new, old in OLD_NAMES.items():
            state = {k.replace(f"attentions.0.{new}.", f"attentions.0.{old}."): v for k, v in state.items()}
        save_file(state, path, metadata={"format": "pt"})
        again = run(model_dir, ins)
        assert all(torch.equal(again[k], o32[k]) for k in o32)
    if "config_keys" in case:
        path = os.path.join(model_dir, "config.json")
        full = c.read_json(path)
        old = {"_class_name": "AutoencoderKL", "_diffusers_version": "0.8.0"} | {k: full[k] for k in case["config_keys"]}
        c.write_json(path, old)
        again = run(model_dir, ins)
        assert all(torch.equal(again[k], o32[k]) for k in o32)
    lv = o32["out.logvar"]
    wide = {"out.std": 1e-12, "out.sample": 1e-5} if "logvar_gain" in case else None
    return c.write_case(out, "vae", case["what"], ins, o32, [o64], relative=wide, scalars={
        "scaling_factor": model.config.scaling_factor, "clamped_low": int((lv == -30).sum()),
        "clamped_high": int((lv == 20).sum()), "parameters": sum(p.numel() for p in model.parameters())})


def draw(r):
    levels, groups = r.randint(1, 4), r.choice([1, 4, 8])
    config = {"block_out_channels": [groups * r.choice([1, 2, 3]) for _ in range(levels)], "norm_num_groups": groups,
              "down_block_types": ["DownEncoderBlock2D"] * levels, "up_block_types": ["UpDecoderBlock2D"] * levels,
              "latent_channels": r.choice([4, 4, 3, 16]), "sample_size": 32, "layers_per_block": r.randint(1, 3)}
    seldom = {"use_quant_conv": False, "use_post_quant_conv": False, "mid_block_add_attention": False, "scaling_factor": 0.13025,
              "force_upcast": False, "act_fn": r.choice(["gelu", "mish", "relu", "swish"])}
    config |= {k: v for k, v in seldom.items() if r.random() < 0.25}
    case = {"config": config, "image": [r.randint(2 ** levels, 40), r.randint(2 ** levels, 40)], "batch": r.randint(1, 3)}
    return case | ({"old_names": True} if config.get("mid_block_add_attention", True) and r.random() < 0.3 else {}) | ({"logvar_gain": 60.0} if r.random() < 0.2 else {})
