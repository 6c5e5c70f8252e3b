"""How long a wager takes, from appended until its result is visible to a consumer that reads committed records only:
Laurel beside Kafka Streams (commit every 25 ms) and a consumer with PostgreSQL, one after the other at each pace.

Open loop: a wager counts from when it was due. The broker is warmed first: with its code not yet compiled it takes
three times as long. Laurel's balances are compared with what the topic's wagers come to, the peers' by their own
oracle.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import parts

REST_S = 15  # the peers' scripts send that much longer than they look
WARM_S = 10  # from the first wager until it is looked
WARM_RATE = 8000


def live_peers(peers):
    """The peers with a generator whose wagers are of today: those of 2023 would be late for every open board."""
    live = parts.BUILD / "peers-live"
    if not live.exists():
        shutil.copytree(peers, live, symlinks=True)
    header = live / "generator" / "wager.h"
    first_ms = int(time.time() * 1000) - 3_600_000
    text, count = re.subn(r"\b1[67]\d{11}ull", f"{first_ms}ull", header.read_text())
    if count != 1:
        raise SystemExit(f"{header}: where its wagers' time begins is not found")
    header.write_text(text)
    parts.run("make", "-s", "-B", "-C", live / "generator", stdout=sys.stderr)
    if not (live / "postgres-consumer" / "pgconsumer").exists():
        parts.run("make", "-s", "-C", live / "postgres-consumer", stdout=sys.stderr)
    return live, first_ms


def laurel(arguments, broker, peers, first_ms, rate, points_by_player):
    name = f"wagers-{time.monotonic_ns()}"
    tool = peers / "generator" / "peerbench"
    with tempfile.TemporaryDirectory(prefix="laurel-bench-", dir=arguments.work) as folder:
        site = parts.open_site(Path(folder) / "site")
        parts.run(tool, "topic", f"brokers={broker.address}", f"topic={name}")
        time.sleep(1)
        node = parts.Node(Path(folder) / "node", broker, name, name, site=site, partitions=arguments.partitions,
                          in_flight=arguments.in_flight, interval_ms=arguments.interval_ms)
        try:
            node.start().until_serving()
            sending = subprocess.Popen(
                [tool, "gen", f"brokers={broker.address}", f"topic={name}", f"n={rate * (arguments.seconds + REST_S)}",
                 f"rate={rate}", f"players={arguments.players}"], stdout=subprocess.DEVNULL)
            time.sleep(WARM_S - 2)
            before, began = parts.cpu_s(node.process.pid), time.monotonic()
            broker_before, metrics_before = parts.cpu_s(broker.pid), node.metrics()
            done = parts.run(parts.BUILD / "bench" / "bench_visible_sink", broker.address, name, f"{name}.ledger",
                             rate, first_ms, 2, arguments.seconds, capture_output=True)
            took, metrics = time.monotonic() - began, node.metrics()
            cores = (parts.cpu_s(node.process.pid) - before) / took
            broker_cores = (parts.cpu_s(broker.pid) - broker_before) / took
            commits = (metrics["laurel_kafka_transactions_total"] -
                       metrics_before["laurel_kafka_transactions_total"])
            phases = {phase: (metrics[name] - metrics_before[name]) / max(commits, 1) * 1000
                      for phase in ("produce", "end", "store")
                      for name in [f'laurel_kafka_commit_seconds_total{{phase="{phase}"}}']}
            sending.wait()
            node.until_caught_up(rate * (arguments.seconds + REST_S), 120)
            expected = points_by_player(broker, name)
            points = {row["player"]: int(row["balances"][0]["units"]) if row["balances"] else 0
                      for row in node.export("balances")}
        finally:
            node.stop()
    right = all(points.get(player) == sum_ for player, sum_ in expected.items()) and not any(
        sum_ for player, sum_ in points.items() if player not in expected)
    seen = json.loads(done.stdout)
    return {**quantiles(seen), "records": seen["records"], "right": right, "cores": round(cores, 2),
            "broker_cores": round(broker_cores, 2), "commits_per_s": round(commits / took),
            "transaction_ms": "+".join(f"{phases[each]:.1f}" for each in phases)}


def quantiles(seen):
    return {name: seen["ms"][name] for name in ("p50", "p99", "p99.9")}


def peer(arguments, broker, peers, rate, script, *more):
    with tempfile.TemporaryDirectory(prefix="laurel-bench-", dir=arguments.work) as folder:
        done = parts.run(
            peers / script / "run.sh", "latency", rate, arguments.seconds, arguments.players, *more,
            capture_output=True, text=True,
            env=os.environ | {"BROKERS": broker.address, "BROKER_PID": str(broker.pid), "WORKDIR": folder,
                              "RUN": str(time.monotonic_ns()), "PGPORT": str(parts.free_port())})
    lines = [line[line.index("{"):] for line in done.stdout.splitlines() if "{" in line]
    found = [json.loads(line) for line in lines]
    seen = next(each for each in found if "ms" in each)
    digests = {each["balances_digest"] for each in found if "balances_digest" in each}
    return {**quantiles(seen), "records": seen["records"], "right": len(digests) == 1}


def measure(arguments, broker, peers, points_by_player):
    """Rows by contender and pace."""
    live, first_ms = live_peers(peers)
    rows = []
    if arguments.warm_seconds > 0:
        print(f"warming the broker for {arguments.warm_seconds} s", file=sys.stderr, flush=True)
        warm = argparse.Namespace(**vars(arguments) | {"seconds": arguments.warm_seconds})
        laurel(warm, broker, live, first_ms, WARM_RATE, points_by_player)
    for rate in arguments.rates:
        for name in arguments.only.split(","):
            paused = len(broker.pauses_ms())
            if name == "laurel":
                row = laurel(arguments, broker, live, first_ms, rate, points_by_player)
            elif name == "streams":
                row = peer(arguments, broker, live, rate, "kafka-streams", "commit.interval.ms=25")
            else:
                row = peer(arguments, broker, live, rate, "postgres-consumer")
            pauses = broker.pauses_ms()[paused:]
            row |= {"who": name, "rate": rate, "load": parts.machine_load(),
                    "broker_pauses": len(pauses), "longest_pause_ms": round(max(pauses, default=0))}
            rows.append(row)
            print(f"{rate:6}/s  {name:9} p50 {row['p50']:7.1f} ms  p99 {row['p99']:7.1f} ms  p99.9 {row['p99.9']:7.1f} ms"
                  f"  {row['records']} seen  balances {'right' if row['right'] else 'WRONG'}"
                  + "".join(f"  {key} {row[key]}" for key in ("cores", "broker_cores", "commits_per_s", "transaction_ms",
                                                              "broker_pauses", "longest_pause_ms") if key in row) +
                  f"  (load {row['load']})", file=sys.stderr if arguments.json else sys.stdout, flush=True)
    return rows
