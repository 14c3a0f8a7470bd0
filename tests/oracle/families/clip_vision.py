"""CLIPVisionModelWithProjection: image embeddings, all tokens, and the gradient with respect to the pixels."""
import os

import torch
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

import common as c

GAINS = [(r"class_embedding", 0.02), (r"position_embedding", 0.02), (r"patch_embedding", 0.05),
         (r"out_proj|fc2", 0.3), (r"q_proj|k_proj", 1.6)]


def run(model_dir, ins, recipe=None, dtype=torch.float32):
    model = CLIPVisionModelWithProjection.from_pretrained(model_dir, dtype=torch.float32).to(dtype).eval()
    if dtype == torch.float64:
        ins = c.to_double(ins)
    x = ins["in.pixel_values"].clone().requires_grad_()
    out = model(pixel_values=x)
    (out.image_embeds * ins["in.grad_output"]).sum().backward()
    pooled = model.vision_model.post_layernorm(out.last_hidden_state[:, 0])
    return c.clean({"out.image_embeds": out.image_embeds, "out.last_hidden_state": out.last_hidden_state,
                    "out.pooled": pooled, "grad.pixel_values": x.grad})


def build(case, out):
    g = c.generator(case["seed"])
    model = c.randomize(CLIPVisionModelWithProjection(CLIPVisionConfig(**case["config"])), case["seed"] + 1, GAINS)
    model_dir = os.path.join(out, "model")
    model.save_pretrained(model_dir)
    s = case["config"]["image_size"]
    ins = {"in.pixel_values": c.normal(g, case.get("batch", 2), 3, s, s),
           "in.grad_output": c.normal(g, case.get("batch", 2), case["config"]["projection_dim"])}
    o32, o64 = run(model_dir, ins), run(model_dir, ins, None, torch.float64)
    return c.write_case(out, "clip_vision", case["what"], ins, o32, [o64],
                        scalars={"hidden_act": case["config"]["hidden_act"]})


def draw(r):
    heads, patch = r.choice([1, 2, 4]), r.choice([7, 14, 16])
    return {"batch": r.randint(1, 3), "config": {
        "hidden_size": heads * r.choice([4, 8, 10]), "intermediate_size": r.choice([32, 50, 96]), "num_hidden_layers": r.randint(1, 4),
        "num_attention_heads": heads, "image_size": patch * r.randint(1, 4) + r.choice([0, 0, 3]), "patch_size": patch,
        "projection_dim": r.choice([8, 20, 40]), "hidden_act": r.choice(["gelu", "quick_gelu"]), "layer_norm_eps": r.choice([1e-5, 1e-5, 1e-6])}}
