"""Custom Diffusion weights, LoRA and learned-embedding files, as diffusers writes and reads them."""
import os
import pickletools
import zipfile

import torch
from diffusers import UNet2DConditionModel
from diffusers.loaders import StableDiffusionLoraLoaderMixin, TextualInversionLoaderMixin
from diffusers.models.attention_processor import CustomDiffusionAttnProcessor2_0
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel

import common as c
from families import clip_text, tokenizer, unet

WEIGHTS = "pytorch_custom_diffusion_weights"


class NoPipeline:
    """load_attn_procs of recent versions sets the processors only when it is handed a pipeline."""
    components = {}
    hf_device_map = None


def make_processors(model, train_q_out):
    procs = {}
    for name, layer in [(n, model.get_submodule(n[:-len(".processor")])) for n in model.attn_processors]:
        cross = name.endswith("attn2.processor")
        procs[name] = CustomDiffusionAttnProcessor2_0(
            train_kv=cross, train_q_out=train_q_out and cross, hidden_size=layer.to_q.weight.shape[0],
            cross_attention_dim=layer.to_k.weight.shape[1] if cross else None)
    return procs


def run(model_dir, ins, recipe=None, dtype=torch.float32):
    if recipe and recipe.get("kind") == "embeddings":
        return run_embeddings(model_dir, ins, dtype)
    if recipe and recipe.get("kind") == "lora":
        return run_lora(model_dir, ins, dtype)
    if dtype == torch.float64:
        ins = c.to_double(ins)
    out = {}
    for kind in ("base", "custom"):
        model = UNet2DConditionModel.from_pretrained(model_dir, torch_dtype=torch.float32).eval()
        if kind == "custom":
            model.load_attn_procs(os.path.join(os.path.dirname(model_dir), "custom_diffusion"),
                                  weight_name=WEIGHTS + ".bin", _pipeline=NoPipeline())
            names = {type(p).__name__ for p in model.attn_processors.values()}
            assert names == {"CustomDiffusionAttnProcessor"}, names
        model = model.to(dtype)
        ctx = ins["in.encoder_hidden_states"].clone().requires_grad_()
        y = model(ins["in.sample"], ins["in.timestep"], encoder_hidden_states=ctx).sample
        (y * ins["in.grad_output"]).sum().backward()
        out[f"out.{kind}"], out[f"grad.{kind}.encoder_hidden_states"] = y, ctx.grad
    for name, proc in model.attn_processors.items():
        for k, p in proc.named_parameters():
            out[f"grad.param.{name}.{k}"] = p.grad
    return c.clean(out)


def build(case, out):
    if case["kind"] == "embeddings":
        return build_embeddings(case, out)
    if case["kind"] == "lora":
        return build_lora(case, out)
    g = c.generator(case["seed"])
    model = c.randomize(UNet2DConditionModel(**case["config"]), case["seed"] + 1, unet.GAINS)
    model_dir, folder = os.path.join(out, "model"), os.path.join(out, "custom_diffusion")
    model.save_pretrained(model_dir)
    procs = make_processors(model, case["train_q_out"])
    for name, p in sorted(procs.items()):  # near the pretrained weights, as after some training
        layer = model.get_submodule(name[:-len(".processor")])
        with torch.no_grad():
            for k, w in p.named_parameters():
                source = layer.get_parameter(k.replace("_custom_diffusion", ""))
                w.copy_(source + c.normal(g, *w.shape, std=0.3 * float(source.std())))
    model.set_attn_processor(procs)
    model.save_attn_procs(folder, weight_name=WEIGHTS + ".bin", safe_serialization=False)
    model.save_attn_procs(folder, weight_name=WEIGHTS + ".safetensors", safe_serialization=True)
    b, (h, w) = len(case["timestep"]), case["latent"]
    ins = {"in.sample": c.normal(g, b, 4, h, w), "in.timestep": torch.tensor(case["timestep"]),
           "in.encoder_hidden_states": c.normal(g, b, case["tokens"], case["config"]["cross_attention_dim"]),
           "in.grad_output": c.normal(g, b, 4, h, w)}
    o32, o64 = run(model_dir, ins), run(model_dir, ins, None, torch.float64)
    with torch.no_grad():  # the processors they were saved from agree with the ones read back
        y = model(ins["in.sample"], ins["in.timestep"], encoder_hidden_states=ins["in.encoder_hidden_states"]).sample
    assert torch.allclose(y, o32["out.custom"], atol=1e-4) and not torch.allclose(y, o32["out.base"], atol=1e-2)
    pickled = torch.load(os.path.join(folder, WEIGHTS + ".bin"), weights_only=True)
    safe = load_file(os.path.join(folder, WEIGHTS + ".safetensors"))
    assert {k for k, v in pickled.items() if torch.is_tensor(v)} == set(safe)
    c.write_json(os.path.join(out, "keys.json"), [
        {"key": k, "shape": list(v.shape) if torch.is_tensor(v) else None,
         "value": "tensor" if torch.is_tensor(v) else "empty dictionary (in the .bin only)"} for k, v in pickled.items()])
    return c.write_case(out, "adapters", case["what"], ins, o32, [o64], scalars={"train_q_out": case["train_q_out"]})


# ---- LoRA ---------------------------------------------------------------------------------------------------------

def lora_forms(g, model):
    """The same kind of change under the names of each program that writes such files: {file: tensors}."""
    layers = [n for n, _ in model.named_modules() if n.endswith((".to_q", ".to_k", ".to_v", ".to_out.0"))]

    def matrices(layer, rank):
        rows, columns = model.get_submodule(layer).weight.shape
        return c.normal(g, rank, columns, std=0.3), c.normal(g, rows, rank, std=0.3)

    forms = {}

    # one alpha for all layers: diffusers 0.42 with PEFT 0.21 ignores those that differ, and says so in a warning
    def form(name, rank, key, alpha=None, leave_out=()):
        state = forms[name] = {}
        for i, layer in enumerate(layers):
            if i in leave_out:
                continue
            r = rank[i % len(rank)]
            (down, up), (down_key, up_key) = matrices(layer, r), key(layer)
            state[down_key], state[up_key] = down, up
            if alpha:
                state[down_key.split(".")[0] + ".alpha"] = torch.tensor(float(alpha))

    form("peft.safetensors", [2], lambda n: (f"unet.{n}.lora_A.weight", f"unet.{n}.lora_B.weight"))
    form("old_diffusers.bin", [3], lambda n: (f"unet.{n}.lora.down.weight", f"unet.{n}.lora.up.weight"))
    form("processors.safetensors", [2], lambda n: tuple(
        "unet." + n.removesuffix(".0").replace(".to_", ".processor.to_") + f"_lora.{k}.weight" for k in ("down", "up")))
    form("kohya.safetensors", [2, 3, 1], lambda n: tuple(
        "lora_unet_" + n.replace(".", "_") + f".lora_{k}.weight" for k in ("down", "up")), alpha=1.5, leave_out=(1, 6))
    return forms


def any_layer_forms(g, model):
    """LoRAs of kohya's form beside the attention projections: feed-forward, projections, convolutions, time embedding."""
    endings = ("ff.net.0.proj", "ff.net.2", "proj_in", "proj_out", "conv1", "conv2", "conv_shortcut", "time_emb_proj", "samplers.0.conv", "to_v")
    state = {}
    for name, layer in model.named_modules():
        if isinstance(layer, (torch.nn.Linear, torch.nn.Conv2d)) and name.endswith(endings):
            key, shape = "lora_unet_" + name.replace(".", "_"), layer.weight.shape
            state[key + ".lora_down.weight"] = c.normal(g, 1, *shape[1:], std=0.2)
            state[key + ".lora_up.weight"] = c.normal(g, shape[0], 1, *[1] * (len(shape) - 2), std=0.2)
            state[key + ".alpha"] = torch.tensor(0.5)
    return {"kohya.safetensors": state}


def run_lora(model_dir, ins, dtype):
    case_dir = os.path.dirname(model_dir)
    if dtype == torch.float64:
        ins = c.to_double(ins)
    out = {}
    files = [(kind, file) for kind in ("lora", "any_layer") for file in sorted(os.listdir(os.path.join(case_dir, kind)))]
    for kind, file in [("", None)] + files:
        model = UNet2DConditionModel.from_pretrained(model_dir, torch_dtype=torch.float32).eval()
        if file:
            state, alphas = StableDiffusionLoraLoaderMixin.lora_state_dict(os.path.join(case_dir, kind), weight_name=file, unet_config=model.config)
            StableDiffusionLoraLoaderMixin.load_lora_into_unet(state, network_alphas=alphas, unet=model)
        with torch.no_grad():
            out["out." + ("any_layer." if kind == "any_layer" else "") + (file.split(".")[0] if file else "base")] = model.to(dtype)(
                ins["in.sample"], ins["in.timestep"], encoder_hidden_states=ins["in.encoder_hidden_states"]).sample
    return c.clean(out)


def build_lora(case, out):
    g = c.generator(case["seed"])
    model = c.randomize(UNet2DConditionModel(**case["config"]), case["seed"] + 1, unet.GAINS)
    model_dir, folder = os.path.join(out, "model"), os.path.join(out, "lora")
    model.save_pretrained(model_dir)
    os.makedirs(folder)
    for name, state in lora_forms(g, model).items():
        path = os.path.join(folder, name)
        torch.save(state, path) if name.endswith(".bin") else save_file(state, path)
    os.makedirs(os.path.join(out, "any_layer"))
    for name, state in any_layer_forms(c.generator(case["seed"] + 2), model).items():
        save_file(state, os.path.join(out, "any_layer", name))
    b, (h, w) = len(case["timestep"]), case["latent"]
    ins = {"in.sample": c.normal(g, b, 4, h, w), "in.timestep": torch.tensor(case["timestep"]),
           "in.encoder_hidden_states": c.normal(g, b, case["tokens"], case["config"]["cross_attention_dim"])}
    o32, o64 = run_lora(model_dir, ins, torch.float32), run_lora(model_dir, ins, torch.float64)
    for name, value in o32.items():  # every file changes something
        assert name == "out.base" or not torch.allclose(value, o32["out.base"], atol=1e-2), name
    return c.write_case(out, "adapters", case["what"], ins, o32, [o64], extra={"recipe": {"kind": "lora"}})


# ---- learned embeddings -------------------------------------------------------------------------------------------

class Loader(TextualInversionLoaderMixin):
    def __init__(self, tok, text_encoder):
        self.tokenizer, self.text_encoder = tok, text_encoder
        self.components = {"tokenizer": tok, "text_encoder": text_encoder}
        self.hf_device_map = None


def pickle_program(path):
    with zipfile.ZipFile(path) as z:
        name = next(n for n in z.namelist() if n.endswith("data.pkl"))
        return [f"{op.name} {arg!r}" if arg is not None else op.name for op, arg, _ in pickletools.genops(z.read(name))]


def load_one(case_dir, spec):
    model_dir = os.path.join(case_dir, "model")
    tok = tokenizer.load(os.path.join(model_dir, "tokenizer"), "!")
    enc = CLIPTextModel.from_pretrained(os.path.join(model_dir, "text_encoder"), dtype=torch.float32).eval()
    pipe = Loader(tok, enc)
    for f in spec["files"]:
        pipe.load_textual_inversion(os.path.join(case_dir, "embeddings"), weight_name=f,
                                    **({"token": spec["token"]} if "token" in spec else {}))
    prompt = pipe.maybe_convert_prompt(spec["prompt"], tok)
    ids = tok(prompt, padding="max_length", truncation=True, max_length=77, return_tensors="pt").input_ids
    return enc, prompt, ids


def run_embeddings(model_dir, ins, dtype):
    case_dir, out = os.path.dirname(model_dir), {}
    for spec in c.read_json(os.path.join(case_dir, "embeddings", "loads.json")):
        enc, prompt, ids = load_one(case_dir, spec)
        assert prompt == spec["converted_prompt"]
        enc = enc.to(dtype)
        n = spec["name"]
        with torch.no_grad():
            out[f"out.{n}.ids"] = ids
            out[f"out.{n}.new_rows"] = enc.get_input_embeddings().weight[spec["first_new_id"]:].clone()
            out[f"out.{n}.last_hidden_state"] = enc(ids).last_hidden_state
    return c.clean(out)


def build_embeddings(case, out):
    g = c.generator(case["seed"])
    model_dir, folder = os.path.join(out, "model"), os.path.join(out, "embeddings")
    os.makedirs(folder)
    merges = tokenizer.train_merges(case["training_text"], case["merges"])
    tokenizer.write_tokenizer(os.path.join(model_dir, "tokenizer"), merges, "!")
    n = len(merges) + 514
    d = case["config"]["hidden_size"]
    cfg = case["config"] | {"vocab_size": n, "bos_token_id": n - 2, "eos_token_id": n - 1, "pad_token_id": 0}
    enc = c.randomize(CLIPTextModel(CLIPTextConfig(**cfg)), case["seed"] + 1, clip_text.GAINS)
    enc.save_pretrained(os.path.join(model_dir, "text_encoder"))
    a, b, (one, two) = c.normal(g, d, std=0.05), c.normal(g, d, std=0.05), case["tokens"]
    both = c.normal(g, 2, d, std=0.05)
    path = lambda f: os.path.join(folder, f)  # noqa: E731
    torch.save({one: a}, path("vector.bin"))
    save_file({one: a}, path("vector.safetensors"), metadata={"format": "pt"})
    table = torch.nn.Parameter(torch.cat([c.normal(g, 3, d), b[None], c.normal(g, 2, d)]))
    torch.save({two: table[3]}, path("row_of_table.bin"))  # a view: the file holds the whole table, with an offset
    torch.save({two: table[3:4].detach()}, path("row_matrix.bin"))
    save_file({one: both}, path("two_vectors.safetensors"), metadata={"format": "pt"})
    torch.save({"string_to_token": {"*": 265}, "string_to_param": {"*": torch.nn.Parameter(a[None].clone())},
                "name": one, "step": 499, "sd_checkpoint": None, "sd_checkpoint_name": None}, path("webui.pt"))
    loads = [{"name": "vector_bin", "files": ["vector.bin"]}, {"name": "vector_safe", "files": ["vector.safetensors"]},
             {"name": "two_tokens", "files": ["vector.safetensors", "row_of_table.bin"]},
             {"name": "row_matrix", "files": ["row_matrix.bin"]},
             {"name": "two_vectors", "files": ["two_vectors.safetensors"]},
             {"name": "webui", "files": ["webui.pt"]},
             {"name": "renamed", "files": ["vector.safetensors"], "token": case["renamed"]}]
    for spec in loads:
        t = spec.get("token", two if spec["name"] == "row_matrix" else one)
        spec["prompt"] = f"a photo of {t} dog" + (f" and {two}" if spec["name"] == "two_tokens" else "")
        spec["first_new_id"] = n
        _, spec["converted_prompt"], _ = load_one(out, spec)
    c.write_json(path("loads.json"), loads)
    c.write_json(os.path.join(out, "pickles.json"), {f: pickle_program(path(f)) for f in sorted(os.listdir(folder))
                                                     if f.endswith((".bin", ".pt"))})
    o32, o64 = run_embeddings(model_dir, {}, torch.float32), run_embeddings(model_dir, {}, torch.float64)
    return c.write_case(out, "adapters", case["what"], {}, o32, [o64], extra={"recipe": {"kind": "embeddings"}})


def draw(r):
    if r.random() < 0.4:
        heads = r.choice([1, 2, 3])
        words = "a photo of the dog cat red house on mountain beach with snow and river friends tower robot table".split()
        one, two = r.choice([("<new1>", "<new2>"), ("<sks>", "<v*>"), ("<my-thing>", "<zwx>")])
        return {"kind": "embeddings", "training_text": " ".join(r.choice(words) for _ in range(80)), "merges": r.randint(10, 60),
                "tokens": [one, two], "renamed": r.choice(["<corgi-x>", "<a b>", "<x>"]),
                "config": {"max_position_embeddings": 77, "layer_norm_eps": 1e-5, "hidden_size": heads * r.choice([4, 8]),
                           "intermediate_size": r.choice([24, 48]), "num_hidden_layers": r.randint(1, 3), "num_attention_heads": heads,
                           "hidden_act": r.choice(["gelu", "quick_gelu"])}}
    kind = r.choice(["custom_diffusion", "custom_diffusion", "lora"])
    case = unet.draw(r) | {"tokens": r.choice([2, 7, 77])}  # the gradient of a query that sees one token is 0, and rounding
    config = {k: v for k, v in case["config"].items() if k not in ("only_cross_attention", "in_channels", "out_channels", "upcast_attention")}
    return case | {"kind": kind, "train_q_out": r.random() < 0.5, "config": config}
