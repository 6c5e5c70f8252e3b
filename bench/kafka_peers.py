#!/usr/bin/env python3
"""Laurel beside what users would build instead: the same wagers from the same topic of the same broker, one after the
other, round by round.

    laurel     dedup, journal, hash-chained ledger, tiers, ten boards, balances and position changes, exactly once
    streams    Kafka Streams, exactly once: dedup, tiers, balances
    redis      the same with ten boards in Redis, which are not exactly once

--latency: at 2,000, 5,000 and 10,000 a second, from appended to visible, beside Kafka Streams (commit every 25 ms) and
a consumer with PostgreSQL.

Needs the folder of the peers (--peers; its README.md says what they do), a JDK, Maven, and what
tools/packages-bench.txt lists. Compare rows of one run only: the machine is shared.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import kafka_latency
from parts import BUILD, Broker, Node, REPOSITORY, cpu_s, free_port, run

REDIS = "/usr/bin/redis-check-rdb"  # the server's program under another name


def built_peers(source):
    peers = BUILD / "peers"
    if not peers.exists():
        shutil.copytree(source, peers)
        run("chmod", "-R", "u+w", peers)
    run("make", "-s", "-C", peers / "generator", stdout=subprocess.DEVNULL)
    if not (peers / "kafka-streams" / "target" / "libs").exists():
        run("mvn", "-q", "package", cwd=peers / "kafka-streams")
    return peers


def made_topic(peers, broker, arguments):
    """The peers' wagers in a topic, made when it is not there; with the generator and its sizes."""
    topic = f"wagers-{arguments.wagers}-{arguments.players}"
    tool = peers / "generator" / "peerbench"
    sizes = [f"n={arguments.wagers}", f"players={arguments.players}"]
    if topic not in broker.topics():
        run(tool, "topic", f"brokers={broker.address}", f"topic={topic}")
        time.sleep(1)
        run(tool, "gen", f"brokers={broker.address}", f"topic={topic}", *sizes, stdout=subprocess.DEVNULL)
    return topic, tool, sizes


def points_by_player(broker, topic):
    """What the wagers of the topic come to, read from it: floor(stake x multiplier of the tier held before / 100)."""
    points, seen = {}, set()
    with subprocess.Popen(["kcat", "-C", "-b", broker.address, "-t", topic, "-e", "-q", "-f", "%s\\n"],
                          stdout=subprocess.PIPE) as reader:
        for line in reader.stdout:
            wager = json.loads(line)
            if wager["stake"] <= 0 or wager["id"] in seen:
                continue
            seen.add(wager["id"])
            before = points.get(wager["player"], 0)
            multiplier = 1 if before < 10_000 else 2 if before < 100_000 else 3
            points[wager["player"]] = before + wager["stake"] * multiplier // 100
    return points


def laurel(arguments, broker, topic, expected, number):
    with tempfile.TemporaryDirectory(prefix="laurel-bench-", dir=arguments.work) as folder:
        node = Node(folder, broker, topic, f"laurel-{os.getpid()}-{number}", partitions=arguments.partitions,
                    in_flight=arguments.in_flight, interval_ms=arguments.interval_ms)
        try:
            broker_before = cpu_s(broker.pid)
            node.start()
            took = node.until_handled(arguments.wagers)
            cpu = cpu_s(node.process.pid) + cpu_s(broker.pid) - broker_before
            points = {row["player"]: int(row["balances"][0]["units"]) if row["balances"] else 0
                      for row in node.export("balances")}
        finally:
            node.stop()
    # A stake of nothing is a wager to Laurel: who has made no other is there, with no points.
    same = expected == {player: points[player] for player in points.keys() & expected.keys()} and not any(
        points[player] for player in points.keys() - expected.keys())
    return arguments.wagers / took, cpu / arguments.wagers * 1e6, same


def streams(arguments, broker, peers, oracle, redis):
    with tempfile.TemporaryDirectory(prefix="laurel-bench-", dir=arguments.work) as folder:
        environment = os.environ | {"BROKERS": broker.address, "BROKER_PID": str(broker.pid),
                                    "WORKDIR": folder, "RUN": str(time.monotonic_ns())}
        more = []
        if redis:
            environment["REDIS_PID"] = str(redis.pid)
            more = [f"redis=127.0.0.1:{redis.port}"]
            redis.forget()
        done = run(peers / "kafka-streams" / "run.sh", "throughput", arguments.wagers, arguments.players,
                   *more, env=environment, capture_output=True, text=True)
    seen = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")][0]
    cpu = sum(each["cpu_s_per_M"] for each in seen.values() if isinstance(each, dict))
    sink = next(json.loads(line[7:]) for line in done.stdout.splitlines() if line.startswith("sink"))
    return (arguments.wagers / seen["seconds_from_start"], cpu,
            sink["balances_digest"] == oracle["balances_digest"])


class Redis:
    def __init__(self, folder):
        self.port = free_port()
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--save", "", "--appendonly", "no", "--dir", folder],
            executable=REDIS, stdout=subprocess.DEVNULL)
        self.pid = self.process.pid
        time.sleep(0.5)

    def forget(self):
        run("redis-cli", "-p", self.port, "FLUSHALL", stdout=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def latency(arguments, peers):
    arguments.only = arguments.only or "laurel,streams,postgres"
    broker = Broker(arguments.work / "peers-kafka")
    try:
        rows = kafka_latency.measure(arguments, broker, peers, points_by_player)
    finally:
        broker.stop()
    if arguments.json:
        print(json.dumps(rows))
    return 0 if all(row["right"] for row in rows) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, default=REPOSITORY.parent / "shared" / "peers")
    parser.add_argument("--wagers", type=int, default=2_000_000)
    parser.add_argument("--players", type=int, default=1_000_000)
    parser.add_argument("--partitions", type=int, help="of Laurel; default: 2, with --latency 1")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--warm-rounds", type=int, default=1,
                        help="rounds before that do not count: a broker just started compiles its code first, and "
                             "whoever comes first pays for it")
    parser.add_argument("--in-flight", type=int, help="commit.in_flight_max of Laurel; default: a commit a partition")
    parser.add_argument("--interval-ms", type=int, help="commit.interval_min_ms of Laurel; default: 20, with --latency 15")
    parser.add_argument("--only", default="", help="which of them, separated by commas; each round begins with the next")
    parser.add_argument("--latency", action="store_true")
    parser.add_argument("--rates", type=int, nargs="+", default=[2000, 5000, 10_000], help="with --latency")
    parser.add_argument("--seconds", type=int, default=20, help="with --latency: of each pace")
    parser.add_argument("--warm-seconds", type=int, default=60,
                        help="with --latency: of load before, until the broker's code is compiled")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not (arguments.peers / "README.md").exists():
        parser.error(f"there are no peers in {arguments.peers}; --peers names their folder")
    arguments.partitions = arguments.partitions or (1 if arguments.latency else 2)
    arguments.in_flight = arguments.in_flight or arguments.partitions
    if arguments.interval_ms is None:
        arguments.interval_ms = 15 if arguments.latency else 20
    arguments.work = BUILD / "bench"
    arguments.work.mkdir(parents=True, exist_ok=True)
    peers = built_peers(arguments.peers)
    if arguments.latency:
        return latency(arguments, peers)
    only = (arguments.only or "laurel,streams,redis").split(",")
    broker = Broker(arguments.work / "peers-kafka")
    redis = Redis(str(arguments.work)) if "redis" in only else None
    rows, right = {name: [] for name in only}, dict.fromkeys(only, True)
    try:
        topic, tool, sizes = made_topic(peers, broker, arguments)
        oracle = json.loads(run(tool, "oracle", *sizes, capture_output=True).stdout)
        expected = points_by_player(broker, topic)
        for number in range(-arguments.warm_rounds, arguments.rounds):
            first = number % len(only)  # not always the same
            for name in only[first:] + only[:first]:
                row = (laurel(arguments, broker, topic, expected, number) if name == "laurel" else
                       streams(arguments, broker, peers, oracle, redis if name == "redis" else None))
                right[name] = right[name] and row[2]
                if number >= 0:
                    rows[name].append(row)
                title = f"round {number + 1}" if number >= 0 else "warm-up"
                print(f"{title}  {name:8} {row[0]:9.0f} wagers/s  {row[1]:6.1f} CPU s per million  "
                      f"balances {'right' if row[2] else 'WRONG'}", file=sys.stderr, flush=True)
    finally:
        if redis:
            redis.stop()
        broker.stop()
    medians = {name: {"wagers_per_s": round(statistics.median(row[0] for row in all_)),
                      "cpu_s_per_million": round(statistics.median(row[1] for row in all_), 1),
                      "balances_right": right[name]} for name, all_ in rows.items()}
    if arguments.json:
        print(json.dumps(medians))
    else:
        print(f"median of {arguments.rounds}, {arguments.wagers} wagers, {arguments.players} players, "
              "from start to caught up, broker on the same cores")
        for name, row in medians.items():
            # Of neighbours in time: an hour may change more than they differ.
            beside = statistics.median(ours[0] / other[0]
                                       for ours, other in zip(rows.get("laurel", rows[name]), rows[name]))
            print(f"  {name:8} {row['wagers_per_s']:9} wagers/s {row['cpu_s_per_million']:7} CPU s per million "
                  f"(laurel {beside:.2f}x, median of rounds)")
    return 0 if all(row["balances_right"] for row in medians.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
