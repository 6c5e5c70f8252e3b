#!/usr/bin/env python3
"""Starts a reward actor: makes actors/NAME/ from tools/templates/actor/.

usage: new_actor.py [--root DIR] NAME

NAME is lower case with underscores, 2 to 31 characters: it becomes the actor's type, its namespace
and its folder. In the templates @name@ is NAME and @Name@ is NAME in PascalCase.
"""

import argparse
import keyword
import re
import sys
from pathlib import Path

NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
# A namespace of this name does not compile, or hides one of ours.
CPP_WORDS = set("""
alignas alignof and asm auto bitand bitor bool break case catch char class compl concept const
consteval constexpr constinit continue decltype default delete do double dynamic_cast else enum
explicit export extern false float for friend goto if inline int long mutable namespace new noexcept
not nullptr operator or private protected public register reinterpret_cast requires return short
signed sizeof static static_assert static_cast struct switch template this throw true try typedef
typeid typename union unsigned using virtual void volatile while xor std laurel google actors
contract runtime api include src
""".split())


def make(root, name):
    """Makes the folder and returns the new files, or raises ValueError with what is wrong."""
    if not NAME.fullmatch(name):
        raise ValueError(f"'{name}': a name is [a-z][a-z0-9_]{{1,30}}")
    if name.endswith("_") or "__" in name or name in CPP_WORDS or keyword.iskeyword(name):
        raise ValueError(f"'{name}' cannot be the name of a namespace")
    if name.endswith("_test"):
        raise ValueError(f"'{name}': what ends in _test is a test")
    folder = root / "actors" / name
    if folder.exists():
        raise ValueError(f"actors/{name} exists already")
    pascal = "".join(part.capitalize() for part in name.split("_"))
    templates = sorted((Path(__file__).resolve().parent / "templates" / "actor").glob("*.in"))
    if not templates:
        raise ValueError("there is no template in tools/templates/actor")
    folder.mkdir(parents=True)
    made = []
    for template in templates:
        text = template.read_text().replace("@name@", name).replace("@Name@", pascal)
        path = folder / template.name.removesuffix(".in").replace("actor", name)
        path.write_text(text)
        made.append(path)
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("name")
    arguments = parser.parse_args()
    try:
        made = make(arguments.root, arguments.name)
    except ValueError as wrong:
        print(f"new-actor: {wrong}", file=sys.stderr)
        return 1
    for path in made:
        print(path.relative_to(arguments.root))
    print(f"Next: say in actors/{arguments.name}/{arguments.name}.cc which events it takes; then "
          "./dev test --quick")
    return 0


if __name__ == "__main__":
    sys.exit(main())
