"""CLIP's tokenizer: strings to ids, with the real vocabulary and with a small one.

The expected ids are those of transformers' CLIPTokenizer (version 5: the Rust `tokenizers` library). The vocabulary is
the one inside the Python package `open-clip-torch` (only the file is read).
"""
import gzip
import importlib.util
import json
import os
from collections import Counter

import torch
from transformers import CLIPTokenizer

import common as c

START, END = "<|startoftext|>", "<|endoftext|>"


def byte_characters():
    """GPT-2's printable stand-in for each byte, in the order CLIP numbers them."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {b: chr(b) for b in keep}
    for b in range(256):
        if b not in table:
            table[b] = chr(256 + len(table) - len(keep))
    return table


def real_merges():
    spec = importlib.util.find_spec("open_clip")
    path = os.path.join(spec.submodule_search_locations[0], "bpe_simple_vocab_16e6.txt.gz")
    with gzip.open(path, "rt", encoding="utf-8") as f:
        lines = f.read().split("\n")
    return [tuple(x.split()) for x in lines[1:49152 - 256 - 2 + 1]]


def train_merges(text, count):
    """Plain byte-pair training on whitespace-separated lower-case words."""
    table = byte_characters()
    words = Counter(text.lower().split())
    split = {w: [table[b] for b in w.encode()] for w in words}
    for s in split.values():
        s[-1] += "</w>"
    merges = []
    while len(merges) < count:
        pairs = Counter()
        for w, n in words.items():
            for p in zip(split[w], split[w][1:]):
                pairs[p] += n
        if not pairs:
            break
        best = max(pairs, key=lambda p: (pairs[p], p))
        merges.append(best)
        for w, s in split.items():
            i = 0
            while i + 1 < len(s):
                if (s[i], s[i + 1]) == best:
                    s[i:i + 2] = ["".join(best)]
                i += 1
    return merges


def write_tokenizer(folder, merges, pad, files=True):
    """vocab.json, merges.txt, tokenizer_config.json, special_tokens_map.json, as published models hold them."""
    os.makedirs(folder)
    tok = lambda s: {"content": s, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}  # noqa: E731
    if files:
        chars = list(byte_characters().values())
        names = chars + [x + "</w>" for x in chars] + ["".join(m) for m in merges] + [START, END]
        with open(os.path.join(folder, "vocab.json"), "w", encoding="utf-8") as f:
            json.dump({n: i for i, n in enumerate(names)}, f, ensure_ascii=False)
        with open(os.path.join(folder, "merges.txt"), "w", encoding="utf-8") as f:
            f.write("#version: 0.2\n" + "\n".join(" ".join(m) for m in merges) + "\n")
    c.write_json(os.path.join(folder, "special_tokens_map.json"),
                 {"bos_token": tok(START), "eos_token": tok(END), "pad_token": pad, "unk_token": tok(END)})
    typed = lambda s: {"__type": "AddedToken", **tok(s)}  # noqa: E731
    c.write_json(os.path.join(folder, "tokenizer_config.json"),
                 {"add_prefix_space": False, "bos_token": typed(START), "do_lower_case": True, "eos_token": typed(END),
                  "errors": "replace", "model_max_length": 77, "pad_token": pad, "tokenizer_class": "CLIPTokenizer",
                  "unk_token": typed(END)})


def load(model_dir, pad):
    t = CLIPTokenizer(vocab=os.path.join(model_dir, "vocab.json"), merges=os.path.join(model_dir, "merges.txt"),
                      pad_token=pad, model_max_length=77)
    return t


def encode(model_dir, texts, added):
    sd1, sd2 = load(model_dir, END), load(model_dir, "!")
    added_ids = []
    for t in (sd1, sd2):
        t.add_tokens(added)
        added_ids = [t.convert_tokens_to_ids(a) for a in added]
    plain = [sd1(x, truncation=False, verbose=False).input_ids for x in texts]
    pad = lambda t: torch.tensor([t(x, padding="max_length", truncation=True, max_length=77).input_ids for x in texts])  # noqa: E731
    other = [sd2(x, truncation=False, verbose=False).input_ids for x in texts]
    return plain, other, {"out.ids_sd1": pad(sd1), "out.ids_sd2": pad(sd2)}, added_ids


def build(case, out):
    model_dir = os.path.join(out, "model")
    merges = real_merges() if case["vocabulary"] == "clip" else train_merges(case["training_text"], case["merges"])
    write_tokenizer(model_dir, merges, END)
    write_tokenizer(os.path.join(out, "model_sd2"), merges, "!", files=False)
    texts, added = case["strings"], case.get("added_tokens", [])
    plain, other, padded, added_ids = encode(model_dir, texts, added)
    rows = [{"text": t, "ids": i} | ({"ids_sd2": j} if j != i else {}) for t, i, j in zip(texts, plain, other)]
    extra = {"scalars": {"vocabulary": len(merges) + 514, "start": len(merges) + 512, "end": len(merges) + 513,
                         "added": dict(zip(added, added_ids)), "strings": len(texts), "differ_between_sd1_and_sd2": sum("ids_sd2" in r for r in rows)}}
    with open(os.path.join(out, "strings.json"), "w", encoding="utf-8") as f:
        f.write("[\n" + ",\n".join(json.dumps(r, ensure_ascii=True) for r in rows) + "\n]\n")
    return c.write_case(out, "tokenizer", case["what"], {}, padded, extra=extra)


def check(path, case):
    rows = c.read_json(os.path.join(path, "strings.json"))
    added = list(case["scalars"]["added"])
    plain, other, padded, _ = encode(os.path.join(path, "model"), [r["text"] for r in rows], added)
    assert plain == [r["ids"] for r in rows] and other == [r.get("ids_sd2", r["ids"]) for r in rows]
    _, want = c.load_io(path)
    assert all(torch.equal(padded[k], want[k]) for k in want)
    return f"{len(rows)} strings"


SCRIPTS = [(0x20, 0x7E)] * 6 + [(0xA0, 0x17F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x590, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F),
           (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2100, 0x218F), (0x2460, 0x24FF), (0x3000, 0x30FF), (0x4E00, 0x9FFF),
           (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFB00, 0xFDFF), (0xFE00, 0xFFFD), (0x10400, 0x1044F), (0x1D400, 0x1D7FF), (0x1F300, 0x1FAFF),
           (0x20000, 0x2FA1F), (0, 0x2FFFF)]
PIECES = ["<new1>", "<NEW1>", "<new2>", "<|startoftext|>", "<|endoftext|>", "<|ENDOFTEXT|>", "</w>", "!", "!!!", "'s", "'LL", "'re", " ", "  ",
          "\n", "\t", "\u00a0", "\u3000", "\u200b", "\u0301", "\u0345", "\u0130", "\ufb03", "\u1e9e", "\u03a3", "1", "\u00bd", "\u2460", "a photo of a", "dog", "\U0001F436", "\u00e9", "e\u0301"]


def draw_text(r):
    def piece():
        if r.random() < 0.4:
            return r.choice(PIECES)
        low, high = r.choice(SCRIPTS)
        points = [r.randint(low, high) for _ in range(r.randint(1, 6))]
        return "".join(chr(p) for p in points if not 0xD800 <= p < 0xE000)
    return "".join(piece() + r.choice(["", "", " "]) for _ in range(r.choice([1, 2, 5, 20, 200])))


def draw(r):
    case = {"strings": [draw_text(r) for _ in range(300)], "added_tokens": r.choice([[], ["<new1x>", "<new2>"], ["<new1x>", "\u00c9t\u00e9zz"]])}
    if r.random() < 0.5:
        return case | {"vocabulary": "clip"}
    return case | {"vocabulary": "small", "training_text": " ".join(draw_text(r) for _ in range(20)), "merges": r.randint(5, 100)}
