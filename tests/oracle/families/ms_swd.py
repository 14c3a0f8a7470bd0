"""Multi-scale sliced Wasserstein distance, written down from its definition: He et al., ECCV 2024, arXiv 2407.10181.

The distance has no package on PyPI. The random projections of every level are recorded, finest level first.
"""
import torch
import torch.nn.functional as F

import common as c

XYZ = [[10135552 / 24577794, 8788810 / 24577794, 4435075 / 24577794],
       [2613072 / 12288897, 8788810 / 12288897, 887015 / 12288897],
       [1425312 / 73733382, 8788810 / 73733382, 70074185 / 73733382]]
WHITE = [1.052156925, 1.0, 0.918357670]  # 1 / the white's X, Y, Z
LAB = [[0, 116, 0], [500, -500, 0], [0, 200, -200]]


def mix(image, matrix):
    return torch.einsum("ij,bjhw->bihw", torch.tensor(matrix, dtype=image.dtype), image)


def srgb_to_lab(image):
    linear = torch.where(image > 0.04045, ((image.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4, image / 12.92)
    xyz = mix(linear, [[w * v for v in row] for w, row in zip(WHITE, XYZ)])
    d = 6 / 29
    bent = torch.where(xyz > d ** 3, xyz.clamp_min(d ** 3) ** (1 / 3), xyz / (3 * d * d) + 4 / 29)
    return mix(bent, LAB) - torch.tensor([16.0, 0, 0], dtype=image.dtype).reshape(3, 1, 1)


def half(image):
    """The next level of the Gaussian pyramid: binomial kernel, reflect padding, every second pixel."""
    row = torch.tensor([1.0, 4, 6, 4, 1], dtype=image.dtype) / 16
    kernel = torch.outer(row, row).expand(3, 1, 5, 5)
    return F.conv2d(F.pad(image, (2, 2, 2, 2), mode="reflect"), kernel, stride=2, groups=3)


def sorted_projections(lab, projections):
    side = projections.shape[-1]
    patches = F.unfold(F.pad(lab, (side // 2,) * 4, mode="reflect"), side)  # [B, 3 side side, positions]
    return (projections.flatten(1) @ patches).sort(-1).values


def distances(x, y, projections):
    """One value for each picture and level, and the pyramid of x."""
    levels, pyramid = [], []
    for i, p in enumerate(projections):
        if i:
            x, y = half(x), half(y)
        pyramid.append(x)
        levels.append((sorted_projections(srgb_to_lab(x), p) - sorted_projections(srgb_to_lab(y), p)).abs().mean((1, 2)))
    return levels, pyramid


def run(model_dir, ins, recipe, dtype=torch.float32):
    x = ins["in.x"].to(dtype).clone().requires_grad_()
    projections = [ins[f"in.projections.{i}"].to(dtype) for i in range(recipe["levels"])]
    levels, pyramid = distances(x, ins["in.y"].to(dtype), projections)
    distance = torch.stack(levels).mean(0)
    (distance * ins["in.weight"].to(dtype)).sum().backward()
    out = {"out.distance": distance, "grad.x": x.grad}
    for i, (level, image) in enumerate(zip(levels, pyramid)):
        out[f"act.level.{i}"] = level
        if i:  # level 0 is the image itself
            out[f"act.pyramid.{i}"], out[f"act.lab.{i}"] = image, srgb_to_lab(image)
    return c.clean(out)


def build(case, out):
    g, recipe = c.generator(case["seed"]), case["recipe"]
    n, (h, w) = case.get("batch", 2), case["image"]
    low = case["low"]
    # smooth pictures plus a little noise, so that the pyramid's levels hold something
    smooth = lambda: F.interpolate(c.uniform(g, n, 3, 5, 5), size=(h, w), mode="bicubic")  # noqa: E731
    image = lambda: ((smooth() + c.normal(g, n, 3, h, w, std=0.05)).clamp(0, 1) * (1 - low) + low)  # noqa: E731
    ins = {"in.x": image(), "in.y": image(), "in.weight": c.uniform(g, n, low=0.5, high=1.5)}
    for i in range(recipe["levels"]):
        p = c.normal(g, recipe["projections"], 3 * recipe["patch"] ** 2)
        p = p / p.norm(dim=1, keepdim=True)
        ins[f"in.projections.{i}"] = p.reshape(recipe["projections"], 3, recipe["patch"], recipe["patch"])
    o32, o64 = run(None, ins, recipe), run(None, ins, recipe, torch.float64)
    a, b = o32["grad.x"].double(), o64["grad.x"]
    return c.write_case(out, "ms_swd", case["what"], ins, o32, [o64], extra={"recipe": recipe, "scalars": {
        "note": "Where two sorted projections nearly tie or cross, rounding may flip the sign of single gradient terms: "
                "should an implementation miss grad.x's elementwise tolerance in under 0.1 % of the elements, a relative "
                "L2 error under 1e-3 is as good.",
        "grad_relative_l2_fp32_vs_fp64": float(f"{float((a - b).norm() / b.norm()):.2e}")}})


def draw(r):
    levels, patch = r.randint(1, 5), r.choice([3, 5, 7, 11])
    least = max(patch // 2 + 1, 3)
    for _ in range(levels - 1):
        least = 2 * least - 1
    return {"image": [least + r.randint(0, 20), least + r.randint(0, 20)], "low": r.choice([0, -1]), "batch": r.randint(1, 2),
            "recipe": {"levels": levels, "projections": r.choice([1, 8, 24]), "patch": patch}}
