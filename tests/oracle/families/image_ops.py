"""Reading image files, Pillow's resizing (exact bytes), crops, and torch's interpolations."""
import os
import struct
import zlib

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from skimage import data as pictures

import common as c

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC,
           "lanczos": Image.Resampling.LANCZOS, "nearest": Image.Resampling.NEAREST}


def picture(spec):
    """A crop of one of scikit-image's pictures: {"name", "x", "y", "width", "height"}."""
    a = getattr(pictures, spec["name"])()
    return Image.fromarray(np.ascontiguousarray(a[spec["y"]:spec["y"] + spec["height"], spec["x"]:spec["x"] + spec["width"]]))


def as_tensor(img):
    return torch.from_numpy(np.array(img))


def read_rgb(path):
    return as_tensor(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))


# ---- resizing -----------------------------------------------------------------------------------------------------

def shortest_edge(w, h, size):
    """torchvision's Resize(int): the short side becomes `size`, the long one is truncated."""
    return (size, int(size * h / w)) if w <= h else (int(size * w / h), size)


def run_resize(model_dir, ins, recipe):
    out = {}
    for name, t in ins.items():
        img, short = Image.fromarray(t.numpy()), name[3:]
        for op in recipe["ops"]:
            if op["op"] == "resize":
                w, h = op["size"]
                out[f"out.{short}.{op['filter']}.{w}x{h}"] = as_tensor(img.resize((w, h), FILTERS[op["filter"]]))
            elif op["op"] == "resize_box":
                w, h = op["size"]
                out[f"out.{short}.box.{op['filter']}.{w}x{h}"] = as_tensor(img.resize((w, h), FILTERS[op["filter"]], box=tuple(op["box"])))
            elif op["op"] == "shortest_edge_centre_crop":  # CLIP's and DINO's preparation of real images
                s = op["size"]
                r = img.resize(shortest_edge(*img.size, s), FILTERS[op["filter"]])
                left, top = round((r.size[0] - s) / 2), round((r.size[1] - s) / 2)
                out[f"out.{short}.{op['filter']}.short{s}"] = as_tensor(r.crop((left, top, left + s, top + s)))
            elif op["op"] == "flip":
                out[f"out.{short}.flip"] = as_tensor(ImageOps.mirror(img))
            elif op["op"] == "crop":
                l, t, w, h = op["box"]
                out[f"out.{short}.crop.{l}_{t}_{w}x{h}"] = as_tensor(img.crop((l, t, l + w, t + h)))
    return out


def run_torch(model_dir, ins, recipe, dtype=torch.float32):
    if dtype == torch.float64:
        ins = c.to_double(ins)
    out = {}
    for op in recipe["ops"]:
        x = ins["in." + op["input"]].clone().requires_grad_()
        kw = {} if op["mode"] in ("area", "nearest") else {"align_corners": False, "antialias": op.get("antialias", False)}
        y = F.interpolate(x, size=tuple(op["size"]), mode=op["mode"], **kw)
        key = f"{op['input']}.{op['mode']}{'_antialias' if op.get('antialias') else ''}.{op['size'][0]}x{op['size'][1]}"
        g = torch.linspace(-1, 1, y.numel(), dtype=torch.float64).reshape(y.shape).to(dtype).cos()
        (y * g).sum().backward()
        out["out." + key], out["grad." + key] = y, x.grad
    return c.clean(out)


# ---- files --------------------------------------------------------------------------------------------------------

def write_png16(path, a):
    """A 16-bit RGB or RGBA PNG (Pillow cannot write one)."""
    h, w, n = a.shape
    raw = b"".join(b"\0" + a[y].astype(">u2").tobytes() for y in range(h))
    chunk = lambda t, d: struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d))  # noqa: E731
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 16, 2 if n == 3 else 6, 0, 0, 0))
                + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def write_files(folder, case):
    img = picture(case["picture"])
    w, h = img.size
    rgb = np.array(img)
    ramp = np.linspace(0, 255, w, dtype=np.uint8)[None].repeat(h, 0)
    p = lambda f: os.path.join(folder, f)  # noqa: E731
    img.save(p("rgb.png"))
    rgba = Image.fromarray(np.dstack([rgb, ramp]))
    rgba.save(p("rgba.png"))
    img.convert("L").save(p("gray.png"))
    Image.merge("LA", (img.convert("L"), Image.fromarray(ramp))).save(p("gray_alpha.png"))
    img.quantize(32).save(p("palette.png"))
    img.quantize(16).save(p("palette_transparent.png"), transparency=3)
    img.quantize(4).save(p("palette_2bit.png"), bits=2)
    img.convert("1").save(p("one_bit.png"))
    Image.fromarray(rgb[..., 1].astype(np.uint16) * 257 // 2 + 77).save(p("gray16.png"))
    wide = rgb.astype(np.uint16) * 257
    write_png16(p("rgb16.png"), np.clip(wide.astype(np.int64) + (np.arange(w)[None, :, None] * 4 % 256), 0, 65535))
    write_png16(p("rgba16.png"), np.dstack([wide, ramp.astype(np.uint16) * 257]))
    img.save(p("jpeg_444.jpg"), quality=90, subsampling=0)
    img.save(p("jpeg_420.jpg"), quality=75, subsampling=2)
    img.save(p("jpeg_422.jpeg"), quality=80, subsampling=1)
    img.save(p("jpeg_progressive.jpg"), quality=85, subsampling=0, progressive=True)
    img.crop((0, 0, 37, 29)).save(p("jpeg_odd_size.JPG"), quality=85, subsampling=2)
    img.convert("L").save(p("jpeg_gray.jpg"), quality=85)
    img.convert("CMYK").save(p("jpeg_cmyk.jpg"), quality=95)
    for o in case["orientations"]:
        exif = Image.Exif()
        exif[0x0112] = o
        img.crop((0, 0, 48, 32)).save(p(f"jpeg_exif_{o}.jpg"), quality=90, subsampling=0, exif=exif)
    exif = Image.Exif()
    exif[0x0112] = case["orientations"][0]
    img.crop((0, 0, 48, 32)).save(p("png_exif.png"), exif=exif)
    img.save(p("bmp.bmp"))
    img.save(p("webp_lossless.webp"), lossless=True)
    whole = open(p("rgb.png"), "rb").read()
    bad = {"bad_truncated.png": whole[:len(whole) // 2], "bad_empty.png": b"", "bad_text.jpg": b"this is not an image\n",
           "bad_header_only.png": whole[:20], "bad_crc.png": whole[:40] + bytes([whole[40] ^ 0xFF]) + whole[41:]}
    jpg = open(p("jpeg_444.jpg"), "rb").read()
    bad["bad_truncated.jpg"] = jpg[:len(jpg) // 2]
    bad["bad_header_only.jpg"] = jpg[:30]
    for n, b in bad.items():
        with open(p(n), "wb") as f:
            f.write(b)


def read_folder(folder):
    out, errors, info = {}, {}, {}
    for f in sorted(os.listdir(folder)):
        path = os.path.join(folder, f)
        try:
            with Image.open(path) as im:
                info[f] = {"mode": im.mode, "size": list(im.size), "format": im.format}
            out["out." + f] = read_rgb(path)
            if im.mode == "I;16":  # Pillow clips 16-bit grey to white; the high byte is what one would want
                out["alt." + f] = (as_tensor(Image.open(path)).to(torch.int32) >> 8).to(torch.uint8)[..., None].repeat(1, 1, 3)
        except Exception as e:  # noqa: BLE001
            errors[f] = f"{type(e).__name__}: {str(e).replace(folder + os.sep, '').replace(folder, '')}"
            info.pop(f, None)
    return out, errors, info


def run(model_dir, ins, recipe, dtype=torch.float32):
    if recipe["kind"] == "resize":
        return run_resize(model_dir, ins, recipe)
    if recipe["kind"] == "torch":
        return run_torch(model_dir, ins, recipe, dtype)
    return read_folder(os.path.join(os.path.dirname(model_dir), "files"))[0]


def build(case, out):
    kind, recipe = case["kind"], {"kind": case["kind"], "ops": case.get("ops")}
    if kind == "files":
        folder = os.path.join(out, "files")
        os.makedirs(folder)
        write_files(folder, case)
        outs, errors, info = read_folder(folder)
        assert set(errors) >= {f for f in os.listdir(folder) if f.startswith("bad_")}, errors
        for f in info:
            info[f]["tolerance"] = ("exact with libjpeg-turbo (slow integer transform, smooth chroma upsampling); another "
                                    "decoder: at most 3 levels without chroma subsampling, with it a mean of at most 2"
                                    if info[f]["format"] == "JPEG" else
                                    "exact; either out. (Pillow clips to white) or alt. (the high byte)"
                                    if "alt." + f in outs else "exact")
        return c.write_case(out, "image_ops", case["what"], {}, outs, extra={
            "recipe": recipe, "scalars": {"files": info, "must_be_rejected": errors}})
    if kind == "resize":
        ins = {"in." + n: as_tensor(picture(s)) for n, s in case["pictures"].items()}
        for n, s in case["pictures"].items():
            picture(s).save(os.path.join(out, n + ".png"))
        return c.write_case(out, "image_ops", case["what"], ins, run_resize(None, ins, recipe), extra={"recipe": recipe})
    g = c.generator(case["seed"])
    ins = {"in." + n: c.uniform(g, *s, low=-1) for n, s in case["shapes"].items()}
    o32, o64 = run_torch(None, ins, recipe), run_torch(None, ins, recipe, torch.float64)
    return c.write_case(out, "image_ops", case["what"], ins, o32, [o64], extra={"recipe": recipe})


def draw(r):
    def crop(least=24):
        w, h = r.randint(least, 100), r.randint(least, 100)
        return {"name": r.choice(["chelsea", "astronaut"]), "x": r.randint(0, 300), "y": r.randint(0, 190), "width": w, "height": h}
    kind = r.choice(["resize", "torch", "files"])
    if kind == "files":
        return {"kind": kind, "picture": crop(48) | {"width": r.randint(48, 90), "height": r.randint(48, 90)}, "orientations": r.sample(range(1, 9), 5)}
    size = lambda: [r.choice([1, 2, r.randint(3, 60), r.randint(61, 200)]) for _ in "ab"]  # noqa: E731
    if kind == "torch":
        ops = [{"input": r.choice("ab"), "mode": r.choice(["area", "bilinear", "nearest"]), "size": size()} for _ in range(10)]
        for op in ops:
            if op["mode"] == "bilinear" and r.random() < 0.4:
                op["antialias"] = True
        unique = {(o["input"], o["mode"], o.get("antialias"), *o["size"]): o for o in ops}
        return {"kind": kind, "shapes": {"a": [1, 2, r.randint(1, 70), r.randint(1, 70)], "b": [2, 1, r.randint(1, 70), r.randint(1, 70)]},
                "ops": list(unique.values())}
    ops, pictures = [{"op": "flip"}], {"a": crop(), "b": crop()}
    w, h = min(p["width"] for p in pictures.values()), min(p["height"] for p in pictures.values())
    for _ in range(12):
        ops.append({"op": "resize", "size": size(), "filter": r.choice(list(FILTERS))})
    for _ in range(4):
        left, top = r.uniform(0, w / 2), r.uniform(0, h / 2)
        box = [left, top, r.uniform(left + 1, w), r.uniform(top + 1, h)]
        ops.append({"op": "resize_box", "size": size(), "filter": r.choice(list(FILTERS)), "box": [round(v) if r.random() < 0.4 else v for v in box]})
        ops.append({"op": "shortest_edge_centre_crop", "size": r.randint(1, 90), "filter": r.choice(list(FILTERS))})
    ops.append({"op": "crop", "box": [3, 4, r.randint(1, w - 3), r.randint(1, h - 4)]})
    return {"kind": kind, "pictures": pictures, "ops": ops}
