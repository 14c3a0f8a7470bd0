"""The published evaluators on small random networks: writes tests/golden/evaluate/metrics.

    pip install torch torchvision transformers timm pillow safetensors
    python evaluate_metrics.py

What Custom Diffusion's and DreamBench's evaluation does, step by step: Pillow pictures, torchvision's Resize (bicubic), CenterCrop,
ToTensor and Normalize, CLIP's image and text projections (transformers), DINO's class token (timm), cosines and their means. The
pictures are the photographs of data/photos/cat as real ones; generated ones are crops and recolourings of them in several sizes.
"""
import json
import os
import shutil

import numpy as np
import timm
import torch
from PIL import Image, ImageOps
from safetensors.torch import save_file
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Normalize, Resize, ToTensor
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "..", "golden")
OUT = os.path.join(GOLDEN, "evaluate", "metrics")
PHOTOS = os.path.join(HERE, "..", "..", "data", "photos", "cat")
TOKENIZER = os.path.join(GOLDEN, "tokenizer_small", "model")
PROMPTS = ["a cat in the snow", "a cat in the snow", "a red cat", "a photo of a cat on the beach"]
CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
DINO_MEAN, DINO_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def preprocessing(resize, crop, mean, std):
    return Compose([Resize(resize, interpolation=InterpolationMode.BICUBIC), CenterCrop(crop), ToTensor(), Normalize(mean, std)])


def opened(path):
    return ImageOps.exif_transpose(Image.open(path)).convert("RGB")


def random_weights(model, gain):
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() >= 2:
                parameter.normal_(0, gain / parameter[0].numel() ** 0.5)
            else:
                parameter.add_(0.1 * torch.randn_like(parameter))


def make_models():
    torch.manual_seed(5)
    tokenizer = CLIPTokenizer.from_pretrained(TOKENIZER)
    n = len(tokenizer)
    end = tokenizer.eos_token_id
    text = {"vocab_size": n, "hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
            "max_position_embeddings": 77, "bos_token_id": tokenizer.bos_token_id, "eos_token_id": end, "pad_token_id": end}
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 56, "patch_size": 14}
    clip = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=20)).eval()
    random_weights(clip, 0.9)
    dino_config = {"img_size": 56, "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 3, "num_classes": 0}
    dino = timm.models.VisionTransformer(**dino_config).eval()
    random_weights(dino, 0.9)
    clip.save_pretrained(os.path.join(OUT, "clip"))
    for name in ("vocab.json", "merges.txt", "special_tokens_map.json", "tokenizer_config.json"):
        shutil.copy(os.path.join(TOKENIZER, name), os.path.join(OUT, "clip", name))
    os.makedirs(os.path.join(OUT, "dino"), exist_ok=True)
    save_file(dino.state_dict(), os.path.join(OUT, "dino", "model.safetensors"))
    with open(os.path.join(OUT, "dino", "config.json"), "w") as file:
        json.dump(dino_config, file)
    return clip, tokenizer, dino


def make_pictures(real):
    """Generated pictures that are like the real ones, and one that is not; odd sizes, so that every rounding shows."""
    pictures = [real[0].crop((5, 9, 5 + 131, 9 + 90)), ImageOps.mirror(real[1]).resize((77, 96)), real[2].resize((56, 56)),
                Image.fromarray(np.random.default_rng(3).integers(0, 256, (70, 65, 3), dtype=np.uint8))]
    os.makedirs(os.path.join(OUT, "generated"), exist_ok=True)
    for i, picture in enumerate(pictures):
        picture.save(os.path.join(OUT, "generated", f"{i}.png"))
    return pictures


@torch.no_grad()
def main():
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    clip, tokenizer, dino = make_models()
    real = [opened(os.path.join(PHOTOS, name)) for name in sorted(os.listdir(PHOTOS)) if not name.endswith(".md")]
    generated = make_pictures(real)
    for_clip, for_dino = preprocessing(56, 56, CLIP_MEAN, CLIP_STD), preprocessing(64, 56, DINO_MEAN, DINO_STD)
    pixels_clip = torch.stack([for_clip(p) for p in generated + real])
    pixels_dino = torch.stack([for_dino(p) for p in generated + real])
    ids = tokenizer(PROMPTS, padding="max_length", truncation=True, max_length=77, return_tensors="pt").input_ids
    image, text = clip.visual_projection(clip.vision_model(pixels_clip).pooler_output), clip.text_projection(clip.text_model(ids).pooler_output)
    token = dino(pixels_dino)
    unit = [x.double() / x.double().norm(dim=1, keepdim=True) for x in (image, text, token)]
    n = len(generated)
    clip_i, dino_i = unit[0][:n] @ unit[0][n:].T, unit[2][:n] @ unit[2][n:].T
    clip_t = (unit[0][:n] * unit[1]).sum(1)
    pair = (unit[2][0] * unit[2][1]).sum()  # the two pictures of one prompt
    save_file({"pixels.clip": pixels_clip[:n].contiguous(), "pixels.dino": pixels_dino[:n].contiguous(), "features.clip": image[:n].contiguous(),
               "features.dino": token[:n].contiguous(), "features.text": text.contiguous(), "input_ids": ids,
               "likeness.clip": clip_i.mean(1), "likeness.dino": dino_i.mean(1), "clip-t": clip_t}, os.path.join(OUT, "io.safetensors"))
    with open(os.path.join(OUT, "expected.json"), "w") as file:
        json.dump({"prompts": PROMPTS, "clip-i": max(0.0, clip_i.mean().item()), "dino": max(0.0, dino_i.mean().item()),
                   "clip-t": clip_t.mean().item(), "diversity of the first two": 1 - pair.item()}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
