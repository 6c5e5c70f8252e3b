#!/usr/bin/env python3
"""Kills a node while a backfill of real bets is staged, applied and its tournaments are closed.

usage: ./dev chaos tournaments [--kills N] [--fail-points N] [--seed S] [--file CSV] [--keep] [--json]

The bets (../shared/data, else the made-up ones), shuffled, go through `laurel ingest` into a backfill.
The node is killed N times at
random, and at every fail point of a commit, from the first row staged to the last tournament closed.
Then everything is compared with the oracle: points and tiers of every player, every position of every
run, one record `final` per run and none before it, every chain of position changes without a gap
(`laurel verify`), the same file again changes nothing.

When all is done before the last death, it begins anew in an empty directory.

Exit codes: 0 all held, 1 something did not, 2 the run says nothing.
"""

import csv
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "tests" / name) for name in ("integration", "oracle", "chaos")]

import campaign  # noqa: E402
import harness  # noqa: E402
from chaos import FAILPOINT_EXIT, failpoints  # noqa: E402
from points import rows_of  # noqa: E402
from program import TIERS, play  # noqa: E402
from tournaments import CATALOG, bets_of, standings  # noqa: E402

PROGRAM = (harness.CRASH_GAME / "catalog" / "program.toml").read_text() + TIERS
CATALOG_WRITTEN = "embedded.append_catalog.after_write"
LIFE_MAX_S = 0.4  # of a life that ends by a kill, after the node is up
FAILPOINT_LIFE_S = 20
REACHED_MAX = 10
DONE_WITHIN_S = 120


class Run:
    def __init__(self, options):
        self.options = options
        self.rng = random.Random(options.seed)
        rows = {row["Id"]: row for row in rows_of(Path(options.file) if options.file
                                                  else harness.WAGERS)}
        self.rows = list(rows.values())
        self.folder = Path(tempfile.mkdtemp(prefix="laurel-chaos-"))
        self.node = harness.Node(self.folder, laurel=options.laurel)
        self.node.config = self.folder / "node.toml"
        self.node.config.write_text("")
        catalog = self.folder / "catalog"
        catalog.mkdir()
        (catalog / "program.toml").write_text(PROGRAM)
        (catalog / "assets.toml").write_text('assets = [{ id = "BIT", scale = 2 }]')
        (catalog / "tournaments.toml").write_text(CATALOG)
        self.file = self.folder / "bets.csv"
        shuffled = list(self.rows)
        self.rng.shuffle(shuffled)
        with open(self.file, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.rows[0].keys())
            writer.writeheader()
            writer.writerows(shuffled)
        self.feeder = None
        self.rounds = 0
        self.died = Counter()
        self.violations, self.invalid = [], []
        self.started = time.monotonic()

    def opening(self):
        return f"{len(self.rows)} bets"

    def say(self, text):
        if not self.options.json:
            print(f"{time.monotonic() - self.started:7.1f} s  {text}", file=sys.stderr, flush=True)

    def fail(self, what):
        if len(self.violations) < 50:
            self.violations.append(what)

    def feed(self):
        """Keeps a feeder going: one that gave up is followed by another."""
        if self.feeder is None or self.feeder.poll() not in (None, 0):
            self.feeder = subprocess.Popen(
                [self.options.laurel, "ingest", self.file, "--map", harness.MAPPING, "--backfill",
                 "bets", "--retry", "30", "--wait", "--json"], stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, env=os.environ | {"LAUREL_SERVER": self.node.url})

    def deaths(self):
        kinds = ["random"] * self.options.kills + failpoints() * self.options.fail_points
        self.rng.shuffle(kinds)
        return kinds

    def final_runs(self):
        client = self.node.client()
        try:
            changes = Counter(record["data"]["change"] for record in client.topic("tournaments"))
        except (OSError, harness.http.client.HTTPException):
            return False
        finally:
            client.close()
        return changes["opened"] > 0 and changes["opened"] == changes["final"]

    def kill_all(self, kinds):
        """The first start dies with the catalog just written. Then until no death is left, or all bets
        are applied and all runs closed: what is left then."""
        self.node.launch({"LAUREL_FAILPOINT": f"{CATALOG_WRITTEN}:1"})
        if self.node.wait_healthy() or self.node.process.wait() != FAILPOINT_EXIT:
            raise RuntimeError(f"{CATALOG_WRITTEN} was not reached; are fail points compiled in?")
        self.died[CATALOG_WRITTEN] += 1
        while kinds:
            kind = kinds[0]
            environment = {}
            if kind != "random":
                reached = 1 if ".open." in kind else self.rng.randint(1, REACHED_MAX)
                environment = {"LAUREL_FAILPOINT": f"{kind}:{reached}"}
            self.node.launch(environment)
            up = self.node.wait_healthy()
            self.feed()
            life = self.rng.uniform(0.02, LIFE_MAX_S) if kind == "random" else FAILPOINT_LIFE_S
            deadline = time.monotonic() + life * harness.SCALE
            while up and self.node.running() and time.monotonic() < deadline:
                time.sleep(0.005)
                self.feed()
                if self.feeder.poll() == 0 and self.final_runs():
                    # Nothing is under way any more. A node with a fail point would die of it later.
                    if kind != "random":
                        self.node.kill()
                        self.node.start()
                    return kinds
            if self.node.running():
                self.node.kill()
                if kind != "random":
                    raise RuntimeError(f"fail point {kind} was not reached; are they compiled in?")
            elif self.node.process.wait() != FAILPOINT_EXIT:
                raise RuntimeError(f"the node ended with {self.node.process.returncode}")
            kinds = kinds[1:]
            self.died[kind] += 1
            self.say(f"died: {kind}; {len(kinds)} deaths left")
        return kinds

    def finish(self):
        if not self.node.running():
            self.node.start()
        deadline = time.monotonic() + DONE_WITHIN_S * harness.SCALE
        while time.monotonic() < deadline:
            self.feed()
            if self.feeder.poll() == 0 and self.final_runs():
                break
            time.sleep(0.05)
        else:
            self.fail("the bets are not applied, or the tournaments not closed, in time")
            return
        self.say("all tournaments are closed; checking")
        self.check()
        before = self.node.verb("export", "standings", "--json").out
        again = self.node.ingest(self.file, timeout_s=DONE_WITHIN_S)
        if again.code != 0:
            return self.fail(f"the same file again: {again}")
        again = again.json()
        if (again["accepted"], again["duplicate"]) != ("0", str(len(self.rows))):
            self.fail(f"the same file again: {again}")
        if self.node.verb("export", "standings", "--json").out != before:
            self.fail("the same file again changed the standings")
        if (code := self.node.stop()) != 0:
            self.fail(f"SIGTERM: exit code {code}")

    def check(self):
        got = defaultdict(list)
        for line in self.node.verb("export", "standings", "--json", timeout_s=120).json_lines():
            got[line["run"]].append((line["player"], int(line["score"]["units"]), line["reached"]))
        wanted = standings(bets_of(self.rows))
        if sorted(got) != sorted(wanted):
            self.fail(f"runs: {sorted(got)}, not {sorted(wanted)}")
        for run, entries in wanted.items():
            if [each[:2] for each in got.get(run, [])] != [each[:2] for each in entries]:
                self.fail(f"{run}: not the oracle's positions")
        earned = play(PROGRAM, sorted(self.rows, key=lambda row: int(row["Id"])))
        if harness.points(self.node.balances()) != earned:
            self.fail("points: not the oracle's")
        client = self.node.client()
        changes = defaultdict(list)
        for record in client.topic("tournaments"):
            changes[record["data"]["run"]].append(record["data"]["change"])
        letters = list(client.topic("dead-letters"))
        client.close()
        for run in wanted:
            if changes[run] != ["opened", "closing", "final"]:
                self.fail(f"{run}: {changes[run]}")
        if letters:
            self.fail(f"{len(letters)} dead letters, the first: {letters[0]}")
        verified = self.node.verb("verify", timeout_s=120)
        if verified.code != 0:
            self.fail(f"verify: {verified.out[-500:]} {verified.err[-500:]}")

    def execute(self):
        try:
            kinds = self.deaths()
            while True:
                left = self.kill_all(kinds)
                self.finish()
                self.rounds += 1
                if not left or self.violations:
                    break
                if left == kinds:
                    self.invalid.append("a round without a death: feed more, or kill sooner")
                    break
                kinds, self.feeder = left, None
                shutil.rmtree(self.node.data)
                self.say(f"all held; once more with {len(left)} deaths")
        except Exception as error:
            self.fail(f"the run broke off: {error!r}: {self.node.log()[-2000:]}")
        finally:
            if self.node.running():
                self.node.kill()
            if self.feeder is not None and self.feeder.poll() is None:
                self.feeder.kill()
        return {"verdict": "violated" if self.violations else "invalid" if self.invalid else "ok",
                "seed": self.options.seed, "events": len(self.rows), "rounds": self.rounds, "kills": dict(self.died),
                "seconds": round(time.monotonic() - self.started, 1),
                "invalid": self.invalid, "violations": self.violations}


if __name__ == "__main__":
    sys.exit(campaign.main("./dev chaos tournaments", __doc__, Run, kills=50, fail_points=1))
