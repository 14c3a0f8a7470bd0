"""IP-Adapter's image tokens, the identity loss and its gradient. The projection is diffusers' ImageProjection, with the names of
the published files (proj for image_embeds)."""
import os

import torch
import torch.nn.functional as F
from diffusers.models.embeddings import ImageProjection
from safetensors.torch import load_file, save_file
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

import common as c
from families import clip_vision


def projection(recipe, clip_width):
    return ImageProjection(image_embed_dim=clip_width, cross_attention_dim=recipe["token_width"], num_image_text_embeds=recipe["tokens"])


def published(name):
    return name.replace("image_embeds.", "proj.")


def run(model_dir, ins, recipe, dtype=torch.float32):
    if dtype == torch.float64:
        ins = c.to_double(ins)
    encoder = CLIPVisionModelWithProjection.from_pretrained(os.path.join(model_dir, "image_encoder"), dtype=torch.float32)
    encoder = encoder.to(dtype).eval()
    state = load_file(os.path.join(model_dir, "ip-adapter.safetensors"))
    proj = projection(recipe, encoder.config.projection_dim)
    proj.load_state_dict({k: state["image_proj." + published(k)] for k in proj.state_dict()})
    proj = proj.to(dtype).eval()
    size = encoder.config.image_size
    x = ins["in.student"].clone().requires_grad_()

    def tokens(img):
        small = F.interpolate(img, (size, size), mode="bilinear", align_corners=False, antialias=False)
        embeds = encoder(small).image_embeds
        return small, embeds, proj(embeds)

    small, embeds, a = tokens(x)
    with torch.no_grad():
        b = tokens(ins["in.target"])[2]
    loss = 1 - F.cosine_similarity(a, b, dim=-1).mean(dim=1)  # one value per image
    (loss * ins["in.weight"]).sum().backward()
    out = {"out.loss": loss, "out.tokens_student": a, "out.tokens_target": b, "act.resized_student": small,
           "act.image_embeds_student": embeds, "grad.student": x.grad}
    # the same tokens as discriminator features: area resize, tokens flattened
    area = F.interpolate(ins["in.target"], (size, size), mode="area")
    out["out.discriminator_features"] = proj(encoder(area).image_embeds).flatten(1)
    return c.clean(out)


def build(case, out):
    g, recipe, model_dir = c.generator(case["seed"]), case["recipe"], os.path.join(out, "model")
    encoder = c.randomize(CLIPVisionModelWithProjection(CLIPVisionConfig(**case["config"])), case["seed"] + 1, clip_vision.GAINS)
    encoder.save_pretrained(os.path.join(model_dir, "image_encoder"))
    proj = projection(recipe, case["config"]["projection_dim"])
    state = c.randomize(torch.nn.ModuleDict({"proj": proj.image_embeds, "norm": proj.norm}), case["seed"] + 2).state_dict()
    # the published file also holds the U-Net's extra attention weights, which are not used here
    extra = {f"1.to_{x}_ip.weight": c.normal(g, 8, recipe["token_width"]) for x in "kv"}
    save_file(c.clean({"image_proj." + k: v for k, v in state.items()} | {"ip_adapter." + k: v for k, v in extra.items()}),
              os.path.join(model_dir, "ip-adapter.safetensors"), metadata={"format": "pt"})
    torch.save({"image_proj": c.clean(state), "ip_adapter": extra}, os.path.join(model_dir, "ip-adapter.bin"))
    n, (h, w) = case.get("batch", 2), case["image"]
    x = c.uniform(g, n, 3, h, w, low=-1)
    ins = {"in.student": x, "in.target": (0.7 * x + c.normal(g, n, 3, h, w, std=0.3)).clamp(-1, 1),
           "in.weight": c.uniform(g, n, low=0.3, high=1.0)}
    o32, o64 = run(model_dir, ins, recipe), run(model_dir, ins, recipe, torch.float64)
    return c.write_case(out, "identity", case["what"], ins, o32, [o64], extra={"recipe": recipe})


def draw(r):
    vision = clip_vision.draw(r)
    return vision | {"image": [r.randint(20, 80), r.randint(20, 80)], "recipe": {"tokens": r.choice([1, 4, 16]), "token_width": r.choice([8, 24, 30])}}
