"""The campaign of ./dev chaos, short: a few random kills, each fail point of a commit once."""

import json
import subprocess
import sys
import unittest

import harness


class ChaosShort(unittest.TestCase):
    def test_a_node_killed_while_it_works_keeps_what_it_promised(self):
        done = subprocess.run(
            [sys.executable, "-B", str(harness.REPOSITORY / "tests" / "chaos" / "chaos.py"),
             "--laurel", harness.LAUREL, "--kills", "4", "--fail-points", "1", "--json", "--delay",
             str(0.4 * harness.SCALE)],
            capture_output=True, text=True, check=False)
        verdict = json.loads(done.stdout) if done.stdout else {}
        self.assertEqual(verdict.get("verdict"), "ok", done.stdout + done.stderr)


if __name__ == "__main__":
    if not harness.HAS_REAL_WAGERS:
        print(harness.NO_REAL_WAGERS)
    unittest.main()
