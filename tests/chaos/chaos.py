#!/usr/bin/env python3
"""Kills a node while it takes wagers, again and again, and checks what it promised.

A feeder sends the real wagers (../shared/data; without it the made-up ones) in small requests and sends
again what was not answered. The node is killed with SIGKILL at random instants, and by each fail point of
a commit. A reader follows the topic `ledger` all the time. When all wagers are in:

- every player has what the oracle says, to the last point;
- what was answered is still there after each kill (sent again: all duplicates);
- each ledger is 1..n, chained, and adds up (hashes computed here); `laurel verify` agrees;
- the topic `ledger` holds each entry once, `balances` ends at the balance;
- the reader saw, at each offset, what a reader sees at the end: nothing before its commit.

A run whose kills did not hit is INVALID. Exit codes: 0 ok, 1 violations, 2 invalid.
"""

import argparse
import gzip
import http.client
import json
import random
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
import harness  # noqa: E402
import ledger  # noqa: E402
import points  # noqa: E402

FAIL_POINTS = ("embedded.open.after_lock", "embedded.take_over.after_write",
               "embedded.commit.before_write", "embedded.commit.after_write",
               "embedded.commit.before_done", "embedded.commit.between_done")
# These are reached while the node starts.
AT_START = FAIL_POINTS[:2]
GONE = (OSError, http.client.HTTPException)


class Feeder:
    """Sends chunks in order; what is not answered is sent again after the next start."""

    def __init__(self, wagers, chunk_records):
        lines = open_lines(wagers)
        self.header, records = lines[0], lines[1:]
        self.chunks = [b"".join(records[i:i + chunk_records])
                       for i in range(0, len(records), chunk_records)]
        self.reset()

    def reset(self):
        self.next = 0
        self.sent = 0

    def done(self):
        return self.next == len(self.chunks)

    def feed(self, node, violations):
        """Until all is in or the node is gone."""
        client = node.client()
        try:
            session = client.post("/v1/ingest/sessions", json.dumps(
                {"format": "csv", "mapping": harness.MAPPING.read_text(),
                 "header": self.header.decode().strip(), "source": "chaos"}),
                "application/json").json()["session"]
            path = f"/v1/ingest/sessions/{session}/records"
            if self.next > 0:
                again = self.send(client, path, self.next - 1)
                if again and again["accepted"] != 0:
                    violations.append(f"chunk {self.next - 1} was answered and is gone: {again}")
            while not self.done():
                if self.send(client, path, self.next):
                    self.next += 1
        except GONE:
            pass
        finally:
            client.close()

    def send(self, client, path, number):
        self.sent += 1
        reply = client.post(path, self.chunks[number], "text/plain")
        if reply.status == 503:
            time.sleep(0.01)
            return None
        if reply.status != 200:
            raise AssertionError(reply)
        counts = reply.json()
        if counts["conflict"] or counts["rejected"]:
            raise AssertionError(counts)
        return counts


class Reader:
    """Follows a topic while the node comes and goes."""

    def __init__(self, node, topic):
        self.node, self.topic = node, topic
        self.seen, self.stop = {}, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        offsets, partitions = {}, 1
        while not self.stop.is_set():
            client = self.node.client()
            try:
                while not self.stop.is_set():
                    for partition in range(partitions):
                        page = client.get_json(
                            f"/v1/topics/{self.topic}?partition={partition}"
                            f"&from={offsets.get(partition, 0)}&limit=1000")
                        partitions = page["partitions"]
                        for event in page["events"]:
                            self.seen[event["id"]] = event
                        offsets[partition] = int(page["next"])
                    time.sleep(0.01)
            except (*GONE, AssertionError):  # the node is gone, or not yet there
                time.sleep(0.02)
            finally:
                client.close()

    def finish(self):
        self.stop.set()
        self.thread.join()
        return self.seen


def open_lines(path):
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rb") as file:
        return file.readlines()


def check(node, expected, seen, violations, full):
    """What must hold once all wagers are in."""
    have = harness.points(node.balances())
    for player in sorted(set(have) | set(expected)):
        if have.get(player) != expected.get(player):
            violations.append(f"{player}: {have.get(player)}, the oracle has {expected.get(player)}")
    verified = node.verb("verify", "--json")
    if verified.code != 0:
        violations.append(f"verify: {verified.out[:500]} {verified.err[:500]}")
    client = node.client()
    try:
        players = sorted(expected)
        for player in players if full else random.sample(players, min(50, len(players))):
            try:
                total = ledger.check_chain(client.pages(f"/v1/players/{player}/ledger", "entries"))
                assert total == expected[player], f"the ledger adds up to {total}"
            except AssertionError as wrong:
                violations.append(f"{player}: {wrong}")
        check_outputs(client, expected, seen, violations)
    finally:
        client.close()


def check_outputs(client, expected, seen, violations):
    sums, sequences, ids = dict.fromkeys(expected, 0), dict.fromkeys(expected, 0), set()
    final = {}
    for event in client.topic("ledger"):
        final[event["id"]] = event
        data = event["data"]
        player = data["player"]
        if data["posting_id"] in ids:
            violations.append(f"posting {data['posting_id']} went out twice")
        ids.add(data["posting_id"])
        sequences[player] += 1
        if int(data["sequence"]) != sequences[player]:
            violations.append(f"{player}: record {data['sequence']} where {sequences[player]} belongs")
        sums[player] += int(data["delta"]["units"])
    if sums != expected:
        violations.append("the topic ledger does not add up to the oracle")
    last = {event["data"]["player"]: int(event["data"]["balance"]["units"])
            for event in client.topic("balances")}
    if last != {player: units for player, units in expected.items() if units}:
        violations.append("the topic balances does not end at the balances")
    for identity, event in seen.items():
        if final.get(identity) != event:
            violations.append(f"{identity} was seen as something that is not there at the end")


class Campaign:
    def __init__(self, arguments):
        self.arguments = arguments
        self.random = random.Random(arguments.seed)
        random.seed(arguments.seed)
        self.expected = points.points_per_player(points.rows_of(harness.WAGERS))
        self.feeder = Feeder(harness.WAGERS, arguments.chunk)
        self.violations = []
        self.kills = {"sigkill": 0, **dict.fromkeys(FAIL_POINTS, 0)}
        self.missed = 0
        self.wanted = ["sigkill"] * arguments.kills + list(FAIL_POINTS) * arguments.fail_points
        self.random.shuffle(self.wanted)

    def round(self, folder, last):
        """One data directory from empty to all in, with as many kills as fit."""
        node = harness.Node(folder)
        reader = Reader(node, "ledger")
        self.feeder.reset()
        try:
            while not self.feeder.done():
                if self.wanted and self.missed < 100:
                    self.kill_once(node)
                else:
                    node.start()
                    self.feeder.feed(node, self.violations)
                    if not self.feeder.done():
                        raise AssertionError(f"the node went away by itself: {node.log()}")
            if not node.running():
                node.start()
            time.sleep(0.2)
            check(node, self.expected, reader.finish(), self.violations, last or not self.wanted)
            if node.stop() != 0:
                self.violations.append(f"the node did not stop well: {node.log()[-2000:]}")
        finally:
            reader.finish()
            if node.running():
                node.kill()

    def kill_once(self, node):
        how = self.wanted[-1]
        environment = {}
        if how != "sigkill":
            count = 1 if how == FAIL_POINTS[0] else self.random.randint(1, 12)
            environment["LAUREL_FAILPOINT"] = f"{how}:{count}"
        node.launch(environment)
        if not node.wait_healthy():
            if how in AT_START and node.process.returncode == 137:
                return self.hit(how)
            raise AssertionError(f"no start, {node.process.returncode}: {node.log()[-2000:]}")
        feeding = threading.Thread(target=self.feeder.feed, args=(node, self.violations))
        feeding.start()
        if how == "sigkill":
            time.sleep(self.random.uniform(0.01, self.arguments.delay))
            under_way = feeding.is_alive()
            node.kill()
            feeding.join()
        else:
            feeding.join()
            under_way = not node.running() or self.exited(node)
            if under_way and node.process.returncode != 137:
                raise AssertionError(f"{how}: ended with {node.process.returncode}")
        if under_way and (how != "sigkill" or not self.feeder.done()):
            return self.hit(how)
        self.missed += 1
        if node.running() and not self.feeder.done():
            node.kill()
        return None

    @staticmethod
    def exited(node):
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline and node.running():
            time.sleep(0.01)
        return not node.running()

    def hit(self, how):
        self.wanted.pop()
        self.kills[how] += 1
        if not self.arguments.json:
            print(f"killed {sum(self.kills.values())} times, {len(self.wanted)} to go; "
                  f"{self.feeder.next}/{len(self.feeder.chunks)} chunks in", flush=True)

    def run(self):
        folder = Path(tempfile.mkdtemp(prefix="laurel-chaos-"))
        rounds = 0
        try:
            while self.wanted and self.missed < 100 and not self.violations:
                rounds += 1
                data = folder / str(rounds)
                data.mkdir()
                self.round(data, last=False)
                if not self.arguments.keep:
                    shutil.rmtree(data)
        finally:
            if not self.arguments.keep:
                shutil.rmtree(folder, ignore_errors=True)
        invalid = bool(self.wanted)
        return {"verdict": "violations" if self.violations else "invalid" if invalid else "ok",
                "seed": self.arguments.seed, "rounds": rounds, "kills": self.kills,
                "wagers": str(harness.WAGERS.name), "requests": self.feeder.sent,
                "violations": self.violations[:50]}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--laurel", help="the program, built with fail points")
    parser.add_argument("--kills", type=int, default=50, help="SIGKILLs at random (default 50)")
    parser.add_argument("--fail-points", type=int, default=2, metavar="N",
                        help="times that each fail point is armed (default 2)")
    parser.add_argument("--chunk", type=int, default=200, help="records of a request (default 200)")
    parser.add_argument("--delay", type=float, default=0.4,
                        help="longest time from start of feeding to a SIGKILL, s (default 0.4)")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--json", action="store_true", help="print only the verdict")
    parser.add_argument("--keep", action="store_true", help="leave the data directories")
    arguments = parser.parse_args()
    if arguments.laurel:
        harness.LAUREL = arguments.laurel
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(2**32)
    if not arguments.json:
        print(f"seed {arguments.seed}; wagers: {harness.WAGERS.name}", flush=True)
    verdict = Campaign(arguments).run()
    print(json.dumps(verdict, indent=None if arguments.json else 1))
    return {"ok": 0, "violations": 1, "invalid": 2}[verdict["verdict"]]


if __name__ == "__main__":
    sys.exit(main())
