#!/usr/bin/env python3
"""A node on Kafka under a constant rate of wagers, for as long as wanted: does anything grow?

A line every --every seconds; at the end a verdict for each figure: the median of the last third of the run against
that of the middle third (the first third is for caches to fill). Exit code 1 when one grew, or a balance is wrong.

    rss_mb, files, threads    of the node                       flat: at most 10 %, 5 % and 5 % more
                              files: but for RocksDB's, which is bounded by its own limit and told as store_files
    p99_ms                    received to durable, of the last seconds (GET /v1/status); flat: at most 50 % + 10 ms more
    lag                       wagers in the topic that are not read   flat: at most half a second's more
    log_mb                    what is written ahead in the node's folder (RocksDB's logs)   flat: at most 50 % + 64 MB
    inbox_mb                  the inbox topic: what is done is deleted once a minute, by segments of 64 MB
                                                                flat: at most 50 % and two segments a partition more
    disk_b_per_wager          the node's folder: ledger and journal are kept for ever, so it grows with the wagers, and
                              what must not grow is by how much (slope of a third)          at most 50 % + 50 B

Caches and memtables take some minutes to fill: a run of less than a quarter of an hour shows that it works, no more.
The broker's disk is told and not judged: changelog and results are kept for days by their topics' settings, so it grows
by design. The topic of wagers keeps --keep-minutes, as a feed would; what is not read by then would halt the input.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

import parts

CLUSTER = "soak"
TOPIC = "wagers"
SEGMENT_BYTES = 16 << 20
SEGMENT_MB = 64  # of the inbox
TIERS = ((100_000, 3), (10_000, 2), (0, 1))  # of bench/peers
# figure: share and amount by which it may be larger in the last third than in the middle one; verdicts() adds to them
FLAT = {"rss_mb": (0.10, 0), "files": (0.05, 2), "threads": (0.05, 1), "p99_ms": (0.50, 10), "lag": (0, 0),
        "log_mb": (0.50, 64), "inbox_mb": (0.50, 0), "disk_b_per_wager": (0.50, 50)}


def bytes_in(folder, pattern):
    """That are taken of the disk: indexes of topics are long and mostly holes."""
    total = 0
    for file in folder.glob(pattern):
        try:
            total += file.stat().st_blocks * 512 if file.is_file() else 0
        except OSError:  # merged away in between
            pass
    return total


def open_files(process):
    out = []
    for each in (process / "fd").iterdir():
        try:
            out.append(os.readlink(each))
        except OSError:  # closed in between
            pass
    return out


class Feed:
    """Wagers of a fixed crowd of players, and what they come to."""

    def __init__(self, players):
        self.points = [0] * players

    def next_wager(self, number):
        mixed = number * 0x9E3779B97F4A7C15 % 2**64
        player, stake = mixed >> 40, 1 + (mixed >> 20) % 20_000
        player %= len(self.points)
        has = self.points[player]
        self.points[player] += stake * next(times for least, times in TIERS if has >= least) // 100
        return player, stake


class Sampler:
    def __init__(self, node, broker, pace):
        self.node, self.broker, self.pace = node, broker, pace
        self.began, self.cpu, self.at = time.monotonic(), parts.cpu_s(node.process.pid), time.monotonic()
        self.samples = []

    def take(self):
        process = Path(f"/proc/{self.node.process.pid}")
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        told, now, cpu = self.node.get("/v1/status"), time.monotonic(), parts.cpu_s(self.node.process.pid)
        lag = sum(int(each["lag"]) for each in self.node.get("/v1/inputs")["inputs"])
        data, logs = self.node.folder / "data", self.broker.folder
        files = open_files(process)
        stored = sum(file.startswith(str(data)) for file in files)
        sample = {
            "s": round(now - self.began), "wagers": sum(int(told[each]) for each in
                                                        ("accepted", "duplicates", "conflicts", "rejected")),
            "rss_mb": round(int(status["VmRSS"].split()[0]) / 1024, 1), "threads": int(status["Threads"]),
            "files": len(files) - stored, "store_files": stored, "p99_ms": round(told["committed_ms_p99"], 1),
            "p50_ms": round(told["committed_ms_p50"], 1), "lag": lag, "cores": round((cpu - self.cpu) / (now - self.at), 2),
            "disk_mb": round(bytes_in(data, "**/*") / 2**20, 1), "log_mb": round(bytes_in(data, "**/*.log") / 2**20, 1),
            "inbox_mb": round(bytes_in(logs, f"**/{CLUSTER}.inbox-*/*.log") / 2**20, 1),
            "broker_mb": round(bytes_in(logs, "**/*") / 2**20, 1), "load": parts.machine_load()}
        self.cpu, self.at = cpu, now
        self.samples.append(sample)
        return sample


def slope_bytes(samples):
    """Of the disk, for each wager."""
    wagers, disk = [each["wagers"] for each in samples], [each["disk_mb"] * 2**20 for each in samples]
    return statistics.linear_regression(wagers, disk).slope if len(set(wagers)) > 1 else 0.0


def verdicts(samples, rate, partitions):
    third = len(samples) // 3
    middle, last = samples[third:2 * third], samples[-third:]
    out = {}
    for figure, (share, amount) in FLAT.items():
        if figure == "disk_b_per_wager":
            before, after = slope_bytes(middle), slope_bytes(last)
        else:
            before, after = (statistics.median(each[figure] for each in of) for of in (middle, last))
        amount = {"lag": rate / 2, "inbox_mb": 2 * SEGMENT_MB * partitions}.get(figure, amount)
        bound = before * (1 + share) + amount
        out[figure] = {"middle": round(before, 1), "last": round(after, 1), "bound": round(bound, 1),
                       "flat": after <= bound}
    return out


def wrong_balances(node, feed):
    found = {int(row["player"][2:]): int(row["balances"][0]["units"]) if row["balances"] else 0
             for row in node.export("balances")}
    return sum(found.get(player, 0) != points for player, points in enumerate(feed.points))


def soak(arguments, folder, broker):
    feed = Feed(arguments.players)
    broker.make_topic(TOPIC, 8, "--config", f"retention.ms={arguments.keep_minutes * 60_000}", "--config",
                      f"segment.bytes={SEGMENT_BYTES}")
    site = arguments.site or parts.open_site(folder / "site")
    node = parts.Node(folder / "node", broker, TOPIC, CLUSTER, site=site, partitions=arguments.partitions,
                      interval_ms=arguments.interval_ms, log_level="info")
    pace = parts.Pace(broker, TOPIC, arguments.rate, 0, feed.next_wager)
    try:
        node.start().until_serving()
        pace.start()
        sampler, ends = Sampler(node, broker, pace), time.monotonic() + arguments.minutes * 60
        while time.monotonic() < ends:
            time.sleep(arguments.every)
            if node.process.poll() is not None:
                raise SystemExit(f"the node ended with {node.process.returncode}:\n{node.log()[-4000:]}")
            sample = sampler.take()
            print("  ".join(f"{name} {value}" for name, value in sample.items()),
                  file=sys.stderr if arguments.json else sys.stdout, flush=True)
        pace.end()
        node.until_caught_up(pace.sent)
        wrong = None if arguments.site else wrong_balances(node, feed)
    finally:
        node.stop()
    return sampler.samples, verdicts(sampler.samples, arguments.rate, arguments.partitions), wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=int, default=5000, help="wagers a second")
    parser.add_argument("--players", type=int, default=100_000)
    parser.add_argument("--every", type=float, default=10, help="seconds between samples")
    parser.add_argument("--site", type=Path, help="folder with catalog/ and mapping.toml; default: bench/peers with "
                        "boards that are open today. Balances are compared with the default only")
    parser.add_argument("--partitions", type=int, default=4, help="of Laurel")
    parser.add_argument("--interval-ms", type=int, default=20, help="commit.interval_min_ms")
    parser.add_argument("--keep-minutes", type=int, default=10, help="retention of the topic of wagers")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.minutes * 60 / arguments.every < 9:
        parser.error("that is fewer than nine samples: a longer run, or a smaller --every")
    if arguments.site:
        arguments.site = arguments.site.resolve()
    folder = parts.BUILD / "bench" / f"soak-{os.getpid()}"
    folder.mkdir(parents=True)
    broker = parts.Broker(folder / "kafka")
    try:
        samples, flat, wrong = soak(arguments, folder, broker)
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)
    good = all(each["flat"] for each in flat.values()) and not wrong
    if arguments.json:
        print(json.dumps({"verdict": "flat" if good else "growing", "figures": flat, "wrong_balances": wrong,
                          "samples": samples}))
        return 0 if good else 1
    for name, each in flat.items():
        print(f"{name:17} middle third {each['middle']:10}  last third {each['last']:10}  at most {each['bound']:10}  "
              f"{'flat' if each['flat'] else 'GROWS'}")
    if wrong is not None:
        print(f"balances: {wrong} of {arguments.players} wrong")
    print("verdict: " + ("flat" if good else "growing"))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
