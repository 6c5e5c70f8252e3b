"""One run with a million members: every place right, read at any place while it is open, final once
it closes, there again after a restart. Under sanitizers a run with fewer."""

import hashlib
import random
import shutil
import tempfile
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

import harness
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
        lines, wanted = [harness.CSV_HEADER], []
        for player, score, at in self.bets():
            text = at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
            lines.append(f"{player},1,{player},{score // 100},NA,NA,NA,2.0,{text}")
            tie = hashlib.sha256(f"{RUN}|{player}".encode()).digest()[:8]
            wanted.append((-score, at, tie, player))
        wanted.sort()
        file = self.file("crowd.csv", "\n".join(lines) + "\n")
        del lines
        done = self.assertCode(
            self.node.ingest(file, "--backfill", "crowd", "--leave-open", timeout_s=400), 0)
        self.assertEqual(int(done.json()["staged"]), MEMBERS)
        self.assertCode(self.node.verb("backfill", "close", "crowd", "--wait", timeout_s=400), 0)

        client = self.node.client()
        self.addCleanup(client.close)

        def state():
            return client.get_json("/v1/tournaments/crowd/runs/" + RUN)["state"]
        self.assertEqual(harness.eventually(state, "final", within_s=200), "final")
        self.places_are(client, wanted)

        position = 0
        for line in self.assertCode(
                self.node.verb("export", "standings", "--json", timeout_s=200), 0).out.splitlines():
            score, at, _, player = wanted[position]
            position += 1
            if f'"player":"{player}"' not in line.replace(": ", ":"):
                self.fail(f"at {position} stands {line}, not {player} with {-score} of {at}")
        self.assertEqual(position, MEMBERS)

        self.assertEqual(self.node.stop(), 0)
        self.node.start()
        after = self.node.client()
        self.addCleanup(after.close)
        self.places_are(after, wanted)

    def places_are(self, client, wanted):
        """Some of all, each with what is around it."""
        path = f"/v1/tournaments/crowd/runs/{RUN}/entries/"
        for place in (0, 1, MEMBERS // 3, MEMBERS // 2 + 7, MEMBERS - 1):
            page = client.get_json(f"{path}{wanted[place][3]}?above=5&below=5")
            first = max(0, place - 5)
            self.assertEqual([(entry["player"], int(entry["position"]), int(entry["score"]["units"]))
                              for entry in page["entries"]],
                             [(player, first + 1 + i, -score) for i, (score, _, _, player)
                              in enumerate(wanted[first:place + 6])])


if __name__ == "__main__":
    unittest.main()
