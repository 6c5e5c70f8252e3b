#!/usr/bin/env python3
"""Checks what the documents promise.

usage: check_docs.py [--root DIR]

- every error code (an enumerator of `enum class ErrorCode` in a header of runtime/) has its page
  docs/errors/<kebab-case>.md, and every page its code;
- every relative link in a Markdown file leads to a file, and its #anchor to a heading.

Prints `file:line: what is wrong` and exits 1 when something is.
"""

import argparse
import re
import sys
from pathlib import Path

from check_layers import files_below

SKIPPED = {"build", ".git", ".cache", "templates", "node_modules"}
ENUM = re.compile(r"enum\s+class\s+(?:\[\[nodiscard\]\]\s*)?ErrorCode\b[^{;]*\{(.*?)\}", re.S)
ENUMERATOR = re.compile(r"\bk([A-Z][A-Za-z0-9]*)\s*(?:=[^,}]*)?(?:,|$)")
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^\s{0,3}\[[^\]^]+\]:\s+<?([^\s>]+)>?")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
FENCE = re.compile(r"^\s*(```|~~~)")
NOT_AN_ERROR = {"Ok", "None"}
NOT_A_PAGE = {"README.md", "index.md"}


def kebab(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()


def files(root, suffix):
    return sorted(path for path in files_below(root, SKIPPED) if path.name.endswith(suffix) and path.is_file())


def error_codes(root):
    """Enumerator (without its k) -> the header that declares it."""
    codes = {}
    if not (root / "runtime").is_dir():
        return codes
    for header in files(root / "runtime", ".h"):
        text = re.sub(r"//[^\n]*|/\*.*?\*/", "", header.read_text(), flags=re.S)
        for body in ENUM.findall(text):
            for name in ENUMERATOR.findall(body.strip()):
                if name not in NOT_AN_ERROR:
                    codes[name] = header.relative_to(root)
    return codes


def check_errors(root, complaints):
    folder = root / "docs" / "errors"
    codes = error_codes(root)
    wanted = {kebab(name) + ".md": (name, header) for name, header in codes.items()}
    for page, (name, header) in sorted(wanted.items()):
        if not (folder / page).is_file():
            complaints.append(f"{header}:1: k{name} has no page docs/errors/{page}")
    if codes and folder.is_dir():
        for page in sorted(folder.glob("*.md")):
            if page.name not in wanted and page.name not in NOT_A_PAGE:
                complaints.append(f"{page.relative_to(root)}:1: no error code has this name")


def lines_of_text(path):
    """The numbered lines that are not in a fenced block of code."""
    fenced = False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield number, line


def anchors(path):
    found = set()
    for _, line in lines_of_text(path):
        heading = HEADING.match(line)
        if heading:
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).lower()
            slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
            unique, count = slug, 0
            while unique in found:
                count += 1
                unique = f"{slug}-{count}"
            found.add(unique)
        found.update(re.findall(r'<a (?:id|name)="([^"]+)"', line))
    return found


def check_link(root, page, target):
    """The complaint about one link, or None."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target) or target.startswith("//"):
        return None
    file, _, anchor = target.partition("#")
    path = page
    if file:
        path = root / file.lstrip("/") if file.startswith("/") else page.parent / file
        if not path.exists():
            return f"{target}: no such file"
        if not path.resolve().is_relative_to(root):
            return f"{target}: leads out of the repository"
    if anchor and path.suffix == ".md" and anchor not in anchors(path):
        return f"{target}: no such heading"
    return None


def check_links(root, complaints):
    for page in files(root, ".md"):
        for number, line in lines_of_text(page):
            line = re.sub(r"`[^`]*`", "", line)
            targets = LINK.findall(line) + REFERENCE.findall(line)
            for target in targets:
                complaint = check_link(root, page, target)
                if complaint:
                    complaints.append(f"{page.relative_to(root)}:{number}: {complaint}")


def check(root):
    complaints = []
    check_errors(root, complaints)
    check_links(root, complaints)
    return complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    arguments = parser.parse_args()
    complaints = check(arguments.root.resolve())
    for complaint in complaints:
        print(complaint)
    print(f"docs: {len(complaints)} complaints" if complaints else "docs: ok")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
