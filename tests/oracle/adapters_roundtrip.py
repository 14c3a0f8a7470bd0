"""Do adapters and merged folders go both ways between opad and diffusers, with the same effect on the picture?

    python adapters_roundtrip.py BUILD/bin/adapters_roundtrip     (built by: cmake --build BUILD --target adapters_roundtrip)

Makes a small random pipeline of SD-Turbo's kind. First the program writes every kind of adapter, diffusers loads each; then diffusers
and PEFT write them, the program loads each. Compared is the one-step picture in [0, 1]: the same within 1e-4, and changed by the
adapter far more than that.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.utils import convert_state_dict_to_diffusers
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from common import generator, normal, randomize  # noqa: E402
from families import adapters, clip_text, ip_adapter, unet, vae  # noqa: E402

TOKENIZER = os.path.join(HERE, "..", "golden", "adapters_embeddings", "model", "tokenizer")
PROMPT = "a photo of <new1> dog and <new2>"
CUSTOM = "pytorch_custom_diffusion_weights"
SAME, CHANGED = 1e-4, 5e-3


def make_pipeline(folder, text_options={}, unet_options={}):
    tokenizer = CLIPTokenizer.from_pretrained(TOKENIZER)
    n = len(tokenizer)
    text = CLIPTextModel(CLIPTextConfig(vocab_size=n, hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
                                        max_position_embeddings=77, bos_token_id=n - 2, eos_token_id=n - 1, pad_token_id=0, **text_options))
    model = UNet2DConditionModel(sample_size=8, block_out_channels=(16, 32), layers_per_block=1, norm_num_groups=8, cross_attention_dim=24,
                                 attention_head_dim=2, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
                                 up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), **unet_options)
    decoder = AutoencoderKL(block_out_channels=(8, 8), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
                            norm_num_groups=4, sample_size=16)
    randomize(text, 1, clip_text.GAINS), randomize(model, 2, [(r"to_out|to_v", 1.5)] + unet.GAINS), randomize(decoder, 3, vae.GAINS)
    scheduler = EulerDiscreteScheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, timestep_spacing="trailing")
    StableDiffusionPipeline(vae=decoder, text_encoder=text, tokenizer=tokenizer, unet=model, scheduler=scheduler, safety_checker=None,
                            feature_extractor=None, requires_safety_checker=False).save_pretrained(folder)
    save_file({"noise": normal(generator(4), 1, 4, 8, 8)}, os.path.join(folder, "noise.safetensors"))
    with open(os.path.join(folder, "prompt.txt"), "w", encoding="utf-8") as f:
        f.write(PROMPT)


def load(folder):
    pipe = StableDiffusionPipeline.from_pretrained(folder, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    pipe.noise = load_file(os.path.join(folder, "noise.safetensors"))["noise"]
    return pipe


def picture(pipe, **more):
    image = pipe(PROMPT, num_inference_steps=1, guidance_scale=0.0, latents=pipe.noise, output_type="np", **more).images
    return torch.from_numpy(np.moveaxis(image, 3, 1))


class Report:
    def __init__(self, before):
        self.ok, self.before = True, before

    def same(self, what, theirs, ours):
        difference, change = float((theirs - ours).abs().max()), float((theirs - self.before).abs().max())
        right = difference < SAME and (change > CHANGED or what.endswith("base"))
        self.ok &= right
        print(f"{'ok  ' if right else 'FAIL'}  {what:42s} difference {difference:.1e}, changes the picture by {change:.1e}", flush=True)


def opad_to_diffusers(program, base, out, report):
    subprocess.run([program, "write", base, out], check=True)
    ours = load_file(os.path.join(out, "pictures.safetensors"))
    report.same("opad -> diffusers: base", report.before, ours["base"])
    for name in ("kv", "qkvo", "lora"):
        pipe = load(base)
        if name == "lora":
            pipe.load_lora_weights(os.path.join(out, name))
        else:  # diffusers installs nothing unless it is handed the pipeline
            pipe.unet.load_attn_procs(os.path.join(out, name), weight_name=CUSTOM + ".safetensors", _pipeline=pipe)
        report.same(f"opad -> diffusers: {name}", picture(pipe), ours[name])
        merged = load(base)
        merged.unet = UNet2DConditionModel.from_pretrained(os.path.join(out, name + "-merged"))
        report.same(f"opad -> diffusers: {name}, merged folder", picture(merged), ours[name])
    pipe = load(base)
    for token in ("<new1>", "<new2>"):
        pipe.load_textual_inversion(os.path.join(out, "embeddings"), weight_name=token + ".safetensors")
    report.same("opad -> diffusers: embeddings", picture(pipe), ours["embeddings"])


def diffusers_to_opad(program, base, out, report):
    theirs, path = {}, lambda *parts: os.path.join(out, *parts)  # noqa: E731

    def keep(name, pipe, **more):
        theirs[name] = picture(pipe, **more)

    for name, query_out in (("kv", False), ("qkvo", True)):
        pipe = load(base)
        processors = adapters.make_processors(pipe.unet, query_out)
        for key, processor in processors.items():
            layer, g = pipe.unet.get_submodule(key[:-len(".processor")]), generator(len(key))
            for k, w in processor.named_parameters():
                w.copy_(layer.get_parameter(k.replace("_custom_diffusion", "")) + normal(g, *w.shape, std=0.1))
        pipe.unet.set_attn_processor(processors)
        pipe.unet.save_attn_procs(path(name), weight_name=CUSTOM + ".bin", safe_serialization=False)
        keep(name, pipe)

    pipe = load(base)
    pipe.unet.add_adapter(LoraConfig(r=2, lora_alpha=2, init_lora_weights="gaussian", target_modules=["to_k", "to_q", "to_v", "to_out.0"]))
    for i, (k, w) in enumerate(p for p in pipe.unet.named_parameters() if "lora_" in p[0]):
        w.copy_(normal(generator(i), *w.shape, std=0.3))
    StableDiffusionPipeline.save_lora_weights(path("lora"), unet_lora_layers=convert_state_dict_to_diffusers(get_peft_model_state_dict(pipe.unet)))
    keep("lora", pipe)
    pipe.fuse_lora()
    pipe.unload_lora_weights()
    pipe.unet.save_pretrained(path("lora-merged"))
    keep("lora-merged", pipe)

    g, width = generator(9), pipe.text_encoder.config.hidden_size
    os.makedirs(path("embeddings"))
    torch.save({"<new1>": normal(g, width)}, path("embeddings", "<new1>.bin"))
    save_file({"<new2>": normal(g, 2, width)}, path("embeddings", "<new2>.safetensors"))
    pipe = load(base)
    pipe.load_textual_inversion(path("embeddings"), weight_name="<new1>.bin")
    pipe.load_textual_inversion(path("embeddings"), weight_name="<new2>.safetensors")
    keep("embeddings", pipe)

    pipe = load(base)
    state, embeds = ip_adapter.random_state(pipe.unet, generator(11), 4, 10), normal(generator(12), 1, 10)
    save_file({"image_embeds": embeds}, path("image_embeds.safetensors"))
    for name, write in (("ip-adapter-bin", lambda f: torch.save(state, f + ".bin")),
                        ("ip-adapter-safetensors", lambda f: save_file(ip_adapter.flat(state), f + ".safetensors"))):
        os.makedirs(path(name))
        write(path(name, "ip-adapter"))
        pipe = load(base)
        pipe.unet._load_ip_adapter_weights([state])
        pipe.set_ip_adapter_scale(0.7)
        keep(name, pipe, ip_adapter_image_embeds=[embeds[:, None]])

    subprocess.run([program, "read", base, out], check=True)
    ours = load_file(path("pictures.safetensors"))
    assert set(ours) == set(theirs), sorted(set(ours) ^ set(theirs))
    for name, image in sorted(theirs.items()):
        report.same(f"diffusers -> opad: {name}", image, ours[name])


def main(program):
    with tempfile.TemporaryDirectory() as tmp, torch.no_grad():
        base = os.path.join(tmp, "pipeline")
        make_pipeline(base)
        report = Report(picture(load(base)))
        opad_to_diffusers(program, base, os.path.join(tmp, "opad"), report)
        diffusers_to_opad(program, base, os.path.join(tmp, "diffusers"), report)
    return 0 if report.ok else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
