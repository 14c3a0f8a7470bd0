"""UNet2DConditionModel: forward, a few inner activations, and gradients."""
import os

import torch
from diffusers import UNet2DConditionModel
from diffusers.models import embeddings

import common as c

# Small residual branches keep the variances inside the norms small, so that a wrong epsilon shows.
GAINS = [(r"proj_in", 0.3), (r"to_out|ff\.net\.2", 0.25), (r"proj_out", 0.1), (r"conv_in\.|conv2\.|conv_shortcut", 0.08),
         (r"sampl.*conv\.", 1.0), (r"to_q|to_k", 1.6), (r"conv_out\.", 1.0)]
GRADS = ["conv_in.weight", "conv_in.bias", "time_embedding.linear_1.weight", "conv_norm_out.weight", "conv_out.bias"]
GRAD_SUFFIXES = ["attn1.to_q.weight", "attn1.to_out.0.bias", "attn2.to_q.weight", "attn2.to_k.weight",
                 "attn2.to_v.weight", "attn2.to_out.0.weight", "ff.net.0.proj.weight", "norm2.weight",
                 "proj_in.weight", "time_emb_proj.weight", "conv_shortcut.weight", "downsamplers.0.conv.bias",
                 "upsamplers.0.conv.bias"]
MAX_GRAD_ELEMENTS = 3000


def exact_timestep_embedding(timesteps, embedding_dim, flip_sin_to_cos=False, downscale_freq_shift=1, scale=1,
                             max_period=10000):
    """The sinusoidal embedding in double precision (the library computes it in float whatever the model's type)."""
    half = embedding_dim // 2
    k = torch.arange(half, dtype=torch.float64)
    freq = torch.exp(-torch.log(torch.tensor(float(max_period), dtype=torch.float64)) * k / (half - downscale_freq_shift))
    arg = scale * timesteps.double()[:, None] * freq[None]
    parts = [arg.cos(), arg.sin()] if flip_sin_to_cos else [arg.sin(), arg.cos()]
    return torch.cat(parts, dim=-1)


def grad_names(model):
    params = dict(model.named_parameters())
    names = [n for n in GRADS if n in params]
    for s in GRAD_SUFFIXES:  # the first and the last parameter with that ending, if small enough to store
        hits = [n for n in params if n.endswith(s) and params[n].numel() <= MAX_GRAD_ELEMENTS]
        names += hits[:1] + hits[-1:]
    return sorted(set(names))


def run(model_dir, ins, recipe=None, dtype=torch.float32, exact_time=False):
    model = UNet2DConditionModel.from_pretrained(model_dir, torch_dtype=torch.float32).to(dtype).eval()
    acts, hooks = {}, []

    def keep(name):
        def hook(_m, _i, o):
            acts["act." + name] = o[0] if isinstance(o, tuple) else o
        return hook

    watched = {"conv_in": model.conv_in, "time_embedding": model.time_embedding, "mid_block": model.mid_block}
    watched |= {f"down_blocks.{i}": b for i, b in enumerate(model.down_blocks)}
    watched |= {f"up_blocks.{i}": b for i, b in enumerate(model.up_blocks)}
    watched = {n: m for n, m in watched.items() if m is not None}
    hooks = [m.register_forward_hook(keep(n)) for n, m in watched.items()]
    if dtype == torch.float64:
        ins = c.to_double(ins)
    ts = ins["in.timestep"]
    x = ins["in.sample"].clone().requires_grad_()
    ctx = ins["in.encoder_hidden_states"].clone().requires_grad_()
    original = embeddings.get_timestep_embedding
    if exact_time:
        embeddings.get_timestep_embedding = exact_timestep_embedding
    try:
        out = model(x, ts, encoder_hidden_states=ctx).sample
    finally:
        embeddings.get_timestep_embedding = original
    (out * ins["in.grad_output"]).sum().backward()
    params = dict(model.named_parameters())
    result = {"out.sample": out, "grad.sample": x.grad, "grad.encoder_hidden_states": ctx.grad, **acts}
    result |= {"grad.param." + n: params[n].grad for n in grad_names(model)}
    for h in hooks:
        h.remove()
    return c.clean(result)


def build(case, out):
    g = c.generator(case["seed"])
    model = c.randomize(UNet2DConditionModel(**case["config"]), case["seed"] + 1, GAINS)
    model_dir = os.path.join(out, "model")
    model.save_pretrained(model_dir)
    if "config_keys" in case:  # the same config as an old file would hold it: only these keys
        full = c.read_json(os.path.join(model_dir, "config.json"))
        old = {"_class_name": "UNet2DConditionModel", "_diffusers_version": "0.10.0.dev0"}
        old |= {k: full[k] for k in case["config_keys"]} | case.get("config_extra", {})
        c.write_json(os.path.join(out, "config_old.json"), old)
        again = UNet2DConditionModel.from_config(old)
        assert {k: tuple(v.shape) for k, v in again.state_dict().items()} == \
               {k: tuple(v.shape) for k, v in model.state_dict().items()}
    b, (h, w) = len(case["timestep"]), case["latent"]
    dt = torch.float32 if any(isinstance(t, float) for t in case["timestep"]) else torch.int64
    cfg = case["config"]
    ins = {"in.sample": c.normal(g, b, cfg.get("in_channels", 4), h, w),
           "in.timestep": torch.tensor(case["timestep"], dtype=dt),
           "in.encoder_hidden_states": c.normal(g, b, case["tokens"], cfg["cross_attention_dim"]),
           "in.grad_output": c.normal(g, b, cfg.get("out_channels", 4), h, w)}
    o32 = run(model_dir, ins)
    o64 = [run(model_dir, ins, None, torch.float64), run(model_dir, ins, None, torch.float64, exact_time=True)]
    return c.write_case(out, "unet", case["what"], ins, o32, o64,
                        scalars={"parameters": sum(p.numel() for p in model.parameters())})


def draw(r):
    """A configuration at random, of the family's range."""
    levels, groups = r.randint(1, 4), r.choice([2, 4, 8])
    per_level = lambda pick: r.choice([pick(), [pick() for _ in range(levels)]])  # noqa: E731
    channels = [groups * r.choice([2, 3, 4]) for _ in range(levels)]
    down = [r.choice(["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"]) for _ in range(levels)]
    config = {
        "sample_size": 8, "block_out_channels": channels, "norm_num_groups": groups, "down_block_types": down,
        "up_block_types": [t.replace("Down", "Up") for t in reversed(down)], "layers_per_block": per_level(lambda: r.randint(1, 2)),
        "transformer_layers_per_block": per_level(lambda: r.randint(1, 2)), "cross_attention_dim": r.choice([8, 12, 20, 33]),
        "attention_head_dim": [r.choice([1, 2, n // 4 or 1]) for n in channels] if r.random() < 0.6 else r.choice([1, 2, 3]),
        "use_linear_projection": r.random() < 0.5, "in_channels": r.choice([4, 4, 4, 9]), "out_channels": r.choice([4, 4, 8]),
        "upcast_attention": r.random() < 0.3}
    seldom = {
        "norm_eps": 1e-6, "flip_sin_to_cos": False, "freq_shift": 1, "downsample_padding": 0, "act_fn": r.choice(["gelu", "mish", "relu", "swish"]),
        "only_cross_attention": per_level(lambda: r.random() < 0.5), "resnet_time_scale_shift": "scale_shift", "mid_block_scale_factor": 2.0,
        "center_input_sample": True, "time_embedding_dim": r.choice([24, 40]), "mid_block_type": None,
        "conv_in_kernel": r.choice([1, 5]), "conv_out_kernel": r.choice([1, 5])}
    config |= {k: v for k, v in seldom.items() if r.random() < 0.12}
    if isinstance(config["transformer_layers_per_block"], list) and r.random() < 0.3:
        config["reverse_transformer_layers_per_block"] = [r.randint(1, 2) for _ in range(levels)]
    least = 2 ** (levels - 1)
    return {"config": config, "latent": [r.randint(least, 17), r.randint(least, 17)], "tokens": r.choice([1, 7, 77]),
            "timestep": [r.choice([0, 1, 999, r.randint(0, 999)]) for _ in range(r.randint(1, 3))] if r.random() < 0.7 else
            [round(r.uniform(0, 999), 3) for _ in range(r.randint(1, 3))]}
