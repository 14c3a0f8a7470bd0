"""Do files of other programs mean the same to opad as to diffusers and PEFT, and what opad exports the same to them?

    python files_roundtrip.py BUILD/bin     (built by: cmake --build BUILD --target adapters_roundtrip files_roundtrip export_trained)

On small random pipelines of both families, SD 1's (transformers' text encoder names, convolutional projections) and SD 2's
(open_clip's, linear ones). `read`: LoRAs and learned words as kohya's scripts, PEFT, diffusers and the web UI write them, given to opad
as `generate --lora` and `--embedding` give them. `write`: what opad trained, exported by `export_trained` in every form and loaded by diffusers
alone. Compared is the one-step picture in [0, 1]: the same within 1e-4, and changed by the file far more than that.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from common import generator, normal  # noqa: E402  before the libraries: it makes them quiet

import torch  # noqa: E402
from diffusers import StableDiffusionPipeline  # noqa: E402
from diffusers.utils import logging  # noqa: E402
from peft import LoraConfig, get_peft_model  # noqa: E402
from peft.utils import get_peft_model_state_dict  # noqa: E402
from safetensors import safe_open  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

from adapters_roundtrip import PROMPT, Report, load, make_pipeline, picture  # noqa: E402

ATTENTION = ["to_q", "to_k", "to_v", "to_out.0"]
TEXT = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]
FAMILIES = {"sd1": ({}, {}), "sd2": ({"hidden_act": "gelu"}, {"use_linear_projection": True})}


def layers_of(model, endings):
    """The layers whose names end so; of convolutions and linear layers."""
    return [n for n, m in model.named_modules() if isinstance(m, (torch.nn.Linear, torch.nn.Conv2d)) and n.endswith(tuple(endings))]


def matrices(g, layer, rank):
    shape = list(layer.weight.shape)
    down = normal(g, rank, *shape[1:], std=0.3 / len(shape))
    up = normal(g, shape[0], rank, *([1, 1] if len(shape) == 4 else []), std=0.3)
    return down, up


def kohya(unet, text, unet_endings=(), text_endings=(), rank=2, alpha=None, rename=lambda n: n, text_prefix="lora_te_text_model_"):
    """kohya's form: a flat name for each layer, and an alpha."""
    state, g = {}, generator(21 + rank)
    for model, endings, prefix in ((unet, unet_endings, "lora_unet_"), (text, text_endings, text_prefix)):
        for name in layers_of(model, endings) if endings else []:
            key = prefix + rename(name).replace(".", "_")
            down, up = matrices(g, model.get_submodule(name), rank)
            state |= {key + ".lora_down.weight": down, key + ".lora_up.weight": up}
            if alpha:
                state[key + ".alpha"] = torch.tensor(float(alpha))
    return state


def sgm(name):
    """The name in Stable Diffusion's own code, for this U-Net of two levels with one layer each."""
    return {"down_blocks.0.attentions.0": "input_blocks.1.1", "up_blocks.1.attentions.0": "output_blocks.2.1",
            "up_blocks.1.attentions.1": "output_blocks.3.1", "mid_block.attentions.0": "middle_block.1"}[
        next(p for p in (".".join(name.split(".")[:i]) for i in (3, 4)) if p.endswith(("attentions.0", "attentions.1")))] + \
        name[name.index(".transformer_blocks"):]


def add_peft(model, targets, rank, alpha, seed):
    model.add_adapter(LoraConfig(r=rank, lora_alpha=alpha, init_lora_weights="gaussian", target_modules=targets))
    g = generator(seed)
    for k, w in sorted(model.named_parameters()):
        if "lora_" in k:
            w.copy_(normal(g, *w.shape, std=0.3))


def read_cases(base, out):
    """-> {name: (what opad is given, diffusers' picture)}; the files lie in `out`."""
    cases, path = {}, lambda *parts: os.path.join(out, *parts)  # noqa: E731
    plain = load(base)

    def lora(name, state, weight=1.0, suffix=".safetensors"):
        os.makedirs(path(name))
        file = path(name, "lora" + suffix)
        save_file(state, file) if suffix == ".safetensors" else torch.save(state, file)
        pipe = load(base)
        pipe.load_lora_weights(path(name), weight_name="lora" + suffix, adapter_name="a", unet_config=pipe.unet.config)
        if weight != 1:
            pipe.set_adapters(["a"], [weight])
        cases[name] = {"loras": [[file, weight]]}, picture(pipe)

    u, t = plain.unet, plain.text_encoder
    lora("kohya: attention, alpha half the rank", kohya(u, t, ATTENTION, rank=4, alpha=2))
    lora("kohya: without alpha, bin", kohya(u, t, ATTENTION, rank=2), suffix=".bin")
    lora("kohya: feed-forward and projections", kohya(u, t, ["ff.net.0.proj", "ff.net.2", "proj_in", "proj_out"], alpha=1))
    lora("kohya: convolutions", kohya(u, t, ["conv1", "conv2", "conv_shortcut", "time_emb_proj", "0.conv"], alpha=2))
    lora("kohya: text encoder alone", kohya(u, t, (), TEXT, rank=3, alpha=3))
    lora("kohya: both, lora_te1", kohya(u, t, ATTENTION, TEXT, alpha=1, text_prefix="lora_te1_text_model_"))
    lora("kohya: names of the original code", kohya(u, t, ATTENTION, alpha=1, rename=sgm))
    lora("kohya: weight -0.7", kohya(u, t, ATTENTION, TEXT, alpha=2), weight=-0.7)

    pipe = load(base)
    pairs = [[path("kohya: attention, alpha half the rank", "lora.safetensors"), 0.8], [path("kohya: both, lora_te1", "lora.safetensors"), 0.5]]
    for i, (file, _) in enumerate(pairs):
        pipe.load_lora_weights(os.path.dirname(file), weight_name="lora.safetensors", adapter_name=str(i))
    pipe.set_adapters(["0", "1"], [w for _, w in pairs])
    cases["two files, 0.8 and 0.5"] = {"loras": pairs}, picture(pipe)

    pipe = load(base)
    add_peft(pipe.unet, ATTENTION + ["proj_in", "ff.net.2", "conv1"], 3, 6, 31)
    add_peft(pipe.text_encoder, TEXT, 2, 1, 32)
    u_state, t_state = get_peft_model_state_dict(pipe.unet), get_peft_model_state_dict(pipe.text_encoder)
    configs = {"unet_lora_adapter_metadata": plain_config(pipe.unet), "text_encoder_lora_adapter_metadata": plain_config(pipe.text_encoder)}
    StableDiffusionPipeline.save_lora_weights(path("diffusers: new keys"), unet_lora_layers=u_state, text_encoder_lora_layers=t_state, **configs)
    cases["diffusers: new keys, both, alpha in the metadata"] = {"loras": [[path("diffusers: new keys"), 1.0]]}, picture(pipe)

    old = {}
    for (k, w) in list(kohya(u, t, ATTENTION).items()):
        name = next(n for n in layers_of(u, ATTENTION) if k.split(".")[0] == "lora_unet_" + n.replace(".", "_"))
        layer, part = name.removesuffix(".0").rsplit(".", 1)
        old[f"unet.{layer}.processor.{part}_lora.{'down' if 'lora_down' in k else 'up'}.weight"] = w
    for (k, w) in list(kohya(u, t, (), TEXT[:4]).items()):
        name = next(n for n in layers_of(t, TEXT[:4]) if k.split(".")[0] == "lora_te_text_model_" + n.replace(".", "_"))
        layer, part = name.rsplit(".", 1)
        old[f"text_encoder.text_model.{layer}.to_{part.removesuffix('_proj')}_lora.{'down' if 'lora_down' in k else 'up'}.weight"] = w
    lora("diffusers: old keys, both", old)

    pipe = load(base)
    pipe.unet = get_peft_model(pipe.unet, LoraConfig(r=2, lora_alpha=5, init_lora_weights="gaussian", target_modules=ATTENTION))
    g = generator(33)
    for k, w in sorted(pipe.unet.named_parameters()):
        if "lora_" in k:
            w.copy_(normal(g, *w.shape, std=0.3))
    pipe.unet.save_pretrained(path("peft"))
    pipe.unet = pipe.unet.merge_and_unload()
    cases["PEFT's own file and config"] = {"loras": [[path("peft"), 1.0]]}, picture(pipe)

    g, width = generator(9), t.config.hidden_size
    os.makedirs(path("words"))
    one, two = normal(g, width), normal(g, 2, width)
    torch.save({"string_to_token": {"*": 265}, "string_to_param": {"*": torch.nn.Parameter(two.clone())}, "name": "<new1>", "step": 9,
                "sd_checkpoint": None, "sd_checkpoint_name": None}, path("words", "webui.pt"))
    save_file({"emb_params": one[None]}, path("words", "my-dog.safetensors"))
    torch.save({"<new2>": one}, path("words", "learned_embeds.bin"))
    save_file({"<new1>": two}, path("words", "learned_embeds.safetensors"))
    for name, file, word, prompt in (("web UI's .pt, two rows", "webui.pt", "<new1>", PROMPT), ("emb_params, called as its file", "my-dog.safetensors", "my-dog", "a photo of my-dog"),
                                     ("emb_params under another word", "my-dog.safetensors", "<new2>", PROMPT),
                                     ("learned_embeds.bin", "learned_embeds.bin", "<new2>", PROMPT), ("learned_embeds.safetensors, two rows", "learned_embeds.safetensors", "<new1>", PROMPT)):
        pipe = load(base)
        state = {word: one[None]} if file.startswith("my-dog") else path("words", file)  # diffusers wants a name for emb_params
        pipe.load_textual_inversion(state, token=word)
        given = "" if name != "emb_params under another word" else word
        cases[name] = {"embeddings": [[path("words", file), given]], "prompt": prompt}, picture_of(pipe, prompt)
    return cases


def plain_config(model):
    config = model.peft_config["default"].to_dict()
    return {k: sorted(v) if isinstance(v, set) else v for k, v in config.items()}


def picture_of(pipe, prompt):
    image = pipe(prompt, num_inference_steps=1, guidance_scale=0.0, latents=pipe.noise, output_type="np").images
    return torch.from_numpy(image).movedim(3, 1)


def opad_pictures(bin_folder, base, jobs, out):
    with open(out + ".json", "w", encoding="utf-8") as f:
        json.dump({name: {"prompt": PROMPT} | job for name, job in jobs.items()}, f)
    subprocess.run([os.path.join(bin_folder, "files_roundtrip"), base, out + ".json", out], check=True)
    return load_file(out)


def trained_folders(bin_folder, base, out):
    """What opad's adapters leave: made by adapters_roundtrip; a whole U-Net by hand, as FullWeights leaves it. With two learned words each."""
    subprocess.run([os.path.join(bin_folder, "adapters_roundtrip"), "write", base, out], check=True)
    unet = load(base).unet
    g = generator(41)
    for _, w in sorted(unet.named_parameters()):
        w.add_(normal(g, *w.shape, std=0.02))
    unet.save_pretrained(os.path.join(out, "full", "unet"))
    for name in ("kv", "qkvo", "lora", "full"):
        for word in ("<new1>", "<new2>"):
            shutil.copy(os.path.join(out, "embeddings", word + ".safetensors"), os.path.join(out, name))
    return {name: os.path.join(out, name) for name in ("kv", "qkvo", "lora", "full")}


def export(bin_folder, base, folder, form, output, *more):
    done = subprocess.run([os.path.join(bin_folder, "export_trained"), "--model", base, "--adapters", folder, "--form", form, "--output", output,
                           "--license", "mit", *more], check=True, capture_output=True, text=True)
    return done.stdout


def with_words(pipe, folder):
    for word in ("<new1>", "<new2>"):
        pipe.load_textual_inversion(folder, weight_name=word + ".safetensors")
    return pipe


def from_single_file(file, base, config):
    """The whole pipeline out of one file; the options of its parts come from a folder without any weights."""
    if not os.path.exists(config):
        shutil.copytree(base, config, ignore=shutil.ignore_patterns("*.safetensors", "*.bin"))
    pipe = StableDiffusionPipeline.from_single_file(file, config=config, local_files_only=True, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    pipe.noise = load_file(os.path.join(base, "noise.safetensors"))["noise"]
    return pipe


def write_cases(bin_folder, base, out, report):
    folders = trained_folders(bin_folder, base, os.path.join(out, "trained"))
    ours = opad_pictures(bin_folder, base, {name: {"adapters": [folder]} for name, folder in folders.items()}, os.path.join(out, "ours"))
    rounded = {}
    for name, folder in folders.items():
        def target(form, ending="", name=name):
            return os.path.join(out, name + "-" + form, form + ending)

        def same(form, pipe, name=name):
            report.same(f"opad -> {form}: {name}", picture(with_words(pipe, os.path.join(out, name + "-" + form.split()[0]))), ours[name])

        export(bin_folder, base, folder, "diffusers", os.path.join(out, name + "-diffusers"))
        pipe = StableDiffusionPipeline.from_pretrained(os.path.join(out, name + "-diffusers"))
        pipe.set_progress_bar_config(disable=True)
        pipe.noise = load(base).noise
        same("diffusers", pipe)

        export(bin_folder, base, folder, "merged", target("merged", ".safetensors"))
        same("merged file", from_single_file(target("merged", ".safetensors"), base, os.path.join(out, "config")))

        exact = {"lora": ("a LoRA itself", []), "kv": ("full rank", ["--rank", "24"])}.get(name)
        if exact:
            for form, ending, weights in (("kohya", ".safetensors", "kohya.safetensors"), ("peft", "", "pytorch_lora_weights.safetensors")):
                output = target(form, ending) if ending else os.path.join(out, name + "-" + form)
                export(bin_folder, base, folder, form, output, *exact[1])
                pipe = load(base)
                pipe.load_lora_weights(os.path.join(out, name + "-" + form), weight_name=weights)
                same(form, pipe)
        if name != "lora":  # cut off: no longer the same, but the same to both
            file = target("kohya4", ".safetensors")
            print("     ", export(bin_folder, base, folder, "kohya", file, "--rank", "4").splitlines()[0])
            pipe = load(base)
            pipe.load_lora_weights(os.path.dirname(file), weight_name="kohya4.safetensors")
            rounded[name] = file, picture(with_words(pipe, os.path.dirname(file)))
            with safe_open(file, "pt") as f:
                said = f.metadata()
            assert said["license"] == said["modelspec.license"] == "mit" and said["ss_network_dim"] == "4", said
            assert said["opad.trained_words"] == "<new1>, <new2>" and "opad.relative_error" in said, said
    again = opad_pictures(bin_folder, base, {
        name: {"loras": [[file, 1.0]], "embeddings": [[os.path.join(os.path.dirname(file), w + ".safetensors"), ""] for w in ("<new1>", "<new2>")]}
        for name, (file, _) in rounded.items()}, os.path.join(out, "again"))
    for name, (_, theirs) in rounded.items():
        report.same(f"opad -> kohya, rank 4 -> both: {name}", theirs, again[name])


def main(bin_folder):
    ok = True
    logging.disable_progress_bar()
    for family, options in FAMILIES.items():
        with tempfile.TemporaryDirectory() as tmp, torch.no_grad():
            print(family, flush=True)
            base = os.path.join(tmp, "pipeline")
            make_pipeline(base, *options)
            report = Report(picture(load(base)))
            cases = read_cases(base, os.path.join(tmp, "read"))
            ours = opad_pictures(bin_folder, base, {name: job for name, (job, _) in cases.items()}, os.path.join(tmp, "read", "ours"))
            for name, (_, theirs) in cases.items():
                report.same(f"-> opad: {name}", theirs, ours[name])
            os.makedirs(os.path.join(tmp, "write"))
            write_cases(bin_folder, base, os.path.join(tmp, "write"), report)
            ok &= report.ok
    return 0 if ok else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
