"""System calls of a program's main thread, listed, and made to kill or to fail (strace)."""
import functools
import re
import shutil

from harness import Skip

# names of other architectures too: strace passes over what this one has not
CALLS = ("openat,?open,?mkdir,mkdirat,write,?writev,?pwrite64,fsync,?fdatasync,?rename,?renameat,?renameat2,?unlink,"
         "unlinkat,?rmdir,ftruncate,close,getdents64")


def traced(lab, command, inject=None):
    return ["strace", "-y", "-s", "0", "-o", lab.work / "calls", "-e", "trace=" + CALLS,
            *(["-e", "inject=" + inject] if inject else []), *command]


def check(lab):
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    if lab.run(["strace", "-o", "/dev/null", "true"]).code != 0:
        raise Skip("strace is not allowed here")


def needed(cases):
    """The cases of a kind that needs strace; without it one case, which says so."""
    @functools.wraps(cases)
    def checked(lab, options):
        try:
            check(lab)
        except Skip as skip:
            def say(skip=skip):
                raise skip
            yield "all", say
            return
        yield from cases(lab, options)
    return checked


def calls(lab):
    """Of the program that was traced last: (name, how many of that name so far, line)."""
    seen, found = {}, []
    for line in (lab.work / "calls").read_text(errors="replace").splitlines():
        if name := re.match(r"(\w+)\(", line):
            seen[name[1]] = seen.get(name[1], 0) + 1
            found.append((name[1], seen[name[1]], line))
    return found


def spread(places, options, few):
    """All places with --all, else so many, from the first to the last."""
    count = options.runs or few
    if options.all or len(places) <= count:
        return places
    return [places[round(i * (len(places) - 1) / (count - 1))] for i in range(count)]


def kinds_first(places, options, few):
    """All places with --all, else so many, of every name of a call alike."""
    if options.all:
        return places
    by_name = {}
    for place in places:
        by_name.setdefault(place[0], []).append(place)
    each = max(1, (options.runs or few) // max(1, len(by_name)))
    return [place for group in by_name.values() for place in spread(group, options, 10**9)[::-(-len(group) // each)]]


def short(line, out):
    """A call without the folder's path, its buffers and its result."""
    return re.sub(r'""\.\.\.', "..", line.replace(str(out), "R"))[:90]
