"""Do adapters written by opad load in diffusers, and do they change the picture as predicted?

    pip install torch==2.13.0 diffusers==0.42.1 transformers accelerate safetensors peft
    python adapters_roundtrip.py BUILD/bin/adapters_writer        (built by: cmake --build BUILD --target adapters_writer)

Makes a small random pipeline, lets the program write every kind of adapter for it, loads each in diffusers, compares the U-Net's
output with the program's, and checks that the picture changes, and changes in the same way by the adapter and by the merged folder.
The other direction, diffusers' files in opad, is the fixture family "adapters".
"""
import os
import subprocess
import sys
import tempfile

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import load_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
TOKENIZER = os.path.join(HERE, "..", "golden", "adapters_embeddings", "model", "tokenizer")
PROMPT = "a photo of a dog"


def make_pipeline(folder):
    torch.manual_seed(1)
    tokenizer = CLIPTokenizer.from_pretrained(TOKENIZER)
    n = len(tokenizer)
    text = CLIPTextModel(CLIPTextConfig(vocab_size=n, hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
                                        max_position_embeddings=77, bos_token_id=n - 2, eos_token_id=n - 1, pad_token_id=0))
    unet = UNet2DConditionModel(sample_size=8, block_out_channels=(16, 32), layers_per_block=1, norm_num_groups=8, cross_attention_dim=24,
                                attention_head_dim=2, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
                                up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"))
    vae = AutoencoderKL(block_out_channels=(8, 8), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
                        norm_num_groups=4, sample_size=16)
    scheduler = DDIMScheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, clip_sample=False, steps_offset=1)
    StableDiffusionPipeline(vae=vae, text_encoder=text, tokenizer=tokenizer, unet=unet, scheduler=scheduler, safety_checker=None,
                            feature_extractor=None, requires_safety_checker=False).save_pretrained(folder)


def load(folder):
    pipe = StableDiffusionPipeline.from_pretrained(folder, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def picture(pipe, prompt=PROMPT):
    return torch.from_numpy(pipe(prompt, num_inference_steps=3, generator=torch.Generator().manual_seed(3), output_type="np").images)


def report(what, value, ok):
    print(f"{'ok  ' if ok else 'FAIL'}  {what}: {value:.2e}")
    return bool(ok)


def main(writer):
    ok = True
    with tempfile.TemporaryDirectory() as tmp, torch.no_grad():
        base, out = os.path.join(tmp, "pipeline"), os.path.join(tmp, "out")
        make_pipeline(base)
        subprocess.run([writer, base, out], check=True)
        io = load_file(os.path.join(out, "io.safetensors"))

        def difference(unet, name):
            y = unet(io["sample"], io["timestep"], encoder_hidden_states=io["encoder_hidden_states"]).sample
            return float((y - io["out." + name]).abs().max())

        plain = load(base)
        before = picture(plain)
        ok &= report("base U-Net, difference of outputs", d := difference(plain.unet, "base"), d < 1e-4)
        for name in ("kv", "qkvo", "lora"):
            pipe = load(base)
            if name == "lora":
                pipe.load_lora_weights(os.path.join(out, name))
            else:  # diffusers installs nothing unless it is handed the pipeline
                pipe.unet.load_attn_procs(os.path.join(out, name), weight_name="pytorch_custom_diffusion_weights.safetensors", _pipeline=pipe)
            merged = load(base)
            merged.unet = UNet2DConditionModel.from_pretrained(os.path.join(out, name + "-merged"))
            ok &= report(f"{name}, adapter file, difference of outputs", d := difference(pipe.unet, name), d < 1e-4)
            ok &= report(f"{name}, merged folder, difference of outputs", d := difference(merged.unet, name), d < 1e-4)
            effect = (io["out." + name] - io["out.base"]).abs().max()
            ok &= report(f"{name}, effect on the output", float(effect), effect > 1e-2)
            after, after_merged = picture(pipe), picture(merged)
            ok &= report(f"{name}, change of the picture", d := float((after - before).abs().max()), d > 1e-3)
            ok &= report(f"{name}, merged folder's picture against the adapter's", d := float((after - after_merged).abs().max()), d < 1e-3)

        pipe = load(base)
        for token in ("<new1>", "<new2>"):
            pipe.load_textual_inversion(os.path.join(out, "embeddings"), weight_name=token + ".safetensors")
        prompt = "a photo of <new1> dog and <new2>"
        converted = pipe.maybe_convert_prompt(prompt, pipe.tokenizer)
        ids = pipe.tokenizer(converted, padding="max_length", truncation=True, max_length=77, return_tensors="pt").input_ids
        ok &= report("embeddings, token ids that differ", d := float((ids != io["ids"]).sum()), d == 0)
        state = pipe.text_encoder(ids).last_hidden_state
        ok &= report("embeddings, difference of the text states", d := float((state - io["last_hidden_state"]).abs().max()), d < 1e-4)
        ok &= report("embeddings, change of the picture", d := float((picture(pipe, prompt) - before).abs().max()), d > 1e-4)
    return 0 if ok else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
