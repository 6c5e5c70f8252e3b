"""One run with a million members: every place right, read at any place while it is open, final once
it closes, there again after a restart. Under sanitizers a run with fewer."""

import hashlib
import json
import random
import shutil
import tempfile
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

import harness
from boards import text_of
from harness import CRASH_GAME, SCALE, NodeTest

MEMBERS = 1_000_000 if SCALE == 1 else 20_000
RUN = "crowd@2021-11-01T00:00Z"
CATALOG = """
[[tournament]]
id = "crowd"
operator = "total_stake"
asset = "BIT"
scale = 2
start = "2021-11-01T00:00"
end = "2021-11-02T00:00"
grace = "1m"
"""
START = datetime(2021, 11, 1, tzinfo=timezone.utc)


def in_order(bets):
    """(-score, time, tie, player) of each, the first place first."""
    return sorted((-score, at, hashlib.sha256(f"{RUN}|{player}".encode()).digest()[:8], player)
                  for player, score, at in bets)


class MillionMembers(NodeTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="laurel-itest-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        site = cls.folder / "site"
        shutil.copytree(CRASH_GAME / "catalog", site / "catalog")
        (site / "catalog" / "tournaments.toml").write_text(CATALOG)
        (site / "node.toml").write_text('[catalog]\ndir = "catalog"\n')
        cls.node = cls.new_node("node")
        cls.node.config = site / "node.toml"
        cls.node.start()

    def bets(self):
        """A bet of each player, in order of time; every few of one score and time, so that there are
        ties. (player, score in cents, time)"""
        draw = random.Random(3)
        for number in range(MEMBERS):
            at = START + timedelta(milliseconds=number // 4 * 4 * 86_000_000 // MEMBERS)
            yield f"m{number}", draw.randrange(1, 400) * 100, at

    def test_every_place(self):
        bets = list(self.bets())
        late = ("late", 399_00, START + timedelta(hours=12))
        everybody = in_order(bets + [late])
        self.stage("crowd", bets)
        self.stage("late", [late])  # it holds the run open until it is closed
        self.close("crowd")
        client = self.node.client()
        self.addCleanup(client.close)
        without = [row for row in everybody if row[3] != "late"]
        self.assertEqual(harness.eventually(lambda: int(self.run_of(client)["members"]), len(without),
                                            within_s=200), len(without))
        self.assertEqual(self.run_of(client)["state"], "open")
        self.places_are(client, without)

        self.close("late")
        self.assertEqual(harness.eventually(lambda: self.run_of(client)["state"], "final",
                                            within_s=200), "final")
        self.places_are(client, everybody)
        exported = self.assertCode(
            self.node.verb("export", "standings", "--json", timeout_s=200), 0).out.splitlines()
        self.assertEqual(len(exported), len(everybody))
        for place, (line, (score, at, _, player)) in enumerate(zip(exported, everybody), 1):
            row = json.loads(line)
            found = (row["player"], int(row["position"]), int(row["score"]["units"]), row["reached"])
            if found != (player, place, -score, text_of(at)):
                self.fail(f"at {place} stands {line}, not {player} with {-score} of {at}")

        self.assertEqual(self.node.stop(), 0)
        self.node.start()
        after = self.node.client()
        self.addCleanup(after.close)
        self.places_are(after, everybody)

    def stage(self, name, bets):
        lines = [harness.CSV_HEADER] + [
            harness.csv_row(player, player, score // 100, date=text_of(at)) for player, score, at in bets]
        file = self.file(f"{name}.csv", "\n".join(lines) + "\n")
        done = self.assertCode(
            self.node.ingest(file, "--backfill", name, "--leave-open", timeout_s=400), 0)
        self.assertEqual(int(done.json()["staged"]), len(bets))

    def close(self, name):
        self.assertCode(self.node.verb("backfill", "close", name, "--wait", timeout_s=400), 0)

    def run_of(self, client):
        return client.get_json(f"/v1/tournaments/crowd/runs/{RUN}")

    def places_are(self, client, wanted):
        """Some of all, each with what is around it."""
        path = f"/v1/tournaments/crowd/runs/{RUN}/entries/"
        for place in (0, 1, MEMBERS // 3, MEMBERS // 2 + 7, len(wanted) - 1):
            page = client.get_json(f"{path}{wanted[place][3]}?above=5&below=5")
            first = max(0, place - 5)
            self.assertEqual([(entry["player"], int(entry["position"]), int(entry["score"]["units"]))
                              for entry in page["entries"]],
                             [(player, first + 1 + i, -score) for i, (score, _, _, player)
                              in enumerate(wanted[first:place + 6])])


if __name__ == "__main__":
    unittest.main()
