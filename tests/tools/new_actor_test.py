"""new_actor.py makes a whole folder for a good name and nothing for a bad one."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent


class NewActor(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)

    def make(self, name):
        done = subprocess.run(
            [sys.executable, str(REPOSITORY / "tools" / "new_actor.py"), "--root", str(self.root),
             "--", name], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_a_folder_with_four_files_is_made(self):
        code, output = self.make("happy_hour")
        self.assertEqual(code, 0, output)
        folder = self.root / "actors" / "happy_hour"
        self.assertEqual(sorted(path.name for path in folder.iterdir()),
                         ["happy_hour.cc", "happy_hour.h", "happy_hour.proto",
                          "happy_hour_test.cc"])
        for path in folder.iterdir():
            self.assertNotIn("@", path.read_text(), path.name)
        self.assertIn("class HappyHour", (folder / "happy_hour.h").read_text())

    def test_an_existing_folder_is_left_alone(self):
        self.assertEqual(self.make("cashback")[0], 0)
        (self.root / "actors" / "cashback" / "cashback.cc").write_text("mine")
        code, output = self.make("cashback")
        self.assertEqual(code, 1)
        self.assertIn("exists already", output)
        self.assertEqual((self.root / "actors" / "cashback" / "cashback.cc").read_text(), "mine")

    def test_a_bad_name_is_refused(self):
        for name in ("x", "Cashback", "cash-back", "1st", "_x1", "a" * 32, "../up", "class", "a__b",
                     "cashback_", "cashback_test", "laurel", "include", ""):
            with self.subTest(name):
                code, output = self.make(name)
                self.assertEqual(code, 1, output)
                self.assertFalse((self.root / "actors").exists())


if __name__ == "__main__":
    unittest.main()
