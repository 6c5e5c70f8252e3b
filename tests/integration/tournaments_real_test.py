"""Tournaments and tiers on the real bets: every position equal to the oracle's, whatever order the
bets come in, however often they come, after restarts, with any number of partitions, with voids."""

import csv
import io
import itertools
import random
import shutil
import tempfile
import unittest
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import harness
from harness import CRASH_GAME, VOIDS, NodeTest, points
from points import rows_of
from program import TIERS, play
from tournaments import CATALOG, EPOCH, bets_of, standings

PROGRAM = (CRASH_GAME / "catalog" / "program.toml").read_text() + TIERS
ASSETS = 'assets = [{ id = "BIT", scale = 2 }]'


def micros(text):
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (at - EPOCH) // timedelta(microseconds=1)


class RealTournaments(NodeTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="laurel-itest-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.numbers = itertools.count()
        rows = {row["Id"]: row for row in rows_of(harness.WAGERS)}
        cls.rows = list(rows.values())

    def node_with(self, partitions=16):
        node = self.new_node(f"node-{next(self.numbers)}")
        catalog = node.folder / "catalog"
        catalog.mkdir()
        (catalog / "program.toml").write_text(PROGRAM)
        (catalog / "assets.toml").write_text(ASSETS)
        (catalog / "tournaments.toml").write_text(CATALOG)
        node.config = node.folder / "node.toml"
        node.config.write_text(f"partitions = {partitions}\n")
        node.start()
        return node

    def csv_file(self, name, rows):
        text = io.StringIO()
        writer = csv.DictWriter(text, self.rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
        return self.file(name, text.getvalue())

    def standings_of(self, node):
        """run -> [(player, score, reached)] in order of position, once all of them are final."""
        def final():
            client = node.client()
            changes = [record["data"]["change"] for record in client.topic("tournaments")]
            client.close()
            return changes.count("opened") > 0 and changes.count("opened") == changes.count("final")
        harness.eventually(final, True, within_s=30)
        runs = defaultdict(list)
        for line in self.assertCode(node.verb("export", "standings", "--json"), 0).json_lines():
            self.assertEqual(int(line["position"]), len(runs[line["run"]]) + 1)
            runs[line["run"]].append(
                (line["player"], int(line["score"]["units"]), micros(line["reached"])))
        return dict(runs)

    def check(self, node, rows):
        got, wanted = self.standings_of(node), standings(bets_of(rows))
        self.assertEqual(sorted(got), sorted(wanted))
        for run in wanted:
            self.assertEqual(got[run], wanted[run], run)
        self.assertCode(node.verb("verify"), 0)

    def test_shuffled_in_three_files_again_and_after_a_restart(self):
        node = self.node_with()
        order = list(self.rows)
        random.Random(5).shuffle(order)
        third = len(order) // 3 + 1
        for part in (2, 0, 1):
            file = self.csv_file("part.csv", order[part * third:(part + 1) * third])
            self.assertCode(node.ingest(file, "--backfill", "bets", "--leave-open"), 0)
        self.assertCode(node.verb("backfill", "close", "bets", "--wait"), 0)
        self.check(node, self.rows)
        play_order = sorted(self.rows, key=lambda row: int(row["Id"]))
        got = points(node.balances())
        self.assertEqual(got, play(PROGRAM, play_order))
        if harness.HAS_REAL_WAGERS:
            self.assertEqual(sum(got.values()), 29_244_490)
        before = self.standings_of(node)
        again = self.assertCode(node.ingest(self.csv_file("all.csv", self.rows)), 0).json()
        self.assertEqual((int(again["accepted"]), int(again["duplicate"])), (0, len(self.rows)))
        self.assertEqual(self.standings_of(node), before)
        self.assertEqual(node.stop(), 0)
        node.start()
        self.check(node, self.rows)
        self.assertEqual(points(node.balances()), got)

    def test_another_number_of_partitions_gives_the_same(self):
        node = self.node_with(partitions=3)
        self.assertCode(node.ingest(self.csv_file("all.csv", self.rows)), 0)
        self.check(node, self.rows)

    def test_one_in_a_hundred_voided_before_after_and_long_after(self):
        node = self.node_with()
        draw = random.Random(2)
        voided = draw.sample(range(len(self.rows)), max(30, len(self.rows) // 100))
        third = len(voided) // 3
        before, after, long_after = voided[:third], voided[third:2 * third], voided[2 * third:]
        mapping = self.file("voids.toml", VOIDS)

        def voids(numbers):
            return self.csv_file("voids.csv", [self.rows[number] for number in numbers])
        self.assertCode(node.ingest(voids(before), "--live", mapping=mapping), 0)
        bets = self.csv_file("all.csv", self.rows)
        self.assertCode(node.ingest(bets, "--backfill", "bets", "--leave-open"), 0)
        self.assertCode(node.ingest(voids(after), "--backfill", "bets", mapping=mapping), 0)
        gone = set(before) | set(after)
        kept = [row for number, row in enumerate(self.rows) if number not in gone]
        self.check(node, kept)
        # After a run is final: ledger yes, standings no.
        self.assertCode(node.ingest(voids(long_after), "--live", mapping=mapping), 0)
        self.check(node, kept)
        entries = sum(1 for number in long_after if float(self.rows[number]["Bet"]) >= 10)
        client = node.client()
        reasons = [record["data"]["reason"] for record in client.topic("ledger")]
        client.close()
        self.assertGreaterEqual(reasons.count("wager-voided"), entries)


if __name__ == "__main__":
    unittest.main()
