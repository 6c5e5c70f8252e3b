#!/usr/bin/env python3
"""Runs clang-tidy on our sources and remembers what was clean.

usage: tidy.py --build DIR --cache DIR [--jobs N] [file...]

A source is checked again when it, a header of ours it includes, its flags or .clang-tidy changed:
what it includes is what the build recorded.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIDY = "clang-tidy-16"
# The database is g++'s; clang does not know all its warnings, and they are g++'s to make errors of.
EXTRA = ["--quiet", "--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-error"]


def recorded_includes(build):
    """Object file -> the files it was made from, as ninja knows them."""
    done = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True,
                          check=False)
    includes, current = {}, None
    for line in done.stdout.splitlines():
        if line.startswith("    ") and current is not None:
            current.append(line.strip())
        elif ": #deps" in line:
            current = includes.setdefault(line.split(": #deps")[0], [])
    return includes


class Hashes:
    """Content hashes of files, each read once."""

    def __init__(self):
        self.known = {}

    def of(self, path):
        if path not in self.known:
            try:
                self.known[path] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
            except OSError:
                self.known[path] = "none"
        return self.known[path]


def key_of(entry, includes, hashes, build):
    mixed = hashlib.sha256()
    command = entry.get("command") or " ".join(entry["arguments"])
    words = command.split()
    output = words[words.index("-o") + 1] if "-o" in words else ""
    parts = [TIDY, *EXTRA, command, hashes.of(str(ROOT / ".clang-tidy")), hashes.of(entry["file"])]
    ours = [os.path.normpath(os.path.join(build, path)) for path in includes.get(output, [])]
    parts += sorted(f"{path} {hashes.of(path)}" for path in ours if path.startswith(str(ROOT) + "/"))
    for part in parts:
        mixed.update(part.encode() + b"\0")
    return mixed.hexdigest() if output in includes else None


def run(build, file):
    done = subprocess.run([TIDY, "-p", str(build), *EXTRA, file], capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout, done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    only = {str(Path(file).resolve()) for file in arguments.files}

    entries = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
        inside = file.startswith(str(ROOT) + "/") and not file.startswith(str(ROOT / "build") + "/")
        if inside and (not only or file in only):
            entries.setdefault(file, {**entry, "file": file})
    includes, hashes = recorded_includes(build), Hashes()
    todo = []
    for file, entry in sorted(entries.items()):
        key = key_of(entry, includes, hashes, str(build))
        if key is None or not (arguments.cache / key).exists():
            todo.append((file, key))

    bad = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        running = {pool.submit(run, build, file): (file, key) for file, key in todo}
        for number, future in enumerate(concurrent.futures.as_completed(running), 1):
            file, key = running[future]
            code, output, errors = future.result()
            print(f"[{number}/{len(todo)}] tidy {os.path.relpath(file, ROOT)}", flush=True)
            if code == 0 and not output.strip():
                if key is not None:
                    (arguments.cache / key).touch()
                continue
            bad += 1
            print(output.strip() or errors.strip(), flush=True)
    print(f"tidy: {len(entries)} files, {len(entries) - len(todo)} unchanged, {bad} with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
