"""The disk is full (a small tmpfs), or a file may not grow (ulimit -f): the reason is said, and with room again the run
goes on."""
import contextlib
import signal
import subprocess

from harness import Skip, ended, ends_equal, said


def cases(lab, options):
    sizes = (4, 16, 40, 80, 160, 300, 340, 400, 600, 700, 800, 900, 1000, 1100, 1200, 1300)
    for size in sizes if options.all else (40, 400, 1000):
        yield f"{size} KiB", lambda size=size: on_small_disk(lab, f"size={size}k")
    for inodes in (2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 24) if options.all else (10,):
        yield f"{inodes} inodes", lambda inodes=inodes: on_small_disk(lab, f"size=64m,nr_inodes={inodes}")
    for size in (1, 8, 32, 64, 100, 300) if options.all else (8, 300):
        yield f"files of {size} KiB", lambda size=size: with_small_files(lab, size << 10)


@contextlib.contextmanager
def disk(lab, options):
    mount = lab.fresh("disk")
    mount.mkdir()
    done = lab.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", mount])
    if done.code != 0:
        raise Skip("no right to mount a tmpfs here")
    try:
        yield mount
    finally:
        subprocess.run(["umount", "-l", str(mount)], check=False)


def on_small_disk(lab, size):
    reference, _ = lab.reference()
    with disk(lab, size) as mount:
        out = mount / "run"
        command = lab.train(out, "--resume")
        done = lab.run(command)
        if done.code != 0:
            if done.code != 2 or "No space left on device" not in done.text and "disk full" not in done.text:
                return f"{ended(done)}: {said(done.text, out)}"
            lab.counts["full disks"] += 1
        lab.run(["mount", "-o", "remount,size=64m,nr_inodes=10000", mount])
        return ends_equal(lab, command, reference, out) if done.code != 0 else ""


def with_small_files(lab, size):
    """Without a handler the system ends such a program with SIGXFSZ."""
    reference, _ = lab.reference()
    out = lab.fresh("run")
    command = lab.train(out, "--resume")
    # what it says goes into a pipe, which has no limit
    process = lab.start(command, file_size=size, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    text = process.communicate()[1].decode(errors="replace")
    if process.returncode not in (2, -signal.SIGXFSZ):
        return f"exit code {process.returncode}: {said(text, out)}"
    lab.counts["files at their limit"] += 1
    return ends_equal(lab, command, reference, out)
