"""Checks what a cluster promised by what it shows: its topics, read committed, and the API.

Conservation (the ledger's sum = the balance it says = the `balances` topic = the API = the oracle), one
effect per event and none without, ledgers without a gap, numbers of records without a gap. No code of
Laurel's.
"""

from collections import defaultdict
from decimal import Decimal

import harness
import kafka


def signed(value):
    return (value >> 1) ^ -(value & 1)


def units(amount):
    parts = kafka.fields(amount)
    high = signed(parts.get(1, [0])[0])
    return (high << 64) + parts.get(2, [0])[0]


def text(message, number):
    return message.get(number, [b""])[0].decode()


def check(cluster, causes, api):
    """`causes`: {(player, event id): points} of every event that has to have an effect, `api`: {player:
    points}, also of players with none. What is wrong, a line each."""
    wrong = []
    numbers = defaultdict(list)
    ledger = defaultdict(list)
    for record in kafka.consume(f"{cluster}.ledger"):
        name, partition, number = record.headers["ce_id"].rsplit("/", 2)
        numbers[name, int(partition)].append(int(number))
        if int(partition) != record.partition:
            wrong.append(f"{record.headers['ce_id']} is in partition {record.partition}")
        if record.headers["ce_type"] == "laurel.points.posted.v1":
            posted = kafka.fields(record.value)
            ledger[text(posted, 2)].append(
                (posted[3][0], units(posted[4][0]), units(posted[5][0]), text(posted, 7)))
    for (name, partition), found in numbers.items():
        if found != list(range(len(found))):
            wrong.append(f"{name}/{partition}: its records are not numbered 0, 1, 2, ...")
    seen = defaultdict(int)
    sums = {}
    for player, entries in ledger.items():
        if [entry[0] for entry in entries] != list(range(1, len(entries) + 1)):
            wrong.append(f"{player}: sequences {[entry[0] for entry in entries][:20]}")
        total = 0
        for sequence, delta, after, cause in entries:
            total += delta
            if total != after:
                wrong.append(f"{player}: entry {sequence} says {after}, the sum is {total}")
            seen[player, cause] += 1
            if causes.get((player, cause)) != delta:
                wrong.append(f"{player}: {delta} for {cause}, not {causes.get((player, cause))}")
        sums[player] = total
    wrong += [f"{cause} has {count} effects" for cause, count in seen.items() if count != 1]
    wrong += [f"{cause} has no effect" for cause in causes if cause not in seen]
    told = {}
    for record in kafka.consume(f"{cluster}.balances"):
        changed = kafka.fields(record.value)
        told[text(changed, 1)] = units(changed[2][0])
    for name, found in (("ledger", sums), ("balances", told)):
        for player in api.keys() | found.keys():
            if found.get(player, 0) != api.get(player, 0):
                wrong.append(f"{player}: {name} {found.get(player, 0)}, API {api.get(player, 0)}")
    return wrong


def check_soon(cluster, causes, node):
    """As check() with what the node's API says. The markers of a transaction are written after its end is
    acknowledged: consumers see it a moment later."""
    return harness.eventually(lambda: check(cluster, causes, harness.points(node.balances())), [], 10)


def check_boards(node, boards, rows):
    """`boards`: {tournament: "count" or "total_stake"}, over all of the rows. What is wrong, a line each."""
    wanted = {"count": defaultdict(int), "total_stake": defaultdict(int)}
    for row in rows:
        wanted["count"][row["Username"]] += 1
        wanted["total_stake"][row["Username"]] += int(Decimal(row["Bet"]) * 100)
    got = defaultdict(dict)
    for line in node.verb("export", "standings", "--json", timeout_s=120).json_lines():
        got[line["run"].split("@")[0]][line["player"]] = int(line["score"]["units"])
    wrong = []
    for name, operator in boards.items():
        for player in got[name].keys() | wanted[operator].keys():
            one, other = got[name].get(player), wanted[operator].get(player)
            if one != other:
                wrong.append(f"{name}: {player} has {one}, not {other}")
    return wrong
