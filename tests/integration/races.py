"""A tournament with a run for each span of time, counting wagers, on a node that reads a topic."""

import json
import shutil
from datetime import datetime, timedelta

import harness
import kafka
from boards import UTC, text_of

TOML = """
[[tournament]]
id = "race"
operator = "count"
start = "{day}"
every = "{span}"
duration = "{span}"
grace = "1s"
"""


class Race:
    """`span`: of a run, e.g. 1h. `where`: as kafka.Site has it."""

    def __init__(self, folder, span, inputs, **where):
        catalog = folder / "catalog"
        shutil.copytree(harness.CRASH_GAME / "catalog", catalog)
        day = datetime.now(UTC) - timedelta(days=2)
        (catalog / "tournaments.toml").write_text(TOML.format(day=day.strftime("%Y-%m-%dT00:00"), span=span))
        cluster = kafka.fresh_name("c")
        self.node = kafka.Site(folder / cluster, cluster, inputs, catalog=catalog, **where).node()

    @staticmethod
    def wager(player, number, when):
        """As kafka.produce() takes it."""
        return player, json.dumps(harness.wager(player, number, 1000, time=text_of(when)))

    def board(self, start):
        """Of the run that begins then."""
        client = self.node.client()
        try:
            return client.get_json(f"/v1/tournaments/race/runs/race@{start:%Y-%m-%dT%H:%MZ}/entries?limit=1000")
        finally:
            client.close()

    def final(self, start, within_s):
        """Wagers of each player once nothing of it changes any more."""
        if not harness.eventually(lambda: self.board(start)["state"] == "final", True, within_s):
            raise AssertionError(f"the run is {self.board(start)['state']}\n{self.node.log()[-3000:]}")
        return {entry["player"]: int(entry["score"]["units"]) for entry in self.board(start)["entries"]}
