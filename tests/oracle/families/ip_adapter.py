"""IP-Adapter on a U-Net: diffusers' loader, its IPAdapterAttnProcessor and its ImageProjection."""
import os

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import IPAdapterAttnProcessor, IPAdapterAttnProcessor2_0
from safetensors.torch import save_file

import common as c
from families import unet


def run(model_dir, ins, recipe, dtype=torch.float32):
    if dtype == torch.float64:
        ins = c.to_double(ins)
    state = torch.load(os.path.join(os.path.dirname(model_dir), "ip-adapter.bin"), weights_only=True)
    out = {}
    for scale in recipe["scales"]:
        model = UNet2DConditionModel.from_pretrained(model_dir, torch_dtype=torch.float32).eval()
        model._load_ip_adapter_weights([state])
        for p in model.attn_processors.values():
            if isinstance(p, (IPAdapterAttnProcessor, IPAdapterAttnProcessor2_0)):
                p.scale = [scale]
        model = model.to(dtype)
        text, image = (ins[k].clone().requires_grad_() for k in ("in.encoder_hidden_states", "in.image_embeds"))
        y = model(ins["in.sample"], ins["in.timestep"], encoder_hidden_states=text,
                  added_cond_kwargs={"image_embeds": [image[:, None]]}).sample
        (y * ins["in.grad_output"]).sum().backward()
        out |= {f"out.{scale}": y, f"grad.{scale}.encoder_hidden_states": text.grad, f"grad.{scale}.image_embeds": image.grad}
    return c.clean(out)


def random_state(model, g, tokens, clip_width):
    """What a published .bin holds: the projection, and the keys and values of each cross-attention, numbered 1, 3, 5, ..."""
    width = model.config.cross_attention_dim
    projection = {"proj.weight": c.normal(g, tokens * width, clip_width, std=clip_width ** -0.5), "proj.bias": c.normal(g, tokens * width, std=0.1),
                  "norm.weight": c.normal(g, width, std=0.2, mean=1.0), "norm.bias": c.normal(g, width, std=0.1)}
    layers = {}
    for i, name in enumerate(k[:-len(".processor")] for k in model.attn_processors if k.endswith("attn2.processor")):
        for x in "kv":
            like = model.get_submodule(name).get_parameter(f"to_{x}.weight")
            layers[f"{2 * i + 1}.to_{x}_ip.weight"] = c.normal(g, *like.shape, std=width ** -0.5)
    return {"image_proj": projection, "ip_adapter": layers}


def flat(state):
    """The same as the published .safetensors names it."""
    return {f"{part}.{k}": v for part, tensors in state.items() for k, v in tensors.items()}


def build(case, out):
    g, cfg = c.generator(case["seed"]), case["config"]
    model = c.randomize(UNet2DConditionModel(**cfg), case["seed"] + 1, unet.GAINS)
    model_dir, width = os.path.join(out, "model"), cfg["cross_attention_dim"]
    model.save_pretrained(model_dir)
    state = random_state(model, g, case["image_tokens"], case["clip_width"])
    torch.save(state, os.path.join(out, "ip-adapter.bin"))
    save_file(flat(state), os.path.join(out, "ip-adapter.safetensors"), metadata={"format": "pt"})
    b, (h, w) = len(case["timestep"]), case["latent"]
    ins = {"in.sample": c.normal(g, b, 4, h, w), "in.timestep": torch.tensor(case["timestep"]),
           "in.encoder_hidden_states": c.normal(g, b, case["tokens"], width), "in.image_embeds": c.normal(g, b, case["clip_width"]),
           "in.grad_output": c.normal(g, b, 4, h, w)}
    recipe = {"scales": case["scales"]}
    o32, o64 = run(model_dir, ins, recipe), run(model_dir, ins, recipe, torch.float64)
    return c.write_case(out, "ip_adapter", case["what"], ins, o32, [o64], extra={"recipe": recipe})


def draw(r):
    case = unet.draw(r) | {"image_tokens": r.choice([1, 4, 16]), "clip_width": r.choice([8, 20]), "scales": [1.0, 0.3], "tokens": r.choice([2, 7, 77])}
    plain = ("only_cross_attention", "in_channels", "out_channels", "upcast_attention")
    return case | {"config": {k: v for k, v in case["config"].items() if k not in plain}}
