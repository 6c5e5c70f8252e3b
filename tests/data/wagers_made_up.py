#!/usr/bin/env python3
"""Writes wagers-made-up.csv: 500 bets of a crash game, in the columns of a real export. Always the same.

usage: wagers_made_up.py > wagers-made-up.csv
"""

from datetime import datetime, timedelta, timezone
from decimal import Decimal


def numbers(seed):
    """A linear congruential generator: the same on every version of Python."""
    while True:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        yield seed >> 33


def text(value):
    """As real exports have it: 1.00E+03 for some round thousands."""
    if value >= 1000 and value % 1000 == 0 and value < 10000:
        return f"{value / 1000:.2f}E+03"
    return format(value.normalize(), "f")


def main():
    random = numbers(20260216)
    time = datetime(2026, 2, 16, 18, 0, 0, tzinfo=timezone.utc)
    rows = []
    for number in range(500):
        time += timedelta(seconds=1 + next(random) % 90)
        player = f"p{1 + next(random) % 40 % (1 + next(random) % 40):04d}"
        bet = Decimal([1, 2, 5, 10, 25, 50, 100, 250, 1000, 5000][next(random) % 10])
        busted = Decimal(100 + next(random) % 900) / 100
        out = Decimal(101 + next(random) % 400) / 100
        bonus = profit = "NA"
        if out <= busted:
            percent = Decimal(next(random) % 5)
            bonus = text(percent)
            profit = text((bet * (out - 1) + bet * percent / 100).quantize(Decimal("0.01")))
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ")
        row = [str(100000 + number * 7), str(5000 + number // 3), player, text(bet),
               text(out) if profit != "NA" else "NA", bonus, profit, text(busted), stamp]
        if number % 25 == 0:
            row[2] = f'"{row[2]}"'
        if number % 40 == 0:
            row = [cell if cell.startswith('"') else f'"{cell}"' for cell in row]
        rows.append((next(random), row))
    rows.sort(key=lambda pair: pair[0])
    print("Id,GameID,Username,Bet,CashedOut,Bonus,Profit,BustedAt,PlayDate")
    for _, row in rows:
        print(",".join(row))


if __name__ == "__main__":
    main()
