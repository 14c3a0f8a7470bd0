"""The Nth write, fsync, rename, open or mkdir in a run's folder fails: the reason is said, and the run goes on when the
fault is gone; or only something that the run can do without is missing, and that is said."""
import tracing
from harness import differences, ended, ends_equal, said

RUN = {"steps": 2, "every": 1, "preview": 1}
ERRORS = {"write": "ENOSPC", "writev": "ENOSPC", "fsync": "EIO", "fdatasync": "EIO", "rename": "EIO", "renameat": "EIO",
          "renameat2": "EIO", "openat": "ENOSPC", "open": "ENOSPC", "mkdir": "EDQUOT", "mkdirat": "EDQUOT"}
REASONS = {"ENOSPC": "No space left on device", "EIO": "Input/output error", "EDQUOT": "Disk quota exceeded"}
SPARE = ("previews/", "learning-curve.png")  # what a run can do without


def lists_what_is_there(reference, out):
    """The manifest lacks what could not be made, and nothing else."""
    wanted, found = ({name for name in (run / "files.txt").read_text().splitlines() if not name.startswith("events.")}
                     for run in (reference, out))
    return found <= wanted and not any((out / name).exists() for name in wanted - found)


@tracing.needed
def cases(lab, options):
    out = lab.fresh("run")
    done = lab.run(tracing.traced(lab, lab.train(out, "--resume", **RUN)))
    assert done.code == 0, done.text
    places = [call for call in tracing.calls(lab)
              if call[0] in ERRORS and str(out) in call[2] and " = -1 " not in call[2]]
    lab.counts["places"] = len(places)
    for place in tracing.kinds_first(places, options, 20):
        yield f"{place[0]} {place[1]}", lambda place=place: one(lab, *place)


def one(lab, name, count, line):
    reference, _ = lab.reference(**RUN)
    out = lab.fresh("run")
    command = lab.train(out, "--resume", **RUN)
    done = lab.run(tracing.traced(lab, command, f"{name}:error={ERRORS[name]}:when={count}"))
    where, reason = f"{ERRORS[name]} at {tracing.short(line, out)}", REASONS[ERRORS[name]]
    if done.code == 0:
        lab.counts["runs that a failure did not stop"] += 1
        different = differences(reference, out)
        lost = [d for d in different.split(", ") if different and not d.startswith(SPARE)
                and not (d.startswith("files.txt ") and lists_what_is_there(reference, out))]
        if lost:
            return f"{where}: exit code 0, but {', '.join(lost)}"
        return different and "no " not in done.text and f"{where}: exit code 0, and not a word of {different}"
    if done.code != 2 or "internal error" in done.text:
        return f"{where}: {ended(done)}: {said(done.text, out)}"
    if reason not in done.text:
        return f"{where}: the reason is not said: {said(done.text, out)}"
    lab.counts["runs that stopped with the reason"] += 1
    why = ends_equal(lab, command, reference, out)
    return why and f"{where}: {why}"
