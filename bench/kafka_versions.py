#!/usr/bin/env python3
"""Versions of Laurel beside each other: the peers' wagers, from earliest to caught up, in turns on one warm broker.

    ./dev bench versions before=/tmp/laurel-before after=build/release/laurel
    ./dev bench versions two=build/release/laurel,partitions=2 four=build/release/laurel,partitions=4

NAME=PROGRAM[,SETTING...]; a setting is partitions=N, in_flight=N, interval_ms=N, or VARIABLE=VALUE of the environment.
Balances are not looked at: `./dev bench peers` does that. With --broker a broker that runs already, from
`tools/kafka.py start --bench --dir DIR`: the topic stays there for the next time.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from kafka_peers import built_peers, made_topic
from parts import BUILD, Broker, Node, REPOSITORY, cpu_s


class Version:
    def __init__(self, text):
        self.name, _, rest = text.partition("=")
        program, *settings = rest.split(",")
        self.program = Path(program).resolve()
        if not self.name or not os.access(self.program, os.X_OK):
            raise argparse.ArgumentTypeError(f"'{text}' is not NAME=PROGRAM: there is no program '{program}'")
        pairs = dict(each.split("=", 1) for each in settings)
        self.environment = {key: value for key, value in pairs.items() if key.isupper()}
        self.settings = {key: int(value) for key, value in pairs.items() if not key.isupper()}
        unknown = self.settings.keys() - {"partitions", "in_flight", "interval_ms"}
        if unknown:
            raise argparse.ArgumentTypeError(f"'{text}': there is no setting {', '.join(sorted(unknown))}")
        self.settings.setdefault("partitions", 2)
        self.settings.setdefault("in_flight", self.settings["partitions"])
        self.rows = []


def measure(version, broker, topic, wagers):
    """(wagers a second, CPU s per million of the node, of the broker)"""
    with tempfile.TemporaryDirectory(prefix="laurel-bench-", dir=BUILD / "bench") as folder:
        node = Node(folder, broker, topic, f"versions-{time.time_ns()}", version.program, version.environment,
                    **version.settings)
        before = cpu_s(broker.pid)
        try:
            took = node.start().until_handled(wagers)
            return (wagers / took, cpu_s(node.process.pid) / wagers * 1e6,
                    (cpu_s(broker.pid) - before) / wagers * 1e6)
        finally:
            node.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", nargs="+", type=Version, metavar="NAME=PROGRAM[,SETTING...]")
    parser.add_argument("--wagers", type=int, default=1_000_000)
    parser.add_argument("--players", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--warm-rounds", type=int, default=1, help="rounds before that do not count")
    parser.add_argument("--broker", type=Path, metavar="DIR", help="one that runs already")
    parser.add_argument("--peers", type=Path, default=REPOSITORY.parent / "shared" / "peers")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    (BUILD / "bench").mkdir(parents=True, exist_ok=True)
    peers = built_peers(arguments.peers)
    broker = Broker(arguments.broker or BUILD / "bench" / "versions-kafka")
    try:
        topic = made_topic(peers, broker, arguments)[0]
        for number in range(-arguments.warm_rounds, arguments.rounds):
            first = number % len(arguments.versions)  # not always the same
            for version in arguments.versions[first:] + arguments.versions[:first]:
                row = measure(version, broker, topic, arguments.wagers)
                if number >= 0:
                    version.rows.append(row)
                print(f"{f'round {number + 1}' if number >= 0 else 'warm-up':8} {version.name:12} {row[0]:8.0f} wagers/s  "
                      f"CPU s per million: node {row[1]:5.1f} + broker {row[2]:4.1f}", file=sys.stderr, flush=True)
    finally:
        if arguments.broker is None:
            broker.stop()
    base = arguments.versions[0]
    result = {}
    for version in arguments.versions:
        wagers_per_s, node, of_broker = (statistics.median(column) for column in zip(*version.rows))
        faster = statistics.median(ours[0] / other[0] for ours, other in zip(version.rows, base.rows))
        cheaper = statistics.median((ours[1] + ours[2]) / (other[1] + other[2])
                                    for ours, other in zip(version.rows, base.rows))
        result[version.name] = {"wagers_per_s": round(wagers_per_s), "node_cpu_s_per_million": round(node, 2),
                                "broker_cpu_s_per_million": round(of_broker, 2), "speed_beside_first": round(faster, 3),
                                "cpu_beside_first": round(cheaper, 3)}
    if arguments.json:
        print(json.dumps(result))
        return
    print(f"median of {arguments.rounds} rounds; beside {base.name}: median of the rounds' quotients")
    for name, row in result.items():
        print(f"  {name:12} {row['wagers_per_s']:8} wagers/s {row['node_cpu_s_per_million']:6} + "
              f"{row['broker_cpu_s_per_million']:5} CPU s per million (node + broker); "
              f"{row['speed_beside_first']:.3f}x as fast, {row['cpu_beside_first']:.3f}x the CPU")


if __name__ == "__main__":
    sys.exit(main())
