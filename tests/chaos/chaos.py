#!/usr/bin/env python3
"""Kills a node at any moment while wagers are fed into it, and checks what it promised.

usage: ./dev chaos [--kills N] [--fail-points N] [--seed S] [--file CSV] [--keep] [--json]

A real node, real wagers (../shared/data, else the made-up ones), four feeders that send again what was
not answered, readers that watch all the time. The node is killed N times at random while wagers are
under way, now and then while it starts, and at every fail point of a commit. Then all is fed to the
end and checked: every player as the oracle says, every ledger without a gap and its chain whole, every
output once, nothing seen that did not stay, the same file again changes nothing.

Prints progress on stderr and a verdict as JSON on stdout. Exit codes: 0 all held, 1 something did not,
2 the run says nothing: kills that hit nothing, fail points that were not reached, readers that saw
nothing.
"""

import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "tests" / name) for name in ("integration", "oracle")]

import campaign  # noqa: E402
import harness  # noqa: E402
from checker import Checker  # noqa: E402
from feed import Feed  # noqa: E402
from points import open_text, points_per_player, rows_of  # noqa: E402
from witness import Witness  # noqa: E402

FAILPOINT_EXIT = 137
KILLS = 50
FAILPOINT_ROUNDS = 2        # times each fail point is armed
FED_WHILE_KILLING = 0.8     # of all rows; the rest is fed after the last kill
STARTS_PER_KILL = 0.1       # kills while the node starts
# A build with sanitizers needs a third of a second for a page that a reader asks for: without this a
# life would be over before its reader had anything to tell. None in a build that is not slowed.
READERS_TIME_S = 0.25 * (harness.SCALE - 1)
JITTER_S = 0.012            # a kill comes so long after the rows it waits for, at most
REACHED_MAX = 12            # a fail point of a commit kills when it is reached the n-th time
MISSES_MAX = 20             # kills that hit nothing, in a row
WITNESSED_MIN = 0.2         # of the outputs, seen by readers while the node was killed


class Invalid(Exception):
    """The run cannot say whether the promises hold."""


class Death(NamedTuple):
    kind: str            # random, start, or the name of a fail point
    number: int = 0      # of a fail point: which time


def failpoints():
    """The fail points of the embedded engine that a running node comes to, in the source. The log of
    the catalog is written at the first start and by publications: tests/conformance has its own."""
    names = set()
    for path in (REPOSITORY / "runtime" / "adapters" / "embedded").rglob("*.cc"):
        names |= set(re.findall(r'LAUREL_FAILPOINT\("([^"]+)"\)', path.read_text()))
    return sorted(name for name in names if ".append_catalog." not in name)


def plan(kills, failpoint_rounds, rng):
    deaths = [Death("random")] * kills + [Death("start")] * round(kills * STARTS_PER_KILL)
    for name in failpoints() * failpoint_rounds:
        reached_max = 1 if ".open." in name else 16 if ".take_over." in name else REACHED_MAX
        deaths.append(Death(name, rng.randint(1, reached_max)))
    rng.shuffle(deaths)
    return deaths


class Run:
    def __init__(self, options):
        self.options = options
        self.rng = random.Random(options.seed)
        self.data_file = Path(options.file) if options.file else harness.WAGERS
        with open_text(self.data_file) as file:
            self.lines = file.read().splitlines()
        self.rows = list(rows_of(self.data_file))
        self.total = len(self.rows)
        self.expected = points_per_player(self.rows)
        self.folder = Path(tempfile.mkdtemp(prefix="laurel-chaos-"))
        self.node = harness.Node(self.folder, laurel=options.laurel)
        self.deaths = plan(options.kills, options.fail_points, self.rng)
        self.died = Counter()
        self.misses = self.starts = 0
        self.last_death = None
        self.down_ms = []  # from a death to the next answer
        self.violations, self.invalid = [], []
        self.witnessed = 0
        self.started = time.monotonic()
        self.patience_s = 60 * harness.SCALE
        self.feed = Feed(self.node, self.lines, harness.MAPPING.read_text(), self.rng.random())
        self.witness = Witness(self.node, sorted(self.expected), self.rng.random())
        self.checker = Checker(self.node, self.rows, self.expected)

    def opening(self):
        return f"{self.total} wagers of {self.data_file}, {len(self.deaths)} deaths"

    def say(self, text):
        if not self.options.json:
            print(f"{time.monotonic() - self.started:7.1f} s  {text}", file=sys.stderr, flush=True)

    def start(self, environment=None):
        """True when the node is up, false when it died on the way."""
        self.launch(environment)
        if not self.node.wait_healthy():
            return False
        client = self.node.client()
        try:
            partitions = client.get_json("/v1/status")["partitions"]
        except (OSError, harness.http.client.HTTPException):
            return False
        finally:
            client.close()
        if not self.witness.seen:
            self.witness.start(len(partitions))
        self.witness.check_partitions(partitions, self.witness.life)
        return True

    def launch(self, environment=None):
        self.starts += 1
        self.witness.begin_life()
        self.node.launch(environment)

    # --- deaths ----------------------------------------------------------------------------------
    def kill_all(self):
        step = max(1, int(self.total * FED_WHILE_KILLING / len(self.deaths)))
        for index, death in enumerate(self.deaths, 1):
            for _ in range(MISSES_MAX):
                died_at = self.die(death, step)
                self.last_death = died_at
                if died_at:
                    break
                self.misses += 1
            else:
                raise Invalid(f"{death.kind}: {MISSES_MAX} kills in a row hit nothing")
            self.died[death.kind] += 1
            self.say(f"{index:3}/{len(self.deaths)} died: {death.kind}"
                     f"{f' ({death.number})' if death.number else ''}, "
                     f"{self.feed.acknowledged} rows answered")

    def die(self, death, step):
        """Starts the node and has it die. When; None when it did not, or nothing was under way."""
        if death.kind == "start":
            return self.die_at_start()
        if death.kind == "random":
            return self.die_at_random(step)
        return self.die_at_failpoint(death, step)

    def die_at_start(self):
        self.launch()
        time.sleep(self.rng.uniform(0, 0.08))
        died_at = time.monotonic()
        self.node.kill()
        self.feed.cut_at(died_at, 0)
        return died_at

    def die_at_random(self, step):
        self.feed.forget_first_answer()
        if not self.start():
            raise self.unexpected_end()
        time.sleep(READERS_TIME_S)
        target = self.feed.acknowledged + self.rng.randint(1, step)
        if self.feed.acknowledged >= self.total:
            raise Invalid("all rows were answered before the last kill: feed more, or kill less")
        self.feed.allow(target + step)
        if not self.feed.wait_acknowledged(target, self.patience_s):
            self.violations.append(f"no progress within {self.patience_s} s of a start")
            raise Invalid("the node does not go on")
        if self.last_death:
            self.down_ms.append((self.feed.first_answer - self.last_death) * 1000)
        time.sleep(self.rng.uniform(0, JITTER_S))
        died_at = time.monotonic()
        self.node.kill()
        return died_at if self.feed.cut_at(died_at) else None

    def die_at_failpoint(self, death, step):
        environment = {"LAUREL_FAILPOINT": f"{death.kind}:{death.number}"}
        up = self.start(environment)
        deadline = time.monotonic() + self.patience_s
        while up and self.node.running():
            answered = self.feed.acknowledged
            self.feed.allow(answered + step)
            self.feed.wait_acknowledged(answered + step // 2 + 1, 0.05)
            if answered >= self.total or time.monotonic() > deadline:
                self.node.kill()
                raise Invalid(f"fail point {death.kind}:{death.number} was not reached; "
                              "are they compiled in (preset dev)?")
        died_at = time.monotonic()
        if self.node.process.wait() != FAILPOINT_EXIT:
            raise self.unexpected_end()
        self.feed.cut_at(died_at, 0.05)
        return died_at

    def unexpected_end(self):
        self.violations.append(f"the node ended with {self.node.process.returncode}: "
                               f"{self.node.log()[-2000:]}")
        return Invalid("the node does not start")

    # --- afterwards ------------------------------------------------------------------------------
    def finish(self):
        self.witnessed = self.witness.records_seen()
        if not self.start():
            raise self.unexpected_end()
        self.feed.allow(self.total)
        if not self.feed.join(self.patience_s):
            self.violations.append(f"{self.feed.acknowledged} of {self.total} rows answered "
                                   f"after {self.patience_s} s without a kill")
            raise Invalid("the node does not go on")
        self.witness.stop()
        self.say("all rows are answered; checking")
        self.checker.check()
        self.checker.check_witness(self.witness)
        self.say("the same file again, and a restart")
        self.check_again()

    def check_again(self):
        """The same file changes nothing, nor does a restart; verify agrees, at rest and not."""
        equal = self.checker.equal
        before = self.facts()
        done = self.node.ingest(self.data_file)
        equal("ingested again", done.json(), {"accepted": "0", "duplicate": str(self.total),
                                              "conflict": "0", "rejected": "0"})
        equal("after the same file again", self.facts(), before)
        equal("verify: exit code", self.node.verb("verify", timeout_s=120).code, 0)
        equal("SIGTERM: exit code", self.node.stop(), 0)
        stopped = harness.verb("verify", "--data", self.node.data, timeout_s=120,
                               laurel=self.options.laurel)
        equal("verify of the stopped node: exit code", stopped.code, 0)
        if not self.start():
            raise self.unexpected_end()
        equal("after a restart", self.facts(), before)
        equal("SIGTERM: exit code", self.node.stop(), 0)
        if harness.CRASH_SIGNS.search(self.node.log()):
            self.checker.fail(f"the node's log: {self.node.log()[-2000:]}")

    def facts(self):
        """What must not change when nothing new comes."""
        client = self.node.client()
        try:
            partitions = client.get_json("/v1/status")["partitions"]
            ends = [client.get_json(f"/v1/topics/{name}?partition={each['partition']}&limit=1")["end"]
                    for name in ("ledger", "balances") for each in partitions]
        finally:
            client.close()
        return ends, self.node.balances()

    def all_violations(self):
        return (self.violations + self.feed.violations + self.witness.violations +
                self.checker.violations)

    def execute(self):
        try:
            self.kill_all()
            self.finish()
            outputs = sum(len(self.checker.topics[name]) for name in ("ledger", "balances"))
            if self.witnessed < outputs * WITNESSED_MIN:
                self.invalid.append(f"readers saw {self.witnessed} of {outputs} records only while "
                                    "the node was killed")
        except Invalid as why:
            self.invalid.append(str(why))
        except Exception as error:
            self.violations.append(f"the run broke off: {error!r}: {self.node.log()[-2000:]}")
        finally:
            if self.node.running():
                self.node.kill()
            self.witness.stopping.set()
        return self.verdict()

    def verdict(self):
        violations = self.all_violations()
        down = sorted(self.down_ms) or [0.0]
        return {
            "verdict": "violated" if violations else "invalid" if self.invalid else "ok",
            "seed": self.options.seed, "commit": commit_of_the_source(),
            "file": self.data_file.name, "events": self.total,
            "kills": {"random": self.died["random"], "start": self.died["start"],
                      "failpoints": {name: self.died[name] for name in failpoints()}},
            "kills_that_hit_nothing": self.misses, "starts": self.starts,
            "requests": self.feed.requests, "requests_cut_off": self.feed.retries,
            "accepted": self.feed.accepted, "duplicates_of_retries": self.feed.duplicates,
            "death_to_answer_ms": {"p50": round(down[len(down) // 2]), "max": round(down[-1])},
            "witness": {"polls": self.witness.polls, "records_while_killing": self.witnessed,
                        "records": self.witness.records_seen(),
                        "player_states": self.witness.states_seen},
            "seconds": round(time.monotonic() - self.started, 1),
            "invalid": self.invalid, "violations": violations[:100],
        }


def commit_of_the_source():
    done = subprocess.run(["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty"],
                          capture_output=True, text=True, check=False)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(campaign.main("./dev chaos", __doc__, Run, KILLS, FAILPOINT_ROUNDS))
