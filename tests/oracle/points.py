#!/usr/bin/env python3
"""The oracle of the example site crash-game: what every player of a CSV of bets must have.

One point per 10 bits staked, rounded down per bet. Exact, and shares nothing with the product.

usage: points.py FILE.csv[.gz]     prints PLAYER POINTS, a line each, then the sum
"""

import csv
import gzip
import sys
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction


def open_text(path):
    opener = gzip.open if str(path).endswith(".gz") else open
    return opener(path, "rt", encoding="utf-8", newline="")


def rows_of(path):
    with open_text(path) as file:
        yield from csv.DictReader(file)


def points_of(row):
    return int(Fraction(Decimal(row["Bet"])) // 10)


def points_per_player(rows):
    """A bet counts once, however often its row is there: its Id names it."""
    points, seen = defaultdict(int), set()
    for row in rows:
        if row["Id"] in seen:
            continue
        seen.add(row["Id"])
        points[row["Username"]] += points_of(row)
    return dict(points)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    result = points_per_player(rows_of(sys.argv[1]))
    for player in sorted(result):
        print(player, result[player])
    print(f"{len(result)} players, {sum(result.values())} points")
