"""laurel demo, which ./dev run starts: its wagers are taken."""

import re
import shutil
import tempfile
import unittest
from pathlib import Path

import harness


class Demo(unittest.TestCase):
    def test_the_demo_plays_wagers_that_count(self):
        folder = Path(tempfile.mkdtemp(prefix="laurel-demo-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        shutil.copytree(harness.REPOSITORY / "config" / "examples" / "demo", folder / "site")
        config = folder / "site" / "node.toml"
        config.write_text(config.read_text() + f"[listen]\nport = {harness.free_port()}\n")
        done = harness.verb("demo", "--site", folder / "site", "--data", folder / "data", "--seconds", "2")
        self.assertEqual(done.code, 0, done.err)
        accepted = [int(number) for number in re.findall(r"accepted (\d+)", done.out)]
        self.assertGreater(accepted[-1], 1000, done.out)
        verified = harness.verb("verify", "--json", "--data", folder / "data").json()
        self.assertEqual(verified["violations"], [])
        self.assertGreater(verified["players"], 100)


if __name__ == "__main__":
    unittest.main()
