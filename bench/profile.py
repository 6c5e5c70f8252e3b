#!/usr/bin/env python3
"""Where the time of a benchmark goes, by function and by area.

usage: profile.py [--top N] -- COMMAND...

Runs the command again under `perf record` (samples of the CPU clock, no call graphs), so that the
figures measured before are not disturbed, and sums up what `perf report` says. A function's share is
its own, without what it calls: memory copied or compared counts where the thread is told, not why.
"""

import argparse
import collections
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

SAMPLES_PER_S = 999  # per CPU; not a divisor of any timer's rate

# The first that fits, in this order: area, thread, shared object, symbol.
AREAS = [(area, re.compile(thread), re.compile(dso), re.compile(symbol)) for area, thread, dso, symbol in (
    ("kernel", "", r"^\[kernel|^\[guest", ""),
    ("flush, compaction", r"^rocksdb:", "", ""),
    ("malloc", "", "jemalloc", ""),
    ("malloc", "", r"^libc\.so", r"^_?_?(malloc|free|calloc|realloc|int_malloc|int_free)"),
    ("generator", r"^bench_", "", ""),
    ("rows, encode", r"^laurel-commit", "", r"laurel::"),
    ("rocksdb write", r"^laurel-commit", "", ""),
    ("CAF scheduling", "", "libcaf", ""),
    ("CAF scheduling", "", "", r"\bcaf::"),
    ("dedup, hash", "", "libcrypto", ""),
    ("dedup, hash", "", "librocksdb|liblz4", ""),  # reads: the journal's lookup, activations
    ("dedup, hash", "", "", r"Hasher|sha256|siphash|PartitionImpl::(prefetch|is_known)|"
                            r"internal::(read_rows?|find_row)\b"),
    ("decode", "", "simdjson|libcsv", ""),
    ("decode", "", "", r"adapters::formats|IngestActor|laurel::runtime::partition_of"),
    ("rows, encode", "", "", r"OpenCommit|runtime::Row|runtime::Commit\b|Activation::write_to|"
                             r"PartitionImpl::(seal|finish)|state_key|OutputRecord"),
    ("turns, protobuf", "", "", r"google::protobuf|laurel::(contract|actors|runtime)"),
    ("turns, protobuf", "", "libprotobuf", ""),
    ("memory copied, compared", "", r"^libc\.so", r"mem(move|cpy|cmp|set)"),
    ("other", "", "", ""))]


class Line(NamedTuple):
    samples: int
    thread: str
    dso: str
    symbol: str


def area_of(line):
    return next(area for area, thread, dso, symbol in AREAS
                if thread.search(line.thread) and dso.search(line.dso) and symbol.search(line.symbol))


def parse(report):
    """Of `perf report`'s lines with tabs between the fields."""
    for text in report.splitlines():
        fields = [field.strip() for field in text.split("\t")]
        if len(fields) < 4 or not fields[0].isdigit():
            continue
        yield Line(int(fields[0]), fields[1], fields[2], fields[3][4:])  # after `[.] `


def shortened(symbol, room):
    """Without what stands in <>, and no longer than `room`."""
    before = None
    while before != symbol and not symbol.startswith("operator"):
        before, symbol = symbol, re.sub(r"<[^<>]*>", "", symbol)
    symbol = symbol.replace("std::__cxx11::basic_string", "std::string")
    return symbol if len(symbol) <= room else symbol[:room - 3] + "..."


def show(lines, top, out=sys.stdout):
    areas, functions, threads = (collections.Counter() for _ in range(3))
    for line in lines:
        areas[area_of(line)] += line.samples
        functions[(line.symbol, line.dso)] += line.samples
        threads[(line.symbol, line.dso, line.thread)] += line.samples
    percent = 100 / sum(areas.values())
    print(f"\nprofile      CPU by area, {sum(areas.values())} samples", file=out)
    for area, samples in areas.most_common():
        print(f"  {samples * percent:5.1f} %  {area}", file=out)
    print(f"\nprofile      the {top} functions with most CPU of their own", file=out)
    for (symbol, dso), samples in functions.most_common(top):
        where = max((each for each in threads if each[:2] == (symbol, dso)), key=threads.get)[2]
        library = dso.split(".so")[0].split(".kall")[0].strip("[]")
        print(f"  {samples * percent:5.1f} %  {shortened(symbol, 62):62}  {library:16.16}  {where}", file=out)


def record(command, data):
    """Runs the command under perf. What is missing, when it does not work."""
    try:
        done = subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "-F", str(SAMPLES_PER_S), "-o", data,
                               "--", *command], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "there is no perf here: the Debian package linux-perf has it"
    if done.returncode == 0 and Path(data).exists():
        return None
    try:
        level = Path("/proc/sys/kernel/perf_event_paranoid").read_text().strip()
    except OSError:
        level = "absent: the kernel has no perf events"
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return (f"perf record ended with {done.returncode}: {' / '.join(said[:4])}\n"
            f"  it needs root, CAP_PERFMON or kernel.perf_event_paranoid <= 2 (here {level}), "
            "and in a container the system call perf_event_open")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--top", type=int, default=25)
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="laurel-profile-") as folder:
        data = str(Path(folder) / "perf.data")
        missing = record(arguments.command, data)
        if missing:
            print(f"\nprofile      none: {missing}")
            return 0  # the figures stand without it
        report = subprocess.run(
            ["perf", "report", "-i", data, "--stdio", "--no-children", "--no-inline", "-g", "none", "-F",
             "sample,comm,dso,symbol", "-t", "\t"], capture_output=True, text=True, check=False)
    lines = list(parse(report.stdout))
    if not lines:
        print(f"\nprofile      none: perf report says {report.stderr.strip()[:500] or 'nothing'}")
        return 0
    show(lines, arguments.top)
    return 0


if __name__ == "__main__":
    sys.exit(main())
