"""The campaign `./dev chaos kafka`, short: each fault once, some kills and fail points."""

import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import harness
import kafka

CAMPAIGN = harness.REPOSITORY / "tests" / "chaos" / "kafka_chaos.py"


class KafkaChaos(unittest.TestCase):
    def test_a_few_of_each(self):
        kafka.bootstrap()  # skips where there is none to be had
        folder = Path(tempfile.mkdtemp(prefix="laurel-itest-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        # A run that says nothing (2: the machine was too busy for a fault to be one) is tried again.
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, "-B", str(CAMPAIGN), "--laurel", harness.LAUREL, "--kills", "3",
                 "--faults", "6", "--fail-points", "0", "--seed", "20", "--json",
                 "--file", str(harness.MADE_UP_WAGERS)],
                capture_output=True, text=True, check=False)
            if done.returncode != 2:
                break
        self.assertEqual(done.returncode, 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        happened = json.loads(done.stdout.splitlines()[-1])["happened"]
        self.assertEqual(sum(happened.values()), 9, happened)


if __name__ == "__main__":
    unittest.main()
