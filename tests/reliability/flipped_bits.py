"""One flipped bit in the newest checkpoint: it is named, the one before it is used, and the run ends as if nothing had
been. One in an adapter: generate refuses and names it. Files from before there were checksums still load."""
import json
import random

from harness import differences, ended, refused, said

RUN = {"steps": 3, "every": 1, "preview": 0}
STATE = "checkpoints/step-3/state.safetensors"


def cases(lab, options):
    count = options.runs or 8
    for i in range(count):
        yield f"checkpoint {i}", lambda i=i: in_checkpoint(lab, random.Random(f"checkpoint {options.seed}/{i}"), i)
    for i in range(count):
        yield f"adapter {i}", lambda i=i: in_adapter(lab, random.Random(f"adapter {options.seed}/{i}"), i)
    yield "checkpoint without checksums", lambda: old_checkpoint(lab)
    yield "adapters without checksums", lambda: old_adapters(lab)


def flip(file, rng, in_header):
    """Flips a bit of the header or of the numbers.  -> where"""
    data = bytearray(file.read_bytes())
    header = 8 + int.from_bytes(data[:8], "little")
    at, bit = rng.randrange(header) if in_header else rng.randrange(header, len(data)), rng.randrange(8)
    data[at] ^= 1 << bit
    file.write_bytes(data)
    return f"bit {bit} of byte {at} ({'header' if in_header else 'numbers'})"


def unfinished(lab):
    """A run with three checkpoints whose adapters are not written yet."""
    reference, _ = lab.reference("--keep-checkpoints", 3, **RUN)
    out = lab.copy(reference, "run")
    for name in ("adapters.json", "summary.json"):
        (out / name).unlink()
    return reference, out


def in_checkpoint(lab, rng, i):
    reference, out = unfinished(lab)
    where = flip(out / STATE, rng, i % 3 == 0)
    done = lab.run([lab.bin / "opad", "--resume", out])
    if done.code != 0:
        return f"{where}: {ended(done)}: {said(done.text, out)}"
    if STATE not in done.text or "going on from step 2" not in done.text:
        return f"{where}: not noticed"
    lab.counts["flips in checkpoints found"] += 1
    different = differences(reference, out)
    return different and f"{where}: {different}"


def in_adapter(lab, rng, i):
    reference, _ = lab.reference("--keep-checkpoints", 3, **RUN)
    adapters = lab.fresh("adapters")
    adapters.mkdir()
    for file in ["adapters.json", "config.json", *(p.name for p in reference.glob("*.safetensors"))]:
        (adapters / file).write_bytes((reference / file).read_bytes())
    file = adapters / ("<new1>.safetensors" if i % 2 else "pytorch_custom_diffusion_weights.safetensors")
    where = f"{file.name}: {flip(file, rng, i % 3 == 0)}"
    why = refused(lab.run(lab.generate(adapters, lab.fresh("pictures"))), file.name)
    lab.counts["flips in adapters found"] += not why
    return why and f"{where}: {why}"


def without_metadata(file):
    data = file.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    if not header.pop("__metadata__", None):
        return False
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write_bytes(len(text).to_bytes(8, "little") + text + data[end:])
    return True


def old_checkpoint(lab):
    reference, out = unfinished(lab)
    if not without_metadata(out / STATE):
        return "a checkpoint holds no checksums"
    done = lab.run([lab.bin / "opad", "--resume", out])
    if done.code != 0 or "going on from step" in done.text:
        return f"{ended(done)}: {said(done.text, out)}"
    different = ", ".join(d for d in differences(reference, out).split(", ") if d and not d.startswith(STATE))
    return different


def old_adapters(lab):
    reference, _ = lab.reference("--keep-checkpoints", 3, **RUN)
    old = lab.copy(reference, "run")
    if not all([without_metadata(file) for file in old.glob("*.safetensors")]):
        return "an adapter holds no checksums"
    pictures = []
    for adapters in (reference, old):
        out = lab.fresh(f"pictures-{len(pictures)}")
        done = lab.run(lab.generate(adapters, out))
        if done.code != 0:
            return f"{ended(done)}: {said(done.text, old)}"
        pictures.append((out / "0-0.png").read_bytes())
    return "" if pictures[0] == pictures[1] else "another picture"
