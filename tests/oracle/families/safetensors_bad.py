"""Malformed and odd safetensors files, and what the safetensors library makes of each."""
import json
import os
import random
import struct

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import common as c


def pack(header, body=b"", pad=0, length=None):
    h = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    h += b" " * pad
    return struct.pack("<Q", len(h) if length is None else length) + h + body


def t(dtype="F32", shape=(2, 3), offsets=(0, 24), **extra):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **extra}


def bad_files(seed):
    r = random.Random(seed)
    data = np.arange(6, dtype="<f4").tobytes()
    good = pack({"a": t()}, data)
    hlen = struct.unpack("<Q", good[:8])[0]
    deep = "[" * 5000 + "]" * 5000
    big = 2**63
    return {
        "empty_file": b"",
        "three_bytes": b"abc",
        "eight_bytes_zero": bytes(8),
        "length_only": good[:8],
        "length_zero": pack(b"", data),
        "length_beyond_file": pack({"a": t()}, data, length=10**6),
        "length_maximal": pack({"a": t()}, data, length=2**64 - 1),
        "length_negative": pack({"a": t()}, data, length=2**63),
        "length_over_limit": struct.pack("<Q", 100_000_001) + b"{" + b" " * 64,
        "length_one_short": pack({"a": t()}, data, length=hlen - 1),
        "length_one_long": pack({"a": t()}, data, length=hlen + 1),
        "header_truncated": good[:8 + hlen // 2],
        "body_truncated": good[:-1],
        "body_missing": good[:8 + hlen],
        "trailing_byte": good + b"\0",
        "trailing_data": good + bytes(r.randrange(5, 40)),
        "header_not_json": pack(b"this is no json at all", data),
        "header_array": pack(b"[1,2,3]", data),
        "header_null": pack(b"null", data),
        "header_not_utf8": pack(b'{"\xff\xfe":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}', data),
        "header_starts_with_space": pack(b" " + json.dumps({"a": t()}).encode(), data),
        "header_utf16": pack(json.dumps({"a": t()}).encode("utf-16"), data),
        "header_trailing_garbage": pack(json.dumps({"a": t()}).encode() + b"x", data),
        "header_two_objects": pack(json.dumps({"a": t()}).encode() * 2, data),
        "header_deep_nesting": pack(b'{"a":' + deep.encode() + b"}", data),
        "header_unclosed": pack(json.dumps({"a": t()}).encode()[:-1], data),
        "duplicate_key": pack(b'{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},'
                              b'"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}', data),
        "overlap": pack({"a": t(shape=(4,), offsets=(0, 16)), "b": t(shape=(4,), offsets=(8, 24))}, data),
        "overlap_same": pack({"a": t(), "b": t()}, data),
        "hole": pack({"a": t(shape=(2,), offsets=(0, 8)), "b": t(shape=(2,), offsets=(16, 24))}, data),
        "hole_at_start": pack({"a": t(shape=(4,), offsets=(8, 24))}, data),
        "offsets_reversed": pack({"a": t(offsets=(24, 0))}, data),
        "offsets_beyond_body": pack({"a": t(shape=(8,), offsets=(0, 32))}, data),
        "offset_negative": pack({"a": t(offsets=(-24, 0))}, data),
        "offset_float": pack({"a": t(offsets=(0.5, 24))}, data),
        "offset_overflow": pack({"a": t(shape=(6,), offsets=(big, big + 24))}, data),
        "offset_too_big_for_64_bits": pack(b'{"a":{"dtype":"F32","shape":[6],"data_offsets":[0,36893488147419103232]}}', data),
        "offsets_three": pack({"a": t(offsets=(0, 12, 24))}, data),
        "shape_too_small": pack({"a": t(shape=(2, 2))}, data),
        "shape_too_large": pack({"a": t(shape=(2, 4))}, data),
        "shape_overflow": pack({"a": t(shape=(2**32, 2**32, 2))}, data),
        "shape_overflow_to_right_size": pack({"a": t(shape=(2**62, 4, 6), offsets=(0, 0))}),
        "shape_negative": pack({"a": t(shape=(-2, -3))}, data),
        "shape_float": pack({"a": t(shape=(2.0, 3))}, data),
        "shape_string": pack({"a": {"dtype": "F32", "shape": "2,3", "data_offsets": [0, 24]}}, data),
        "dtype_unknown": pack({"a": t(dtype="F33")}, data),
        "dtype_lower_case": pack({"a": t(dtype="f32")}, data),
        "dtype_wrong_size": pack({"a": t(dtype="F64")}, data),
        "dtype_missing": pack({"a": {"shape": [2, 3], "data_offsets": [0, 24]}}, data),
        "shape_missing": pack({"a": {"dtype": "F32", "data_offsets": [0, 24]}}, data),
        "offsets_missing": pack({"a": {"dtype": "F32", "shape": [2, 3]}}, data),
        "metadata_not_strings": pack({"__metadata__": {"n": 3}, "a": t()}, data),
        "metadata_nested": pack({"__metadata__": {"n": {"m": "x"}}, "a": t()}, data),
        "zip_file": b"PK\x03\x04" + bytes(60),
        "pickle_file": b"\x80\x02}q\x00." + bytes(60),
    }


def odd_files(seed):
    g = c.generator(seed)
    f = c.normal(g, 3, 4)
    i = torch.randint(-100, 100, (5,), generator=g)
    data = np.arange(6, dtype="<f4").tobytes()
    return {
        "scalar": {"s": torch.tensor(2.5), "i": torch.tensor(-7)},
        "empty_tensor": {"e": torch.zeros(0), "f": torch.zeros(3, 0, 2), "a": f.clone()},
        "float_types": {"f64": f.double(), "f32": f.clone(), "f16": f.half(), "bf16": f.bfloat16()},
        "integer_types": {"i64": i, "i32": i.int(), "i16": i.short(), "i8": i.to(torch.int8), "u8": i.abs().to(torch.uint8),
                          "bool": i > 0},
        "special_values": {"v": torch.tensor([float("nan"), float("inf"), -float("inf"), -0.0, 1e-45, 3.4e38])},
        "unicode_names": {"größe": f.clone(), "名前": f.clone(), "a b\n\"c\"\\": f.clone(), "": f.clone()},
        "no_tensors": pack({}),
        "no_tensors_metadata": pack({"__metadata__": {"format": "pt", "x": "é\u0000\"\\"}}),
        "padded_header": pack({"a": t()}, data, pad=37),
        "unaligned_header": pack({"ab": t()}, data, pad=3),
        "data_before_in_order": pack({"b": t(shape=(3,), offsets=(12, 24)), "a": t(shape=(3,), offsets=(0, 12))}, data),
        "unaligned_data": pack({"a": t(dtype="U8", shape=(3,), offsets=(0, 3)), "b": t(shape=(2,), offsets=(3, 11)),
                                "c": t(dtype="F64", shape=(1,), offsets=(11, 19))}, bytes(range(19))),
        "whitespace_in_header": pack(json.dumps({"a": t()}, indent=3).encode(), data),
        "escaped_name": pack(b'{"\\u0061\\/\\n":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}', data),
        "extra_field": pack({"a": t(note="ignored")}, data),
        "zero_tensor_between": pack({"a": t(shape=(3,), offsets=(0, 12)), "z": t(shape=(0,), offsets=(12, 12)),
                                     "b": t(shape=(3,), offsets=(12, 24))}, data),
    }


def attempt(path):
    """What the library says: an error text, or the contents."""
    try:
        with safe_open(path, framework="pt") as f:
            meta = f.metadata()
        return None, load_file(path), meta
    except Exception as e:  # noqa: BLE001
        return f"{type(e).__name__}: {e}", None, None


def describe(tensors):
    return {k: {"dtype": str(v.dtype)[6:], "shape": list(v.shape),
                "bytes": v.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes().hex() if v.numel() else ""}
            for k, v in sorted(tensors.items())}


def build(case, out):
    folder = os.path.join(out, "files")
    os.makedirs(folder)
    rejected, accepted, either = {}, {}, {}
    bad, odd = bad_files(case["seed"]), odd_files(case["seed"])
    for group in (bad, odd):
        for name, content in group.items():
            if case.get("names") and name not in case["names"]:
                continue
            path = os.path.join(folder, name + ".safetensors")
            if isinstance(content, dict):
                save_file(content, path, metadata={"format": "pt"})
            else:
                with open(path, "wb") as f:
                    f.write(content)
            error, tensors, meta = attempt(path)
            if error:
                rejected[name] = error
            else:  # what the format's text forbids but the library takes may be taken or refused
                (either if name in bad else accepted)[name] = {"metadata": meta, "tensors": describe(tensors)}
    assert not set(odd) & set(rejected), set(odd) & set(rejected)
    c.write_json(os.path.join(out, "expected.json"), {"rejected": rejected, "accepted": accepted, "either": either})
    return c.write_case(out, "safetensors_bad", case["what"], scalars={
        "rejected": len(rejected), "accepted": len(accepted), "either": len(either)})


def check(path, case):
    want = c.read_json(os.path.join(path, "expected.json"))
    for name in want["rejected"]:  # which of two bad tensors is named in the message is not deterministic
        assert attempt(os.path.join(path, "files", name + ".safetensors"))[0], name
    for name, w in (want["accepted"] | want["either"]).items():
        error, tensors, meta = attempt(os.path.join(path, "files", name + ".safetensors"))
        assert error is None and meta == w["metadata"] and describe(tensors) == w["tensors"], name
    return f"{len(want['rejected'])} rejected, {len(want['accepted'])} accepted"


def draw(r):
    return {}
