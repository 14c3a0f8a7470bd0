"""LPIPS with AlexNet, or with VGG16 where the recipe's `net` is "vgg": random trunk (values exact in half precision, stored so to save space), the package's own heads."""
import os
import warnings

import lpips
import torch
from safetensors.torch import load_file, save_file

import common as c


def make(recipe):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lpips.LPIPS(net=recipe.get("net", "alex"), pretrained=True, pnet_rand=True, verbose=False).eval()


def run(model_dir, ins, recipe, dtype=torch.float32):
    if dtype == torch.float64:
        ins = c.to_double(ins)
    model = make(recipe)
    state = {k: v.float() for k, v in load_file(os.path.join(model_dir, "model.safetensors")).items()}
    model.load_state_dict(state)
    model = model.to(dtype)
    x = ins["in.x"].clone().requires_grad_()
    dist, layers = model(x, ins["in.y"], retPerLayer=True, normalize=recipe["normalize"])
    (dist.flatten() * ins["in.weight"]).sum().backward()
    out = {"out.distance": dist, "grad.x": x.grad} | {f"act.layer.{i}": v for i, v in enumerate(layers)}
    features = model.net(model.scaling_layer(2 * ins["in.x"] - 1 if recipe["normalize"] else ins["in.x"]))
    out |= {f"act.feature_mean.{i}": f.mean((2, 3)) for i, f in enumerate(features)}
    return c.clean(out)


def build(case, out):
    g, model_dir = c.generator(case["seed"]), os.path.join(out, "model")
    os.makedirs(model_dir)
    model = make(case["recipe"])
    with torch.no_grad():
        for name, p in sorted(model.net.named_parameters()):
            std = 0.1 if name.endswith("bias") else (1.5 / p[0].numel()) ** 0.5
            p.copy_(c.normal(g, *p.shape, std=std).half().float())
    state = {k: (v.half() if k.startswith("net.") else v) for k, v in model.state_dict().items()}
    save_file(c.clean(state), os.path.join(model_dir, "model.safetensors"), metadata={"format": "pt"})
    n, (h, w) = case.get("batch", 2), case["image"]
    low = 0 if case["recipe"]["normalize"] else -1
    x = c.uniform(g, n, 3, h, w, low=low)
    ins = {"in.x": x, "in.y": (x + c.normal(g, n, 3, h, w, std=0.2)).clamp(low, 1), "in.weight": c.uniform(g, n, low=0.5)}
    o32, o64 = run(model_dir, ins, case["recipe"]), run(model_dir, ins, case["recipe"], torch.float64)
    return c.write_case(out, "lpips_alex", case["what"], ins, o32, [o64], extra={"recipe": case["recipe"]})


def draw(r):
    return {"image": [r.randint(32, 80), r.randint(32, 80)], "batch": r.randint(1, 3), "recipe": {"normalize": r.random() < 0.5, "net": r.choice(["alex", "vgg"])}}
