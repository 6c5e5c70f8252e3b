#!/usr/bin/env python3
"""Checks every #include and every laurel_room() call against tools/layers.toml.

usage: check_layers.py [--root DIR]

Prints `file:line: what is wrong` and exits 1 when something is.
"""

import argparse
import fnmatch
import os
import re
import sys
import tomllib
from pathlib import Path

SOURCE_SUFFIXES = {".h", ".cc", ".cpp", ".hpp", ".c"}
# What may use any public header: tests and benchmarks, in their own trees or next to the code.
LOOSE_STEM = re.compile(r"_(test|bench|fuzz|sim|conformance)$")
LOOSE_FOLDERS = {"tests", "bench", "test"}
SKIPPED = {"build", ".git", ".cache", "templates", "__pycache__"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
CALL = re.compile(r"\blaurel_room\s*\(([^)]*)\)", re.S)
KEYWORDS = {"SOURCES", "PROTOS", "PROTO_ROOT", "MAY_USE", "THIRD_PARTY", "THIRD_PARTY_PUBLIC",
            "NO_SANITIZE_NULL", "HEADERS", "HEADERS_ROOT"}


def matches(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


class Room:
    """One room of layers.toml, at one place of the tree."""

    def __init__(self, name, path, rule):
        self.name = name
        self.path = path
        self.may_use = rule.get("may_use", [])
        self.third_party = rule.get("third_party", [])
        self.forbidden_std = rule.get("forbidden_std", [])
        self.is_actor = path.startswith("actors/")


def files_below(root, skipped=SKIPPED):
    """What is built or fetched is not looked into: it comes and goes."""
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in skipped]
        yield from (Path(folder, name) for name in names)


class Tree:
    """The rooms, and to which of them each header belongs."""

    def __init__(self, root):
        self.root = root
        with open(root / "tools" / "layers.toml", "rb") as file:
            rules = tomllib.load(file)
        self.headers = rules["headers"]
        self.rooms = []
        for name, rule in rules["rooms"].items():
            if "*" not in rule["path"]:
                self.rooms.append(Room(name, rule["path"], rule))
                continue
            for folder in sorted(root.glob(rule["path"])):
                if folder.is_dir() and folder.name not in SKIPPED | {"include", "src"}:
                    path = folder.relative_to(root).as_posix()
                    self.rooms.append(Room(name.replace("*", folder.name), path, rule))
        self.rooms.sort(key=lambda room: -len(room.path))
        self.files = sorted(files_below(root))
        self.public = {}    # as it is included -> room
        self.private = {}   # path under src/ -> rooms
        for path in self.files:
            self.index(path)

    def room_of(self, relative):
        for room in self.rooms:
            if relative.startswith(room.path + "/"):
                return room
        return None

    def index(self, path):
        relative = path.relative_to(self.root).as_posix()
        room = self.room_of(relative)
        if room is None:
            return
        inside = relative[len(room.path) + 1:]
        if path.suffix == ".proto":
            stem = relative if room.is_actor else inside.removeprefix("proto/")
            for suffix in (".pb.h",):
                self.public[stem.removesuffix(".proto") + suffix] = room
        elif path.suffix in (".h", ".hpp"):
            if room.is_actor:
                self.public[relative] = room
            elif inside.startswith("include/"):
                self.public[inside.removeprefix("include/")] = room
            elif inside.startswith("src/"):
                self.private.setdefault(inside.removeprefix("src/"), []).append(room)

    def library_of(self, header):
        for name, patterns in self.headers.items():
            if matches(header, patterns):
                return name
        return None


def is_standard(header):
    return re.fullmatch(r"[a-z0-9_]+", header) is not None


def check_include(tree, room, path, loose, quote, header):
    """The complaint about one #include, or None."""
    relative = path.relative_to(tree.root).as_posix()
    if ".." in header.split("/"):
        return f'"{header}": an include never goes up a folder'
    if loose and not (room and room.is_actor):
        return None
    library = tree.library_of(header)
    if library is not None and header not in tree.public:
        allowed = room.third_party + (["gtest", "gmock"] if loose else [])
        if library not in allowed:
            return f"<{header}>: room {room.name} may not use {library}"
        return None
    if quote == "<" and is_standard(header):
        if header in room.forbidden_std and not loose:
            return f"<{header}>: not in room {room.name} (a turn is deterministic)"
        return None
    owner = tree.public.get(header)
    if owner is not None:
        allowed = room.may_use + (["testkit"] if loose else [])
        if owner is not room and not matches(owner.name, allowed):
            return f'"{header}": room {room.name} may not use room {owner.name}'
        return None
    if header.startswith("laurel/") or header.startswith("actors/"):
        return f'"{header}": no room has such a public header'
    if quote == "<":
        return f"<{header}>: belongs to no library named in tools/layers.toml"
    in_src = tree.root / room.path / "src" / header
    beside = path.parent / header
    is_public = relative.startswith(room.path + "/include/")
    if in_src.is_file() or (beside.is_file() and tree.room_of(
            beside.relative_to(tree.root).as_posix()) is room):
        if is_public and not beside.is_file():
            return f'"{header}": a public header may not include a private one'
        return None
    owners = [other.name for other in tree.private.get(header, []) if other is not room]
    if owners or any(header.startswith(other.path + "/") for other in tree.rooms):
        return f'"{header}": private to room {", ".join(owners) or header.split("/src/")[0]}'
    return f'"{header}": not a header of room {room.name}'


def check_source(tree, path, complaints):
    relative = path.relative_to(tree.root)
    room = tree.room_of(relative.as_posix())
    loose = (LOOSE_STEM.search(path.stem) is not None
             or bool(LOOSE_FOLDERS.intersection(relative.parts[:-1])))
    if room is None and not loose:
        complaints.append(f"{relative}:1: belongs to no room of tools/layers.toml")
        return
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            complaint = check_include(tree, room, path, loose, found[1], found[2])
            if complaint:
                complaints.append(f"{relative}:{number}: {complaint}")


def check_calls(tree, path, complaints):
    """The lists of each laurel_room() must be within those of its room."""
    relative = path.relative_to(tree.root)
    text = re.sub(r"#[^\n]*", "", path.read_text())
    for call in CALL.finditer(text):
        words = call[1].split()
        if not words or "$" in words[0]:
            continue
        line = text[:call.start()].count("\n") + 1
        room = next((room for room in tree.rooms if room.name == words[0]), None)
        if room is None or room.path != relative.parent.as_posix():
            complaints.append(f"{relative}:{line}: room {words[0]} is not at "
                              f"{relative.parent.as_posix()} in tools/layers.toml")
            continue
        keyword = ""
        for word in words[1:]:
            if word in KEYWORDS:
                keyword = word
            elif keyword == "MAY_USE" and "$" not in word:
                if not matches(word.removeprefix("laurel::"), room.may_use):
                    complaints.append(f"{relative}:{line}: room {room.name} may not use {word}")
            elif keyword.startswith("THIRD_PARTY"):
                if word.removeprefix("laurel_3p::") not in room.third_party:
                    complaints.append(f"{relative}:{line}: room {room.name} may not use {word}")


def check(root):
    tree = Tree(root)
    complaints = []
    for path in tree.files:
        if path.suffix in SOURCE_SUFFIXES:
            check_source(tree, path, complaints)
        elif path.name == "CMakeLists.txt":
            check_calls(tree, path, complaints)
    return complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    arguments = parser.parse_args()
    complaints = check(arguments.root.resolve())
    for complaint in complaints:
        print(complaint)
    print(f"layers: {len(complaints)} complaints" if complaints else "layers: ok")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
