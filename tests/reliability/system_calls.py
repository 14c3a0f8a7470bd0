"""SIGKILL at every system call of a checkpoint's save and of --overwrite: some plain command must accept the folder,
and end with the files of a run that was not disturbed."""
import tracing
from harness import ended, ends_equal, said

RUN = {"steps": 2, "every": 1, "preview": 0}
KEEP = ("--keep-checkpoints", 1)


@tracing.needed
def cases(lab, options):
    for what, few, places in (("save", 8, save_places(lab)), ("overwrite", 8, overwrite_places(lab))):
        lab.counts[f"places of {what}"] = len(places)
        for place in tracing.spread(places, options, few):
            yield f"{what} {place[0]} {place[1]}", lambda what=what, place=place: one(lab, what, place)


def begin(lab, what):
    """-> the run's folder, the command that will be killed"""
    if what == "save":
        out = lab.fresh("run")
        return out, lab.train(out, "--resume", *KEEP, **RUN)
    out = lab.copy(lab.reference(*KEEP, **RUN)[0], "run")
    (out / "notes.txt").write_text("somebody's own")
    return out, lab.train(out, "--overwrite", *KEEP, **RUN)


def trace(lab, what):
    out, command = begin(lab, what)
    done = lab.run(tracing.traced(lab, command))
    assert done.code == 0, done.text
    return out, tracing.calls(lab)


def save_places(lab):
    """From the draft of step 2 until step 1 is dropped."""
    out, calls = trace(lab, "save")
    of_save = [i for i, call in enumerate(calls) if "/checkpoints/" in call[2]]
    first = next(i for i, call in enumerate(calls) if "/checkpoints/.step-2" in call[2])
    return calls[first:of_save[-1] + 2]


def overwrite_places(lab):
    """Everything that touches the folder, until the new run writes its first preview."""
    out, calls = trace(lab, "overwrite")
    end = next(i for i, call in enumerate(calls) if call[0].startswith("mkdir") and "previews" in call[2])
    return [call for call in calls[:end + 1] if str(out) in call[2]]


def one(lab, what, place):
    reference, _ = lab.reference(*KEEP, **RUN)
    name, count, line = place
    out, command = begin(lab, what)
    done = lab.run(tracing.traced(lab, command, f"{name}:signal=KILL:when={count}"))
    where = f"killed at {tracing.short(line, out)}"
    if done.code is None or done.code >= 0:
        return f"{where}: was not killed, {ended(done)}: {said(done.text, out)}"
    lab.counts["kills"] += 1
    if what == "overwrite":
        if not (out / "notes.txt").exists():
            return f"{where}: a file that is not the run's is gone"
        (out / "notes.txt").unlink()
    tried = []
    for words in ([*KEEP, "--resume"], [*KEEP], [*KEEP, "--overwrite"]):
        why = ends_equal(lab, lab.train(out, *words, **RUN), reference, out)
        if not why:
            lab.counts["folders that the first command tried accepts"] += not tried
            return ""
        tried.append(f"{words[-1] if len(words) > 2 else 'no option'}: {why}")
    return f"{where}: {'; '.join(tried)}"
