"""timm VisionTransformer in the DINO and DINOv2 layouts, and timm's resampling of position embeddings."""
import os

import torch
from safetensors.torch import load_file, save_file
from timm.layers import resample_abs_pos_embed
from timm.models.vision_transformer import VisionTransformer

import common as c

GAINS = [(r"cls_token|reg_token|pos_embed", 0.02), (r"patch_embed\.proj", 0.05), (r"attn\.proj|fc2", 0.3),
         (r"ls[12]\.gamma", 0.3)]


def make(config, dtype=torch.float32):
    return VisionTransformer(**config, num_classes=0).to(dtype).eval()


def run(model_dir, ins, recipe=None, dtype=torch.float32):
    config = c.read_json(os.path.join(model_dir, "config.json"))
    if dtype == torch.float64:
        ins = c.to_double(ins)
    if "resample" in config:
        r = config["resample"]
        out = {}
        for i, new in enumerate(r["new_sizes"]):
            out[f"out.{new[0]}x{new[1]}"] = resample_abs_pos_embed(
                ins["in.pos_embed"], new_size=new, old_size=r["old_size"], num_prefix_tokens=r["prefix"])
        return c.clean(out)
    model = make(config, dtype)
    model.load_state_dict(load_file(os.path.join(model_dir, "model.safetensors")))
    x = ins["in.image"].clone().requires_grad_()
    tokens = model.forward_features(x)
    pooled = model(x)
    (pooled * ins["in.grad_pooled"]).sum().backward()
    grad_pooled = x.grad.clone()
    x.grad = None
    (model.forward_features(x) * ins["in.grad_tokens"]).sum().backward()
    out = {"out.tokens": tokens, "out.pooled": pooled, "grad.image_from_pooled": grad_pooled,
           "grad.image_from_tokens": x.grad}
    layers = model.forward_intermediates(x, intermediates_only=True, norm=False, output_fmt="NLC",
                                         return_prefix_tokens=True)
    for i, (patches, prefix) in enumerate(layers):  # each block's raw output: prefix tokens, then patches
        out[f"act.block.{i}"] = torch.cat([prefix, patches], dim=1)
    return c.clean(out)


def build(case, out):
    g = c.generator(case["seed"])
    model_dir = os.path.join(out, "model")
    os.makedirs(model_dir)
    cfg = case["config"]
    c.write_json(os.path.join(model_dir, "config.json"), cfg)
    if "resample" in cfg:
        r = cfg["resample"]
        n = r["old_size"][0] * r["old_size"][1] + r["prefix"]
        ins = {"in.pos_embed": c.normal(g, 1, n, r["width"])}
    else:
        model = c.randomize(make(cfg), case["seed"] + 1, GAINS)
        with torch.no_grad():
            for name, p in sorted(model.named_parameters()):
                if name.endswith("gamma"):
                    p.copy_(c.normal(g, *p.shape, std=0.2, mean=0.5))
        save_file(c.clean(model.state_dict()), os.path.join(model_dir, "model.safetensors"), metadata={"format": "pt"})
        s = cfg["img_size"]
        b = case.get("batch", 2)
        with torch.no_grad():
            shape = model.forward_features(torch.zeros(b, 3, s, s)).shape
        ins = {"in.image": c.uniform(g, b, 3, s, s, low=-1), "in.grad_pooled": c.normal(g, b, shape[2]),
               "in.grad_tokens": c.normal(g, *shape)}
    o32, o64 = run(model_dir, ins), run(model_dir, ins, None, torch.float64)
    return c.write_case(out, "vit", case["what"], ins, o32, [o64])


def draw(r):
    if r.random() < 0.25:
        size = lambda: [r.randint(1, 24), r.randint(1, 24)]  # noqa: E731
        return {"config": {"resample": {"old_size": size(), "prefix": r.choice([0, 1, 5]), "width": r.choice([1, 6, 8]),
                                        "new_sizes": [size() for _ in range(5)]}}}
    heads, patch = r.choice([1, 2, 3]), r.choice([8, 14, 16])
    config = {"img_size": patch * r.randint(1, 5) + r.choice([0, 0, 3]), "patch_size": patch, "embed_dim": heads * r.choice([6, 8, 12]),
              "depth": r.randint(1, 4), "num_heads": heads}
    seldom = {"init_values": 1e-5, "reg_tokens": r.choice([1, 4]), "no_embed_class": True, "qkv_bias": False, "proj_bias": False,
              "pre_norm": True, "final_norm": False, "mlp_ratio": r.choice([2.0, 2.5]), "global_pool": r.choice(["avg", "avg", "max", "avgmax"]),
              "qk_norm": True, "fc_norm": r.random() < 0.5, "dynamic_img_size": True, "pool_include_prefix": True, "pos_embed": "none"}
    config |= {k: v for k, v in seldom.items() if r.random() < 0.15}
    if config.get("global_pool", "token") != "token" and r.random() < 0.5:
        config["class_token"] = False
    return {"config": config, "batch": r.randint(1, 3)}
