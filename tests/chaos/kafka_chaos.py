#!/usr/bin/env python3
"""Everything that goes wrong with a broker, while wagers come from a topic; then it is all checked.

usage: ./dev chaos kafka [--kills N] [--faults N] [--fail-points N] [--seed S] [--file CSV] [--keep] [--json]

A broker of its own, a topic of 8 partitions that the wagers are written to bit by bit, keyed by player,
in the order of play; one node. The node is killed N times at random, and at every fail point of a commit;
and `--faults` times one of these happens, each as often as the others:

  node-pause      the node stands still for 1 to 5 s
  lost-snapshots  the node dies, and its folder is gone
  broker-pause    the broker stands still for 1 to 5 s
  broker-restart  the broker is ended and started
  broker-kill     the broker is killed and started
  hijack          another node starts on the same cluster and takes all partitions over

Then: kafka_check.py (topics read committed, the API, the oracle), `laurel verify`, the same from an empty
folder. A fault that did not take effect makes the run invalid.

Exit codes: 0 all held, 1 something did not, 2 the run says nothing.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "tests" / name) for name in ("integration", "oracle", "chaos")]

import campaign  # noqa: E402
import harness  # noqa: E402
import kafka  # noqa: E402
from chaos import FAILPOINT_EXIT  # noqa: E402
from kafka_check import check  # noqa: E402
from points import points_of, points_per_player, rows_of  # noqa: E402

FAULTS = ("node-pause", "lost-snapshots", "broker-pause", "broker-restart", "broker-kill", "hijack")
TOPIC, CLUSTER, PARTITIONS = "wagers", "chaos", 8
KILL_AFTER_MAX_S = 1.0
REACHED_MAX = 12
PATIENCE_S = 90
INPUT = f'[[input]]\ntopic = "{TOPIC}"\nformat = "json"\nmapping = "{harness.MAPPING}"\n'


class Invalid(Exception):
    """The run cannot say whether the promises hold."""


def failpoints():
    """Those of a running node; the one of the catalog's log is reached at the first start only."""
    names = set()
    for path in (REPOSITORY / "runtime" / "adapters" / "kafka").rglob("*.cc"):
        names |= set(re.findall(r'LAUREL_FAILPOINT\("([^"]+)"\)', path.read_text()))
    return sorted(name for name in names if ".append_catalog." not in name)


class Run:
    def __init__(self, options):
        self.options = options
        self.rng = random.Random(options.seed)
        rows = {row["Id"]: row for row in rows_of(Path(options.file) if options.file
                                                  else harness.WAGERS)}
        self.rows = sorted(rows.values(), key=lambda row: int(row["Id"]))
        self.folder = Path(tempfile.mkdtemp(prefix="laurel-chaos-"))
        self.broker = self.folder / "kafka"
        self.fed = 0
        self.node = self.other = None
        self.happened = Counter()
        self.misses = 0
        self.violations, self.invalid = [], []
        self.started = time.monotonic()

    def opening(self):
        return f"{len(self.rows)} wagers"

    def say(self, text):
        if not self.options.json:
            print(f"{time.monotonic() - self.started:7.1f} s  {text}", file=sys.stderr, flush=True)

    # ---- The broker -----------------------------------------------------------------------------
    def tool(self, verb, *arguments):
        done = subprocess.run([sys.executable, "-B", str(kafka.TOOL), verb, "--dir", str(self.broker),
                               *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Invalid(f"kafka {verb}: {done.stdout} {done.stderr}")

    def broker_pid(self):
        return json.loads((self.broker / "kafka.json").read_text())["brokers"][0]["pid"]

    def open(self):
        self.tool("start")
        kafka.FILE = str(self.broker / "kafka.json")
        kafka.make_topic(TOPIC, PARTITIONS)
        self.node = kafka.Site(self.folder / "node", CLUSTER, INPUT).node(laurel=self.options.laurel)
        self.other = kafka.Site(self.folder / "other", CLUSTER, INPUT).node(laurel=self.options.laurel)

    def feed(self, count):
        part = self.rows[self.fed:self.fed + count]
        if not part:
            return
        kafka.produce(TOPIC, [(row["Username"], json.dumps(row)) for row in part])
        self.fed += len(part)

    # ---- Faults ---------------------------------------------------------------------------------
    def plan(self):
        kinds = ["kill"] * self.options.kills
        kinds += [FAULTS[at % len(FAULTS)] for at in range(self.options.faults)]
        kinds += failpoints() * self.options.fail_points
        self.rng.shuffle(kinds)
        return kinds

    def commits(self, node):
        """Of the running node, 0 when it does not answer."""
        client = node.client()
        try:
            return int(client.get_json("/v1/status")["commits"])
        except (OSError, AssertionError, harness.http.client.HTTPException):
            return 0
        finally:
            client.close()

    def wait_commits(self, count=1):
        """Until it has committed something: a fault in an idle node shows nothing."""
        before = self.commits(self.node)
        deadline = time.monotonic() + PATIENCE_S * harness.SCALE
        while self.commits(self.node) < before + count:
            if not self.node.running():
                raise Invalid(f"the node ended with {self.node.process.returncode}")
            if time.monotonic() > deadline:
                self.violations.append(f"nothing was committed within {PATIENCE_S} s")
                raise Invalid("the node does not go on")
            time.sleep(0.01)

    def happen(self, kind, step):
        if kind in failpoints():
            return self.die_at_failpoint(kind, step)
        if not self.node.running():
            self.node.start()
        self.feed(step)
        if kind != "lost-snapshots":
            self.wait_commits()
        if kind == "kill":
            time.sleep(self.rng.uniform(0, KILL_AFTER_MAX_S))
            return self.node.kill()
        return getattr(self, kind.replace("-", "_"))(step)

    def die_at_failpoint(self, kind, step):
        if self.node.running():
            self.node.kill()
        reached = self.rng.randint(1, 1 if ".open." in kind else REACHED_MAX)
        self.node.launch({"LAUREL_FAILPOINT": f"{kind}:{reached}"})
        deadline = time.monotonic() + PATIENCE_S * harness.SCALE
        while self.node.running():
            if time.monotonic() > deadline:
                raise Invalid(f"fail point {kind}:{reached} was not reached")
            self.feed(max(1, step // 10))
            time.sleep(0.05)
        if self.node.process.wait() != FAILPOINT_EXIT:
            self.violations.append(f"the node ended with {self.node.process.returncode}: "
                                   f"{self.node.log()[-1500:]}")
            raise Invalid("the node does not start")

    def pause(self, pid):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(self.rng.uniform(1, 5))
        os.kill(pid, signal.SIGCONT)

    def node_pause(self, step):
        self.pause(self.node.process.pid)
        self.goes_on(step)

    def lost_snapshots(self, _step):
        self.node.kill()
        shutil.rmtree(self.node.data)

    def broker_pause(self, step):
        self.pause(self.broker_pid())
        self.goes_on(step)

    def broker_restart(self, step):
        self.tool("stop")
        self.tool("start")
        self.goes_on(step)

    def broker_kill(self, step):
        os.kill(self.broker_pid(), signal.SIGKILL)
        time.sleep(0.2)
        self.tool("start")
        self.goes_on(step)

    def hijack(self, step):
        """The other one takes everything over; the first has to notice, and to commit nothing more."""
        said = len(self.node.log())
        self.other.start()
        self.feed(step)
        deadline = time.monotonic() + PATIENCE_S * harness.SCALE
        while "another owner has taken" not in self.node.log()[said:]:
            if time.monotonic() > deadline:
                self.violations.append("a node that was taken over has not noticed it")
                break
            self.feed(max(1, step // 10))
            time.sleep(0.1)
        self.node.kill()
        self.node, self.other = self.other, self.node

    def goes_on(self, step):
        """The same process, without a restart."""
        self.feed(step)
        self.wait_commits()
        if not self.node.running():
            self.violations.append(f"the node ended: {self.node.log()[-1500:]}")

    # ---- The whole ------------------------------------------------------------------------------
    def kill_all(self):
        kinds = self.plan()
        step = max(10, len(self.rows) // (3 * len(kinds) + 1))
        for at, kind in enumerate(kinds, 1):
            if self.fed + 4 * step > len(self.rows):
                raise Invalid("all wagers were written before the last fault")
            self.happen(kind, step)
            self.happened[kind] += 1
            self.say(f"{at:3}/{len(kinds)} {kind}; {self.fed} wagers written")

    def finish(self):
        if not self.node.running():
            self.node.start()
        self.feed(len(self.rows))
        want = points_per_player(self.rows)
        done = harness.eventually(lambda: harness.points(self.node.balances()) == want, True,
                                  PATIENCE_S)
        self.say("all wagers are written; checking")
        if not done:
            self.violations.append("the points are not the oracle's in time")
        causes = {(row["Username"], row["Id"]): points_of(row) for row in self.rows if points_of(row)}
        self.look(causes)
        self.node.stop()
        shutil.rmtree(self.node.data)
        self.node.start()
        self.look(causes)
        if (code := self.node.stop()) != 0:
            self.violations.append(f"SIGTERM: exit code {code}")
        for node in (self.node, self.other):
            if harness.CRASH_SIGNS.search(node.log()):
                self.violations.append(f"a node's log: {node.log()[-1500:]}")

    def look(self, causes):
        self.violations += check(CLUSTER, causes, harness.points(self.node.balances()))[:20]
        letters = kafka.consume(f"{CLUSTER}.dead-letters")
        if letters:
            self.violations.append(f"{len(letters)} dead letters, the first: {letters[0]}")
        verified = self.node.verb("verify", timeout_s=120)
        if verified.code != 0:
            self.violations.append(f"verify: {verified.out[-500:]} {verified.err[-500:]}")

    def execute(self):
        try:
            self.open()
            self.kill_all()
            self.finish()
        except Invalid as why:
            self.invalid.append(str(why))
        except Exception as error:  # whatever it was, the folder tells
            self.violations.append(f"the run broke off: {error!r}")
        finally:
            for node in (self.node, self.other):
                if node and node.running():
                    node.kill()
            if (self.broker / "kafka.json").exists():
                self.tool("stop")
        return {
            "verdict": "violated" if self.violations else "invalid" if self.invalid else "ok",
            "seed": self.options.seed, "events": len(self.rows), "happened": dict(self.happened),
            "seconds": round(time.monotonic() - self.started, 1),
            "invalid": self.invalid, "violations": self.violations[:50],
        }


if __name__ == "__main__":
    sys.exit(campaign.main("./dev chaos kafka", __doc__, Run, 30, 1, faults=12))
