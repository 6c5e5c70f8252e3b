"""A reward started with ./dev new-actor builds, passes its test and touches no other folder."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import harness

ROOMS = ("contract;runtime/api;rules;runtime/ranked;runtime;runtime/adapters/crypto;runtime/testkit;"
         "actors")


class NewActorBuilds(unittest.TestCase):
    @unittest.skipIf(harness.SCALE != 1, "built once, in the preset dev")
    def test_a_new_folder_is_all_it_takes(self):
        root = Path(tempfile.mkdtemp(prefix="laurel-actor-"))
        self.addCleanup(shutil.rmtree, root, ignore_errors=True)
        tree = root / "tree"
        shutil.copytree(harness.REPOSITORY, tree,
                        ignore=shutil.ignore_patterns("build", ".git", "data", "wt-*"))
        before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}

        def run(*command):
            done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:])

        run(sys.executable, "-B", "tools/new_actor.py", "happy_hour")
        run("cmake", "--preset", "dev", "-B", "build/part", f"-DLAUREL_ONLY={ROOMS}")
        run("cmake", "--build", "build/part", "-j", "2", "--target", "actor_happy_hour_test",
            "laurel_actors")
        run("build/part/tests/actor_happy_hour_test", "--gtest_brief=1")
        self.assertIn("happy_hour::actor_type()",
                      (tree / "build/part/generated/all_actors.cc").read_text())
        after = {path: path.read_bytes() for path in tree.rglob("*")
                 if path.is_file() and tree / "build" not in path.parents
                 and tree / "actors" / "happy_hour" not in path.parents}
        self.assertEqual(after, before)


if __name__ == "__main__":
    unittest.main()
