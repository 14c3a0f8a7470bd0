"""CLIPTextModel: last hidden state, pooled state, and the gradient of the token-embedding table."""
import os

import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel

import common as c

GAINS = [(r"token_embedding", 0.02), (r"position_embedding", 0.01), (r"out_proj|fc2", 0.15), (r"q_proj|k_proj", 1.6)]


def run(model_dir, ins, recipe=None, dtype=torch.float32):
    model = CLIPTextModel.from_pretrained(model_dir, dtype=torch.float32).to(dtype).eval()
    if dtype == torch.float64:
        ins = c.to_double(ins)
    out = model(input_ids=ins["in.input_ids"], output_hidden_states=True)
    ((out.last_hidden_state * ins["in.grad_output"]).sum()).backward()
    return c.clean({"out.last_hidden_state": out.last_hidden_state, "out.pooler_output": out.pooler_output,
                    "act.embeddings": out.hidden_states[0], "act.before_final_norm": _before_norm(out),
                    "grad.token_embedding": model.get_input_embeddings().weight.grad})


def _before_norm(out):
    """hidden_states[-1] may or may not have passed the final norm, by library version: take the one before."""
    last = out.hidden_states[-1]
    return last if not torch.allclose(last, out.last_hidden_state) else out.hidden_states[-2]


def to_version_4(model_dir, case):
    """Rewrite the folder as transformers 4 wrote it: names under `text_model.`, a position_ids buffer, its config."""
    path = os.path.join(model_dir, "model.safetensors")
    state = {"text_model." + k: v for k, v in load_file(path).items()}
    n = case["config"]["max_position_embeddings"]
    state["text_model.embeddings.position_ids"] = torch.arange(n)[None]
    save_file(state, path, metadata={"format": "pt"})
    cfg = case["config"]
    c.write_json(os.path.join(model_dir, "config.json"), {
        "_name_or_path": "", "architectures": ["CLIPTextModel"], "attention_dropout": 0.0,
        "bos_token_id": cfg["bos_token_id"], "dropout": 0.0, "eos_token_id": cfg["eos_token_id"],
        "hidden_act": cfg["hidden_act"], "hidden_size": cfg["hidden_size"], "initializer_factor": 1.0,
        "initializer_range": 0.02, "intermediate_size": cfg["intermediate_size"], "layer_norm_eps": 1e-05,
        "max_position_embeddings": n, "model_type": "clip_text_model",
        "num_attention_heads": cfg["num_attention_heads"], "num_hidden_layers": cfg["num_hidden_layers"],
        "pad_token_id": 1, "projection_dim": 512, "torch_dtype": "float32",
        "transformers_version": "4.25.0.dev0", "vocab_size": cfg["vocab_size"]})


def build(case, out):
    g = c.generator(case["seed"])
    model = c.randomize(CLIPTextModel(CLIPTextConfig(**case["config"])), case["seed"] + 1, GAINS)
    model_dir = os.path.join(out, "model")
    model.save_pretrained(model_dir)
    cfg, rows = case["config"], []
    for length in case["lengths"]:  # a start token, `length` words, the end token, then padding
        words = torch.randint(1, cfg["vocab_size"] - 3 - case.get("added", 0), (length,), generator=g).tolist()
        ids = [case["start"]] + words + [case["end"]]
        rows.append((ids + [case["pad"]] * cfg["max_position_embeddings"])[:case.get("positions", cfg["max_position_embeddings"])])
        rows[-1][-1] = case["end"] if length + 2 > len(rows[-1]) else rows[-1][-1]
    ids = torch.tensor(rows)
    if case.get("added"):  # put an added token (the last row) into every prompt
        ids[:, 2] = cfg["vocab_size"] - 1
    ins = {"in.input_ids": ids, "in.grad_output": c.normal(g, *ids.shape, cfg["hidden_size"])}
    o32, o64 = run(model_dir, ins), run(model_dir, ins, None, torch.float64)
    if case.get("layout") == "transformers 4":
        to_version_4(model_dir, case)
        again = run(model_dir, ins)
        assert all(torch.equal(again[k], o32[k]) for k in o32)
    return c.write_case(out, "clip_text", case["what"], ins, o32, [o64], scalars={
        "start": case["start"], "end": case["end"], "pad": case["pad"], "layout": case.get("layout", "transformers 5"),
        "hidden_act": cfg["hidden_act"], "eos_token_id": cfg["eos_token_id"]})


def draw(r):
    heads, vocabulary = r.choice([1, 2, 3, 4]), r.choice([120, 300, 400])
    positions, start, end = r.choice([77, 77, 16, 40]), vocabulary - 3, vocabulary - 2
    added = r.randint(0, 1)
    start, end = start + 1 - added, end + 1 - added
    eos = r.choice([2, end])
    config = {"max_position_embeddings": positions, "layer_norm_eps": r.choice([1e-5, 1e-5, 1e-6]), "vocab_size": vocabulary,
              "hidden_size": heads * r.choice([4, 8, 10]), "intermediate_size": r.choice([32, 50, 128]), "num_hidden_layers": r.randint(1, 4),
              "num_attention_heads": heads, "hidden_act": r.choice(["gelu", "quick_gelu"]), "bos_token_id": 0 if eos == 2 else start,
              "eos_token_id": eos, "pad_token_id": 1 if eos == 2 else end}
    case = {"config": config, "lengths": [r.choice([0, 1, r.randint(2, positions), positions - 2, positions - 1, 100]) for _ in range(r.randint(1, 4))],
            "start": start, "end": end, "pad": r.choice([0, end])}
    if added:
        case["added"] = 1
    if r.random() < 0.3:
        case["positions"] = r.randint(4, positions)
    return case | ({"layout": "transformers 4"} if r.random() < 0.5 and config["layer_norm_eps"] == 1e-5 else {})
