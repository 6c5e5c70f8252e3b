"""The campaign `./dev chaos kafka`, short: the quick ones of its faults once, some kills."""

import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import harness
import kafka

FAULTS = ("lost-snapshots", "broker-restart", "hijack", "proxy-delay", "proxy-cut", "late-requests")
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
                 "--only", ",".join(FAULTS), "--fail-points", "0", "--seed", "20", "--json",
                 "--file", str(harness.MADE_UP_WAGERS)],
                capture_output=True, text=True, check=False)
            if done.returncode != 2:
                break
        self.assertEqual(done.returncode, 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        happened = json.loads(done.stdout.splitlines()[-1])["happened"]
        self.assertEqual(happened, {"kill": 3} | dict.fromkeys(FAULTS, 1))


if __name__ == "__main__":
    unittest.main()
