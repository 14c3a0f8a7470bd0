"""What a power cut or a hand leaves in a run's folder: rows lost or torn, checkpoints that are none, empty files.
Either the run ends with the files of an undisturbed one, or one line says what is wrong."""
import shutil
import struct

from harness import checkpoints, differences, ended, ends_equal, refused, rows, said, wait_for

RUN = {"steps": 6, "every": 2, "preview": 3}


def cases(lab, _):
    def metrics(change):
        def act(out):
            file = out / "metrics.csv"
            file.write_bytes(b"".join(change(file.read_bytes().splitlines(True))))
        return act

    equal = {  # the run stands at step 4 of 6, rows 1 to 6 are written
        "last row torn": metrics(lambda l: l[:5] + [l[5][:9]]),
        "last row torn with a line break": metrics(lambda l: l[:5] + [l[5][:9] + b"\n"]),
        "rows beyond the checkpoint": metrics(lambda l: l),
        "zeros beyond the checkpoint": metrics(lambda l: l[:5] + [b"\0" * 4096]),
        "a draft of a checkpoint": lambda out: (out / "checkpoints" / ".step-5").mkdir(),
        "an event file cut in a record": lambda out: cut(next(out.glob("events.out.*")), 7),
        "summary.json and adapters.json missing": lambda out: None}
    for name, act in equal.items():
        yield name, lambda act=act: goes_on(lab, act, "")
    told = {  # what the run cannot know again, by the word that must be said
        "rows before the checkpoint lost": (metrics(lambda l: l[:3]), "metrics.csv"),
        "a row before the checkpoint lost": (metrics(lambda l: l[:2] + l[3:]), "metrics.csv"),
        "a row before the checkpoint torn": (metrics(lambda l: l[:2] + [l[2][:9] + b"\n"] + l[3:]), "metrics.csv"),
        "zeros before the checkpoint": (metrics(lambda l: l[:3] + [b"\0" * 100 + b"\n"]), "metrics.csv"),
        "metrics.csv missing": (lambda out: (out / "metrics.csv").unlink(), "metrics.csv"),
        "metrics.csv empty": (lambda out: cut(out / "metrics.csv", None), "metrics.csv"),
        "another table": (metrics(lambda l: [b"step,x\n"] + l[1:]), "metrics.csv"),
        "newest checkpoint cut": (lambda out: cut(state(out, 4), 1000), "step-4"),
        "newest checkpoint empty": (lambda out: cut(state(out, 4), None), "step-4"),
        "newest checkpoint without its state": (lambda out: state(out, 4).unlink(), "step-4"),
        "an empty step-5": (lambda out: (out / "checkpoints" / "step-5").mkdir(), "step-5"),
        "the state of step 2 in step-4": (lambda out: shutil.copy(state(out, 2), state(out, 4)), "step-4"),
        "previews of the beginning missing": (lambda out: shutil.rmtree(out / "previews"), "before"),
        "config.json empty": (lambda out: cut(out / "config.json", None), "config.json"),
        "config.json cut": (lambda out: cut(out / "config.json", 500), "config.json"),
        "files.txt with a path": (lambda out: (out / "files.txt").write_text("../../x\n"), "files.txt")}
    for name, (act, word) in told.items():
        yield name, lambda act=act, word=word: goes_on(lab, act, word)
    yield "a resumed run in TensorBoard", lambda: steps_once(lab)


def state(out, step):
    return out / "checkpoints" / f"step-{step}" / "state.safetensors"


def cut(file, count):
    """Without its last bytes; None: without any."""
    data = file.read_bytes()
    file.write_bytes(data[:len(data) - count] if count else b"")


def goes_on(lab, act, word):
    reference, _ = lab.reference("--keep-checkpoints", 3, **RUN)
    out = lab.copy(reference, "run")
    shutil.rmtree(out / "checkpoints" / "step-6")
    for name in ("summary.json", "adapters.json"):
        (out / name).unlink()
    act(out)
    done = lab.run([lab.bin / "opad", "--resume", out])
    if word and word not in done.text.replace("going on from", ""):
        return f"not a word of {word}; {ended(done)}: {said(done.text, out)}"
    if done.code != 0:
        return refused(done, word) if word else f"{ended(done)}: {said(done.text, out)}"
    if word == "metrics.csv":  # said, and what is lost is lost
        return ""
    different = [d for d in differences(reference, out).split(", ") if d]
    if word == "before":  # pictures that nobody can make again
        different = [d for d in different if not d.startswith("previews/")]
    return ", ".join(different) or ("" if (out / "summary.json").exists() else "summary.json missing")


# ---- TensorBoard -----------------------------------------------------------------------------------------------------
def steps_once(lab):
    run = {"steps": 8, "every": 4, "preview": 0}
    reference, _ = lab.reference(**run)
    out = lab.fresh("run")
    process = lab.start(lab.train(out, "--resume", **run))
    wait_for(process, lambda: rows(out) >= 6)  # two rows beyond the checkpoint
    if process.poll() is None:
        lab.kill(process)
    lost = rows(out), checkpoints(out)
    if why := ends_equal(lab, lab.train(out, "--resume", **run), reference, out):
        return why
    steps = scalar_steps(out)
    twice = sorted({s for s in steps if steps.count(s) > 1})
    if twice or sorted(steps) != list(range(1, run["steps"] + 1)):
        return f"killed at rows, checkpoints {lost}: TensorBoard shows the steps {steps}"
    return ""


def scalar_steps(run):
    """The steps that TensorBoard shows of the first scalar: files in the order of their names; where an event says that
    a session starts at a step (session_log, START), what was shown from there on is forgotten."""
    shown, tag = [], None
    for file in sorted(run.glob("events.out.*")):
        data, at = file.read_bytes(), 0
        while at + 12 <= len(data):  # u64 length, u32 checksum, event, u32 checksum
            size = struct.unpack_from("<Q", data, at)[0]
            event = fields(data[at + 12:at + 12 + size])
            at += 16 + size
            step = event.get(2, 0)
            if 7 in event and fields(event[7]).get(1) == 1:
                shown = [s for s in shown if s < step]
            if 5 in event and (value := fields(event[5]).get(1)) is not None:
                name = fields(value).get(1)
                tag = tag or (name if 2 in fields(value) else None)
                if tag and name == tag:
                    shown.append(step)
    return shown


def fields(data):
    """The fields of a protocol buffer by number; of repeated ones the first."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value
    while at < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            value = varint()
        else:
            size = varint() if kind == 2 else 8 if kind == 1 else 4
            value, at = data[at:at + size], at + size
        found.setdefault(key >> 3, value)
    return found
