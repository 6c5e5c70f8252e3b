"""docs/guide/add-an-actor.md, followed word by word: its files and commands give a reward that builds,
passes its test and touches no other folder."""

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import harness

GUIDE = harness.REPOSITORY / "docs" / "guide" / "add-an-actor.md"
# What the reward needs: a part of the tree, built beside the preset's own folder.
ROOMS = ("contract;runtime/api;rules;runtime/ranked;runtime;runtime/adapters/crypto;runtime/testkit;"
         "actors")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
NAMED = re.compile(r"`((?:actors|config)/[^`]+\.\w+)`")


def steps():
    """[(kind, text, the file that the paragraph before names)]"""
    text = GUIDE.read_text()
    found = []
    for block in FENCE.finditer(text):
        named = NAMED.findall(text[:block.start()].rsplit("```", 1)[-1])
        found.append((block[1], block[2], named[-1] if named else None))
    return found


class Tutorial(unittest.TestCase):
    @unittest.skipIf(harness.SCALE != 1, "built once, in the preset dev")
    def test_the_tutorial_works_as_it_is_written(self):
        root = Path(tempfile.mkdtemp(prefix="laurel-tutorial-"))
        self.addCleanup(shutil.rmtree, root, ignore_errors=True)
        tree = root / "tree"
        shutil.copytree(harness.REPOSITORY, tree,
                        ignore=shutil.ignore_patterns("build", ".git", "data", "wt-*"))
        before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}

        def run(*command):
            done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:])

        written, commands = [], []
        for kind, text, name in steps():
            if kind == "sh":
                commands.append(text.strip())
                if "new-actor" in text:
                    run(sys.executable, "-B", "tools/new_actor.py", text.split()[-1])
                continue
            self.assertTrue(name, f"which file is this?\n{text[:200]}")
            if name.startswith("actors/"):
                self.assertTrue((tree / name).exists(), f"{name}: the template makes it")
            (tree / name).write_text(text)
            written.append(tree / name)
        self.assertEqual(commands, ["./dev new-actor big_win",
                                    "./dev build dev actor_big_win_test && "
                                    "build/dev/tests/actor_big_win_test"])
        self.assertEqual(len(written), 5)
        run("cmake", "--preset", "dev", "-B", "build/part", f"-DLAUREL_ONLY={ROOMS}")
        run("cmake", "--build", "build/part", "-j", "2", "--target", "actor_big_win_test",
            "laurel_actors")
        run("build/part/tests/actor_big_win_test", "--gtest_brief=1")
        self.assertIn("big_win::actor_type()",
                      (tree / "build/part/generated/all_actors.cc").read_text())
        after = {path: path.read_bytes() for path in tree.rglob("*")
                 if path.is_file() and tree / "build" not in path.parents
                 and tree / "actors" / "big_win" not in path.parents and path not in written}
        self.assertEqual(after, before)


if __name__ == "__main__":
    unittest.main()
