#!/usr/bin/env python3
"""The oracle of tournaments on the real bets: every run, every member, every position.

Two tournaments, by event time in UTC: "multiplier" (the highest multiplier of bets of 100 bits or
more, a run a day) and "net" (win - stake, may be negative, a run a week from Monday). Integers only;
shares nothing with the product.

usage: tournaments.py FILE.csv[.gz]     prints RUN POSITION PLAYER SCORE REACHED, a line each
"""

import hashlib
import sys
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

from points import rows_of

# What the node is given: the same two tournaments.
CATALOG = """
[[tournament]]
id = "multiplier"
operator = "highest_multiplier"
asset = "BIT"
minimum_stake = "100"
start = "2021-10-01T00:00"
every = "1d"

[[tournament]]
id = "net"
operator = "net"
asset = "BIT"
scale = 2
start = "2021-10-04T00:00"
every = "1w"
"""
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def units(text):
    """Minor units at scale 2; NA: nothing."""
    return None if text == "NA" else int(Fraction(Decimal(text)) * 100)


def bets_of(rows):
    """(id, player, time in microseconds, stake, win), each id once."""
    seen = set()
    for row in rows:
        if row["Id"] in seen:
            continue
        seen.add(row["Id"])
        at = datetime.fromisoformat(row["PlayDate"].replace("Z", "+00:00"))
        stake, profit = units(row["Bet"]), units(row["Profit"])
        yield (row["Id"], row["Username"], (at - EPOCH) // timedelta(microseconds=1), stake,
               0 if profit is None else stake + profit)


def run_of(tournament, start):
    return f"{tournament}@{start:%Y-%m-%dT%H:%MZ}"


def contributions(bets):
    """(run, player, time, value) of each bet that counts."""
    for _, player, time, stake, win in bets:
        at = EPOCH + timedelta(microseconds=time)
        day = at.replace(hour=0, minute=0, second=0, microsecond=0)
        if stake >= 100_00:
            yield run_of("multiplier", day), player, time, win * 10**6 // stake
        yield run_of("net", day - timedelta(days=day.weekday())), player, time, win - stake


def standings(bets):
    """run -> [(player, score, time reached)] from the first position on."""
    members = defaultdict(list)
    for run, player, time, value in contributions(bets):
        members[run, player].append((value, time))
    runs = defaultdict(list)
    for (run, player), worths in members.items():
        if run.startswith("multiplier@"):
            score = max(value for value, _ in worths)
            reached = min(time for value, time in worths if value == score)
        else:
            score = sum(value for value, _ in worths)
            reached = max(time for _, time in worths)
        runs[run].append((player, score, reached))
    for run, entries in runs.items():
        entries.sort(key=lambda entry: (-entry[1], entry[2],
                                        hashlib.sha256(f"{run}|{entry[0]}".encode()).digest()[:8]))
    return dict(runs)


def ranks(entries, style):
    """Ranks of entries in order; equal are those with equal score and time."""
    results = [(score, reached) for _, score, reached in entries]
    first, last, dense, number = {}, {}, {}, 0
    for position, result in enumerate(results):
        if result not in first:
            number += 1
        first.setdefault(result, position + 1)
        last[result] = position + 1
        dense[result] = number if result not in dense else dense[result]
    table = {"standard": first, "modified": last, "dense": dense}
    if style == "ordinal":
        return list(range(1, len(results) + 1))
    return [table[style][result] for result in results]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for run, entries in sorted(standings(bets_of(rows_of(sys.argv[1]))).items()):
        for position, (player, score, reached) in enumerate(entries):
            print(run, position, player, score, reached)
