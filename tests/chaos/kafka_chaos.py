#!/usr/bin/env python3
"""Everything that goes wrong with a broker, while wagers come from a topic; then it is all checked.

usage: ./dev chaos kafka [--kills N] [--faults N] [--fail-points N] [--only KIND,...] [--brokers 1|3]
                         [--seed S] [--file CSV] [--keep] [--json]

Brokers of its own, a topic of 8 partitions that the wagers are written to bit by bit, keyed by player,
in the order of play; one node, which reaches the brokers through a proxy only. The node is killed N times
at random, and at every fail point of a commit; and `--faults` times one of these happens, each as often
as the others:

  node-pause           the node stands still for 1 to 30 s, mostly for less than 5
  lost-snapshots       the node dies, and its folder is gone
  broker-pause         a broker stands still for 1 to 5 s
  broker-restart       a broker is ended and started
  broker-kill          a broker is killed and started
  hijack               another node starts on the same cluster and takes all partitions over
  proxy-delay          requests and answers take 50 to 2000 ms each
  proxy-cut            all connections are reset, several times
  proxy-stall          nothing goes either way, up to 15 s: longer than a transaction may take
  lost-answers         answers to produce requests and ends of transactions are lost: they have happened
  late-requests        such requests arrive after their connection was reset, and were asked again
  hijack-id            a producer that is not Laurel's takes the transactional id of a partition
  hanging-transaction  a foreign transaction in the input stays open; it is committed, aborted, or times out
  input-lost           an input is made anew, also while the node runs, or loses records that were not read
  network-cut          the only network of the node is cut, up to 15 s       (needs root: ip netns)
  disk-full            the disk with the snapshots is full, then freed       (needs root: mount)
  coordinator-moved    the broker that coordinates a partition's transactions dies     (--brokers 3)
  broker-lost          one of three brokers is lost for good, its folder too; once     (--brokers 3)

--only: some of them, by name. Then: kafka_check.py (topics read committed, the API, the oracle), the boards
of four tournaments that every wager is sent to, `laurel verify`, the same from an empty folder. A fault that
did not take effect makes the run invalid.

Exit codes: 0 all held, 1 something did not, 2 the run says nothing.
"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "tests" / name) for name in ("integration", "oracle", "chaos")]

import campaign  # noqa: E402
import foreign_faults  # noqa: E402
import harness  # noqa: E402
import kafka  # noqa: E402
import namespace  # noqa: E402
from chaos import FAILPOINT_EXIT  # noqa: E402
from cluster_faults import ClusterFaults  # noqa: E402
from foreign_faults import ForeignFaults  # noqa: E402
from kafka_check import check, check_boards  # noqa: E402
from link_faults import LinkFaults  # noqa: E402
from node_faults import PATIENCE_S, NodeFaults  # noqa: E402
from points import points_of, points_per_player, rows_of  # noqa: E402
from proxy import Proxy  # noqa: E402

FAULTS = (NodeFaults.KINDS + LinkFaults.KINDS + ForeignFaults.KINDS + ForeignFaults.INPUT_KINDS
          + LinkFaults.NETWORK_KINDS + NodeFaults.DISK_KINDS + ClusterFaults.KINDS)
KILL_AFTER_MAX_S = 1.0
REACHED_MAX = 12
STOPS_WITHIN_S = 30  # an idle node, on a machine that does other things beside
TRICKLE_ROWS, TRICKLE_S = 4, 0.2
LISTEN = '[listen]\naddress = "{}"\nallow_plaintext = true\n'
INPUT = f'[[input]]\ntopic = "{{}}"\nformat = "json"\nmapping = "{harness.MAPPING}"\n'
# Messages between partitions: every wager to each of them.
BOARDS = {f"{operator}-{at}": operator for operator in ("count", "total_stake") for at in (1, 2)}
BOARD = '''
[[tournament]]
id = "{}"
operator = "{}"
{}
start = "{:%Y-%m-%d}T00:00"
end = "{:%Y-%m-%d}T00:00"
'''


class Invalid(Exception):
    """The run cannot say whether the promises hold."""


def failpoints():
    """Those of a running node; the one of the catalog's log is reached at the first start only."""
    names = set()
    for path in (REPOSITORY / "runtime" / "adapters" / "kafka").rglob("*.cc"):
        names |= set(re.findall(r'LAUREL_FAILPOINT\("([^"]+)"\)', path.read_text()))
    return sorted(name for name in names if ".append_catalog." not in name)


class Run(NodeFaults, LinkFaults, ForeignFaults, ClusterFaults):
    Invalid = Invalid
    TOPIC, STRANGE, CLUSTER = "wagers", "strange", "chaos"
    PARTITIONS, NODE_PARTITIONS = 8, 16

    def __init__(self, options):
        self.options = options
        self.rng = random.Random(options.seed)
        rows = {row["Id"]: row for row in rows_of(Path(options.file) if options.file
                                                  else harness.WAGERS)}
        # In the order of play, a second apart, of yesterday: the boards are open all the time.
        self.day = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0) - timedelta(days=1)
        self.rows = [row | {"PlayDate": f"{self.day + timedelta(seconds=at):%Y-%m-%dT%H:%M:%SZ}"}
                     for at, row in enumerate(sorted(rows.values(), key=lambda row: int(row["Id"])))]
        self.counted = []  # that others have written, and count, too
        self.invented = 0
        self.folder = Path(tempfile.mkdtemp(prefix="laurel-chaos-"))
        self.broker = self.folder / "kafka"
        self.copies = () if options.brokers == 1 else (
            "--replication-factor", "3", "--config", "min.insync.replicas=2")
        self.lost = set()  # brokers
        self.mounted = []
        self.fed = 0
        self.node = self.other = self.proxy = self.namespace = None
        self.happened, self.ways = Counter(), Counter()
        self.violations, self.invalid = [], []
        self.left_out = {}
        self.started = time.monotonic()

    def opening(self):
        return f"{len(self.rows)} wagers"

    def say(self, text):
        if not self.options.json:
            print(f"{time.monotonic() - self.started:7.1f} s  {text}", file=sys.stderr, flush=True)

    # ---- The brokers ----------------------------------------------------------------------------
    def tool(self, verb, *arguments):
        done = subprocess.run([sys.executable, "-B", str(kafka.TOOL), verb, "--dir", str(self.broker),
                               *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Invalid(f"kafka {verb}: {done.stdout} {done.stderr}")

    def living_brokers(self):
        brokers = json.loads((self.broker / "kafka.json").read_text())["brokers"]
        return [each for each in brokers if each["id"] not in self.lost]

    def some_broker(self):
        return self.rng.choice(self.living_brokers())

    def start_brokers(self, host):
        addresses = [(host, harness.free_port()) for _ in range(self.options.brokers)]
        names = ",".join(f"{host}:{port}" for host, port in addresses)
        self.tool("start", "--brokers", str(self.options.brokers), "--proxied", names)
        self.proxy = Proxy({at: ("127.0.0.1", broker["behind_proxy"])
                            for at, broker in zip(addresses, self.living_brokers())},
                           self.options.seed)
        return names

    def open(self, sides):
        self.namespace = namespace.make()
        address = self.start_brokers(self.namespace.outer if self.namespace else "127.0.0.1")
        kafka.FILE = str(self.broker / "kafka.json")
        kafka.make_topic(self.TOPIC, self.PARTITIONS, *self.copies)
        kafka.make_topic(self.STRANGE, 1)
        for side in sides:
            kafka.make_topic(side, 1, *self.copies)
        catalog = self.folder / "catalog"
        shutil.copytree(harness.CRASH_GAME / "catalog", catalog)
        (catalog / "tournaments.toml").write_text("".join(
            BOARD.format(name, operator, 'asset = "BIT"\nscale = 2' if "stake" in operator else "",
                         self.day - timedelta(days=100), self.day + timedelta(days=100))
            for name, operator in BOARDS.items()))
        inputs = "".join(INPUT.format(topic) for topic in (self.TOPIC, *sides))
        how = {"laurel": self.options.laurel}
        more = ""
        if self.namespace:
            how |= {"host": self.namespace.inner, "prefix": self.namespace.prefix}
            more = LISTEN.format(self.namespace.inner)
        self.node, self.other = (
            kafka.Site(self.folder / name, self.CLUSTER, inputs, catalog, self.NODE_PARTITIONS, more,
                       address, "transaction_timeout_ms = 10000").node(**how)
            for name in ("node", "other"))
        if not all([self.mount(self.node), self.mount(self.other)]):
            self.leave_out("disk-full", "no file system can be mounted")
        if not self.namespace:
            self.leave_out("network-cut", "no network namespace can be made")

    def leave_out(self, kind, why):
        if kind in self.kinds:
            self.left_out[kind] = why
            self.kinds = [each for each in self.kinds if each != kind]

    def feed(self, count):
        part = self.rows[self.fed:self.fed + count]
        if not part:
            return
        kafka.produce(self.TOPIC, [(row["Username"], json.dumps(row)) for row in part])
        self.fed += len(part)

    def trickle(self, seconds):
        """A few wagers all the time, so that a fault meets something."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.feed(TRICKLE_ROWS)
            time.sleep(max(0, min(TRICKLE_S, left)))

    # ---- Faults ---------------------------------------------------------------------------------
    def plan(self):
        chosen = [each for each in self.options.only or FAULTS
                  if self.options.brokers == 3 or each not in ClusterFaults.KINDS]
        if not foreign_faults.available():
            for each in set(chosen) & set(ForeignFaults.KINDS):
                self.left_out[each] = "python3-confluent-kafka is not installed"
                chosen.remove(each)
        kinds = ["kill"] * self.options.kills
        count = len(chosen) if self.options.faults is None else self.options.faults
        kinds += [chosen[at % len(chosen)] for at in range(count if chosen else 0)]
        kinds += failpoints() * self.options.fail_points
        self.rng.shuffle(kinds)
        if "broker-lost" in kinds:  # once, and with less before it than behind it
            kinds = [each for each in kinds if each != "broker-lost"]
            kinds.insert(len(kinds) * 2 // 3, "broker-lost")
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
                self.violations.append(f"the node ended with {self.node.process.returncode}: "
                                       f"{self.node.log()[-1500:]}")
                raise Invalid("the node does not go on")
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

    def goes_on(self, step):
        """The same process, without a restart."""
        self.feed(step)
        self.wait_commits()
        if not self.node.running():
            self.violations.append(f"the node ended: {self.node.log()[-1500:]}")

    # ---- The whole ------------------------------------------------------------------------------
    def kill_all(self):
        kinds = self.kinds
        step = max(10, len(self.rows) // (3 * len(kinds) + 1))
        for at, kind in enumerate(kinds, 1):
            if self.fed + 4 * step > len(self.rows):
                raise Invalid("all wagers were written before the last fault")
            self.happen(kind, step)
            self.happened[kind] += 1
            self.say(f"{at:3}/{len(kinds)} {kind}; {self.fed} wagers written")
            if self.violations:
                raise Invalid(f"broken off after {kind}")

    def finish(self):
        if not self.node.running():
            self.node.start()
        self.feed(len(self.rows))
        every = self.rows + self.counted
        want = points_per_player(every)
        done = harness.eventually(lambda: harness.points(self.node.balances()) == want, True,
                                  PATIENCE_S)
        self.say("all wagers are written; checking")
        if not done:
            self.violations.append("the points are not the oracle's in time")
        causes = {(row["Username"], row["Id"]): points_of(row) for row in every if points_of(row)}
        self.look(causes)
        self.node.stop(STOPS_WITHIN_S)
        shutil.rmtree(self.node.data)
        self.node.start()
        self.look(causes)
        if (code := self.node.stop(STOPS_WITHIN_S)) != 0:
            self.violations.append(f"SIGTERM: exit code {code}")
        for node in (self.node, self.other):
            if harness.CRASH_SIGNS.search(node.log()):
                self.violations.append(f"a node's log: {node.log()[-1500:]}")

    def look(self, causes):
        self.violations += check(self.CLUSTER, causes, harness.points(self.node.balances()))[:20]
        self.violations += check_boards(self.node, BOARDS, self.rows + self.counted)[:20]
        letters = kafka.consume(f"{self.CLUSTER}.dead-letters")
        if letters:
            self.violations.append(f"{len(letters)} dead letters, the first: {letters[0]}")
        verified = self.node.verb("verify", timeout_s=120)
        if verified.code != 0:
            self.violations.append(f"verify: {verified.out[-500:]} {verified.err[-500:]}")

    def execute(self):
        try:
            self.kinds = self.plan()
            self.open([self.side(at) for at in range(self.kinds.count("input-lost"))])
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
            if self.proxy:
                self.proxy.close()
            if self.namespace:
                self.namespace.close()
            self.keep_and_unmount()
        return {
            "verdict": "violated" if self.violations else "invalid" if self.invalid else "ok",
            "seed": self.options.seed, "events": len(self.rows), "happened": dict(self.happened),
            "ways": dict(self.ways), "left_out": self.left_out,
            "proxy": dict(self.proxy.counts) if self.proxy else {},
            "seconds": round(time.monotonic() - self.started, 1),
            "invalid": self.invalid, "violations": self.violations[:50],
        }


def options_of(parser):
    def some(text):
        for name in text.split(","):
            if name not in FAULTS:
                raise argparse.ArgumentTypeError(f"no fault '{name}'; there are {', '.join(FAULTS)}")
        return text.split(",")
    parser.add_argument("--only", type=some, metavar="KIND,...", help="of the faults")
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1, help="default %(default)s")


if __name__ == "__main__":
    sys.exit(campaign.main("./dev chaos kafka", __doc__, Run, 30, 1, faults=True, more=options_of))
