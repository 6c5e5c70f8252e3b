"""`./dev chaos` in a short form, and what it is worth: a checker that misses nothing."""

import copy
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import harness
from harness import MADE_UP_WAGERS, REPOSITORY, SCALE, NodeTest
from points import points_per_player, rows_of

sys.path.insert(0, str(REPOSITORY / "tests" / "chaos"))
from checker import Checker  # noqa: E402
from chaos import failpoints  # noqa: E402

KILLS = 12 if SCALE == 1 else 5


class ChaosShort(unittest.TestCase):
    def run_chaos(self, *arguments, folder=None):
        environment = os.environ | ({"TMPDIR": folder} if folder else {})
        done = subprocess.run([sys.executable, "-B", str(REPOSITORY / "tests/chaos/chaos.py"),
                               "--laurel", harness.LAUREL, "--json", *arguments],
                              capture_output=True, text=True, timeout=100 * SCALE, check=False,
                              env=environment)
        self.assertTrue(done.stdout, done.stderr)
        return done.returncode, json.loads(done.stdout)

    def test_nothing_is_lost_or_doubled_however_the_node_dies(self):
        if not harness.HAS_REAL_WAGERS:
            print(harness.NO_REAL_WAGERS)
        # A run whose readers saw too little says nothing: on a busy machine that happens.
        for _ in range(3):
            code, verdict = self.run_chaos("--kills", str(KILLS), "--fail-points", "1")
            print(json.dumps(verdict))
            if verdict["verdict"] != "invalid":
                break
        self.assertEqual(verdict["violations"], [])
        self.assertEqual((code, verdict["verdict"]), (0, "ok"), verdict)
        self.assertEqual(verdict["kills"]["random"], KILLS)
        self.assertTrue(failpoints())
        self.assertEqual(verdict["kills"]["failpoints"], dict.fromkeys(failpoints(), 1))
        self.assertEqual(verdict["accepted"] + verdict["duplicates_of_retries"],
                         verdict["events"])

    def test_a_run_that_hit_nothing_is_invalid(self):
        with tempfile.TemporaryDirectory(prefix="laurel-itest-") as folder:
            few = Path(folder) / "few.csv"
            few.write_text(f"{harness.CSV_HEADER}\n{harness.csv_row(1, 'p1')}\n")
            code, verdict = self.run_chaos("--kills", "20", "--file", str(few), folder=folder)
        self.assertEqual((code, verdict["verdict"]), (2, "invalid"), verdict)
        self.assertEqual(verdict["violations"], [])
        self.assertTrue(verdict["invalid"])


class TamperedClient:
    """Shows what the node shows, after `tamper(path, json)` has had its way with it."""

    def __init__(self, client, tamper):
        self.client, self.tamper = client, tamper
        self.pages = lambda *arguments: harness.Client.pages(self, *arguments)
        self.topic = lambda name: iter(self.tamper(name, list(client.topic(name))))
        self.close = client.close

    def get_json(self, path):
        return self.tamper(path.split("?")[0], self.client.get_json(path))


class TheChecker(NodeTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = list(rows_of(MADE_UP_WAGERS))
        cls.expected = points_per_player(cls.rows)
        lines = MADE_UP_WAGERS.read_text().splitlines()
        for part in (lines[1:250], lines[250:]):  # of each balance there are two records
            text = "\n".join([lines[0], *part]).encode()
            cls.node.ingest("-", "--format", "csv", stdin=text)
        cls.victim = max(cls.expected, key=cls.expected.get)

    def violations(self, tamper):
        checker = Checker(self.node, self.rows, self.expected)
        client = TamperedClient(self.node.client(), tamper)
        checker.node = type("Shown", (), {"client": lambda self: client,
                                          "verb": lambda self, *a, **b: TheChecker.node.verb(*a)})()
        checker.check()
        return checker.violations

    def test_finds_nothing_where_nothing_is_wrong(self):
        self.assertEqual(self.violations(lambda path, shown: shown), [])

    def tampering(self):
        """Everything that may go wrong, one at a time."""
        ledger = f"/v1/players/{self.victim}/ledger"

        def of(where, change):
            def tamper(path, shown):
                if path == where:
                    shown = copy.deepcopy(shown)
                    change(shown["entries"] if isinstance(shown, dict) and "entries" in shown
                           else shown)
                return shown
            return tamper

        def member(*names, value):
            def change(shown):
                target = shown[3] if isinstance(shown, list) else shown
                for name in names[:-1]:
                    target = target[name]
                target[names[-1]] = value(target[names[-1]])
            return change

        def flip(text):
            return ("1" if text[0] == "0" else "0") + text[1:]

        def renumber(entries):
            del entries[3]
            for number, entry in enumerate(entries, 1):
                entry["sequence"] = str(number)

        def swap(records):
            first, second = [each for each in records if self.victim in each["subject"]][:2]
            first["data"], second["data"] = second["data"], first["data"]

        yield "entry lost", of(ledger, lambda entries: entries.pop(3))
        yield "entry lost, the rest renumbered", of(ledger, renumber)
        yield "tail lost", of(ledger, lambda entries: entries.pop())
        yield "head lost", of(ledger, lambda entries: entries.pop(0))
        yield "all lost", of(ledger, lambda entries: entries.clear())
        yield "entry doubled", of(ledger, lambda entries: entries.append(entries[-1]))
        yield "entries swapped", of(ledger, lambda entries: entries.insert(3, entries.pop(5)))
        for name in ("hash", "previous_hash", "commitment", "salt"):
            yield f"{name} changed", of(ledger, member(name, value=flip))
        yield "body changed", of(ledger, member("body", value=lambda body: "AAAA" + body[4:]))
        yield "delta changed", of(ledger, member("delta", "units", value=lambda u: str(int(u) + 1)))
        yield "asset changed", of(ledger, member("delta", "asset", value=lambda _: "PTX"))
        yield "scale changed", of(ledger, member("delta", "scale", value=lambda scale: scale + 1))
        yield "cause changed", of(ledger, member("cause_event", value=lambda _: "1"))
        yield "wagers", of(f"/v1/players/{self.victim}",
                           member("state", "wagers", value=lambda _: "1"))
        for topic in ("ledger", "balances"):
            yield f"{topic}: record lost", of(topic, lambda records: records.pop(3))
            yield f"{topic}: tail lost", of(topic, lambda records: records.pop())
            yield f"{topic}: doubled", of(topic, lambda records: records.append(records[-1]))
            yield f"{topic}: swapped", of(topic, swap)
        yield "posting changed", of("ledger", member("data", "entry_hash", value=flip))
        yield "posting id", of("ledger", member("data", "posting_id", value=flip))
        yield "balance changed", of("balances", member("data", "balance", "units",
                                                       value=lambda u: str(int(u) + 1)))
        yield "dead letter", of("dead-letters", lambda records: records.append(
            {"id": "dead-letters/0/0"}))

    def test_finds_each_thing_that_is_wrong(self):
        names = [name for name, _ in self.tampering()]
        self.assertEqual(len(names), len(set(names)))
        for name, tamper in self.tampering():
            with self.subTest(name):
                self.assertNotEqual(self.violations(tamper), [])

    def test_finds_a_balance_that_is_not_the_oracles(self):
        checker = Checker(self.node, self.rows, self.expected | {self.victim: 1})
        checker.check_balances()
        self.assertEqual(len(checker.violations), 1)


if __name__ == "__main__":
    unittest.main()
