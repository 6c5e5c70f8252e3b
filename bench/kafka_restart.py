#!/usr/bin/env python3
"""How long a node on Kafka is away: N players of state (tiers, ten boards), 16 partitions, broker on the same cores.

    clean     stopped and started again
    killed    SIGKILL under load, started again on its own data directory
    lost      started with an empty data directory: everything is read from the changelog
    takeover  SIGKILL under load; a second process with a data directory of its own, which has followed up to a
              minute before or so, takes all partitions over. From the start of its process: no time to notice the
              death is counted, but starting a process is

Each is timed from the start of the process until /v1/healthz says that it takes events. Then the rest of the input is
handled, and the balances of all players and all boards are compared with what the wagers come to.
"""

import argparse
import json
import os
import shutil
import sys
import time

import parts

CLUSTER = "restart"
TOPIC = "wagers"
INPUT_PARTITIONS = 8
LOAD_PER_S = 5000
LOAD_S = 4


def stake_of(number):
    """1 to 20 points: no player comes near the first tier's end within a run."""
    return 100 * (1 + number * 7919 % 20)


class Bench:
    def __init__(self, arguments, folder, broker):
        self.arguments, self.folder, self.broker = arguments, folder, broker
        self.points = [0] * arguments.players
        self.sent = 0
        self.figures = []
        self.site = parts.open_site(folder / "site")
        broker.make_topic(TOPIC, INPUT_PARTITIONS)

    def node(self, name):
        return parts.Node(self.folder / name, self.broker, TOPIC, CLUSTER,
                          partitions=self.arguments.partitions, site=self.site)

    # ---- Wagers -----------------------------------------------------------------------------
    def next_wager(self, number):
        """The first ones give each player one; the others go here and there."""
        player = number if number < len(self.points) else number * 48_271 % len(self.points)
        self.points[player] += stake_of(number) // 100
        return player, stake_of(number)

    def fill(self):
        producer = self.broker.producer(TOPIC)
        for begin in range(0, len(self.points), 1000):
            producer.stdin.write(b"".join(parts.wager(i, *self.next_wager(i)) for i in
                                          range(begin, min(begin + 1000, len(self.points)))))
        producer.stdin.close()
        if producer.wait() != 0:
            raise SystemExit("kcat could not append all wagers")
        self.sent = len(self.points)

    def killed_under_load(self, node):
        pace = parts.Pace(self.broker, TOPIC, LOAD_PER_S, self.sent, self.next_wager)
        pace.start()
        time.sleep(LOAD_S)
        node.kill()
        pace.end()
        self.sent += pace.sent

    # ---- What has to be -----------------------------------------------------------------------
    def wrong(self, node):
        """How many players or places are not what the wagers come to. What is lost or counted twice stays wrong; what
        is still on its way does not."""
        node.until_caught_up(self.sent)
        out = self.differences(node)
        while out:
            time.sleep(2)
            before, out = out, self.differences(node)
            if out >= before:
                break
        return out

    def differences(self, node):
        out, seen = 0, 0
        for row in node.export("balances"):
            units = int(row["balances"][0]["units"]) if row["balances"] else 0
            out += units != self.points[int(row["player"][2:])]
            seen += 1
        out += seen != len(self.points)
        seen = 0
        for row in node.export("standings"):
            player = int(row["player"][2:])
            out += (int(row["score"]["units"]) != self.points[player] or
                    not row["run"].startswith(f"board-slots-{player % parts.GAMES}@"))
            seen += 1
        return out + (seen != len(self.points))

    def measured(self, what, node, **more):
        took = node.until_serving()
        figure = {"what": what, "serving_s": round(took, 3), "stages_ms": node.stages_ms(),
                  "replayed_rows": int(node.metrics()["laurel_kafka_replayed_rows_total"]),
                  "load": parts.machine_load()}
        figure |= {name: count(took) for name, count in more.items()}
        figure["wrong"] = self.wrong(node) if self.arguments.check else None
        self.figures.append(figure)
        if not self.arguments.json:
            print(f"{what:9} {took:7.2f} s to serving  {' '.join(f'{k} {v}' for k, v in figure['stages_ms'].items())} ms"
                  f"  {figure['replayed_rows']} rows read" +
                  "".join(f"  {name} {figure[name]}" for name in more) +
                  ("" if figure["wrong"] is None else "  all right" if figure["wrong"] == 0
                   else f"  {figure['wrong']} WRONG"), flush=True)

    # ---- Steps --------------------------------------------------------------------------------
    def all_steps(self):
        first, second = self.node("first"), self.node("second")
        try:
            self.fill()
            began = time.monotonic()
            first.start().until_serving()
            first.until_caught_up(self.sent)
            say(f"{self.sent} wagers of as many players took {time.monotonic() - began:.1f} s; "
                f"{megabytes(first.folder)} MB of snapshots")
            for _ in range(self.arguments.rounds):
                self.steps(first, second)
        finally:
            first.stop()
            second.stop()

    def steps(self, first, second):
        steps = self.arguments.only.split(",")
        if "clean" in steps:
            first.stop()
            self.measured("clean", first.start())
        if "killed" in steps:
            self.killed_under_load(first)
            self.measured("killed", first.start())
        if "lost" in steps or "takeover" in steps:
            first.stop()
            shutil.rmtree(second.folder / "data", ignore_errors=True)
            rows = self.broker.records(f"{CLUSTER}.changelog")
            self.measured("lost", second.start(), rows_per_s=lambda took: round(
                int(second.metrics()["laurel_kafka_replayed_rows_total"]) / took), changelog_records=lambda _: rows)
        if "takeover" in steps:
            second.stop()
            first.start().until_serving()
            first.until_caught_up(self.sent)
            self.killed_under_load(first)
            self.measured("takeover", second.start())
            second.stop()
            first.start().until_serving()


def say(text):
    print(text, file=sys.stderr, flush=True)


def megabytes(folder):
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) >> 20


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--players", type=int, default=2_000_000)
    parser.add_argument("--partitions", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default="clean,killed,lost,takeover")
    parser.add_argument("--no-check", dest="check", action="store_false", help="do not compare all balances and boards")
    parser.add_argument("--keep", action="store_true", help="leave the nodes' folders and logs")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    folder = parts.BUILD / "bench" / f"restart-{os.getpid()}"
    folder.mkdir(parents=True)
    broker = parts.Broker(folder / "kafka")
    bench = Bench(arguments, folder, broker)
    try:
        bench.all_steps()
    finally:
        broker.stop()
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)
    if arguments.json:
        print(json.dumps(bench.figures))
    return 1 if any(figure["wrong"] for figure in bench.figures) else 0


if __name__ == "__main__":
    sys.exit(main())
