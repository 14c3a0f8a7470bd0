"""Do the models agree with the libraries at their real size?  python full_size_parity.py OPAD_PARITY [--only NAME ...] [--folder DIR]

Random weights, saved by the library, small inputs, float32. One model at a time; its weights (up to 3.5 GB) are deleted behind it.
Prints the relative error of each output, which must be at most 1e-4, and the largest memory of both programs.
"""
import argparse
import gc
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import common as c  # noqa: E402
import torch  # noqa: E402
from diffusers import AutoencoderKL, UNet2DConditionModel  # noqa: E402
from families import clip_text, clip_vision, unet, vae, vit  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from transformers import CLIPTextConfig, CLIPTextModel, CLIPVisionConfig, CLIPVisionModelWithProjection  # noqa: E402

LIMIT = 1e-4
CONFIGS = os.path.join(HERE, "..", "full_size", "teacher")


def config(part):
    return {k: v for k, v in c.read_json(os.path.join(CONFIGS, part, "config.json")).items() if not k.startswith("_")}


def run_unet(folder, g):
    model = c.randomize(UNet2DConditionModel.from_config(config("unet")), 1, unet.GAINS).eval()
    model.save_pretrained(folder)
    ins = {"in.sample": c.normal(g, 1, 4, 32, 32), "in.timestep": torch.tensor([999]),
           "in.encoder_hidden_states": c.normal(g, 1, 77, model.config.cross_attention_dim)}
    return ins, {"out.sample": model(*ins.values()).sample}


def run_vae(folder, g):
    model = c.randomize(AutoencoderKL.from_config(config("vae")), 2, vae.GAINS).eval()
    model.save_pretrained(folder)
    ins = {"in.image": c.uniform(g, 1, 3, 128, 128, low=-1), "in.latents": c.normal(g, 1, 4, 16, 16)}
    latent = model.encode(ins["in.image"]).latent_dist
    return ins, {"out.mean": latent.mean, "out.logvar": latent.logvar, "out.decoded": model.decode(ins["in.latents"]).sample}


def run_clip_text(folder, g):
    model = c.randomize(CLIPTextModel(CLIPTextConfig(**config("text_encoder"))), 3, clip_text.GAINS).eval()
    model.save_pretrained(folder)
    ids = torch.randint(0, model.config.vocab_size, (2, 77), generator=g)
    return {"in.input_ids": ids}, {"out.last_hidden_state": model(input_ids=ids).last_hidden_state}


def run_clip_vision(folder, g):
    sizes = CLIPVisionConfig(hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=16, image_size=224,
                             patch_size=14, projection_dim=1024, hidden_act="gelu", layer_norm_eps=1e-5)
    model = c.randomize(CLIPVisionModelWithProjection(sizes), 4, clip_vision.GAINS).eval()
    model.save_pretrained(folder)
    pixels = c.normal(g, 1, 3, 224, 224)
    return {"in.pixel_values": pixels}, {"out.image_embeds": model(pixel_values=pixels).image_embeds}


def run_vit(folder, g, **sizes):
    os.makedirs(folder)
    c.write_json(os.path.join(folder, "config.json"), sizes)
    model = c.randomize(vit.make(sizes), 5, vit.GAINS)
    save_file(c.clean(model.state_dict()), os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
    image = c.normal(g, 1, 3, sizes["img_size"], sizes["img_size"])
    return {"in.image": image}, {"out.tokens": model.forward_features(image), "out.pooled": model(image)}


MODELS = {
    "SD 2.1 U-Net": ("unet", run_unet), "SD 2.1 VAE": ("vae", run_vae), "SD 2.1 text encoder": ("clip_text", run_clip_text),
    "CLIP ViT-H/14": ("clip_vision", run_clip_vision),
    "DINO ViT-S/16": ("vit", lambda f, g: run_vit(f, g, img_size=224, patch_size=16, embed_dim=384, depth=12, num_heads=6)),
    "DINOv2 ViT-L/14": ("vit", lambda f, g: run_vit(f, g, img_size=518, patch_size=14, embed_dim=1024, depth=24, num_heads=16,
                                                    init_values=1e-5))}


def gib(who):
    return resource.getrusage(who).ru_maxrss / 2 ** 20


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("program", help="opad_parity")
    ap.add_argument("--only", nargs="*", default=list(MODELS), choices=list(MODELS), metavar="NAME")
    ap.add_argument("--folder", help="where the weights go, for as long as they are needed")
    args = ap.parse_args()
    failed = 0
    for number, name in enumerate(args.only):
        kind, build = MODELS[name]
        start, case = time.time(), tempfile.mkdtemp(dir=args.folder)
        try:
            with torch.no_grad():
                ins, outs = build(os.path.join(case, "model"), c.generator(100 + number))
            c.write_case(case, "full_size", name, ins, outs, extra={"recipe": {"kind": kind, "limit": LIMIT}})
            del ins, outs
            gc.collect()
            done = subprocess.run([args.program, case], capture_output=True, text=True)
            failed += done.returncode != 0
            print(f"{name}: {time.time() - start:.0f} s, so far at most {gib(resource.RUSAGE_SELF):.1f} GiB in Python, "
                  f"{gib(resource.RUSAGE_CHILDREN):.1f} GiB in opad\n" + "\n".join(done.stdout.splitlines()[1:-1]) + done.stderr, flush=True)
        finally:
            shutil.rmtree(case)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
