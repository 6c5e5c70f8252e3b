"""Checker: what must hold when all has been fed, whatever died meanwhile.

Shares no code with the product: it reads what HTTP and the console's verbs show, adds up and hashes
by itself, and compares with the oracle (tests/oracle/points.py).
"""

import base64
import hashlib
from collections import Counter, defaultdict

from points import points_of
from witness import state_of

SHOWN_MAX = 50


class Checker:
    def __init__(self, node, rows, expected):
        """`rows`: of the CSV as dicts; `expected`: the oracle's points by player."""
        self.node = node
        self.expected = expected
        self.bets = defaultdict(dict)  # player: Id: points of the bet
        for row in rows:
            self.bets[row["Username"]][row["Id"]] = points_of(row)
        self.violations = []
        self.hashes = {}  # player: hash of each ledger entry
        self.topics = {}  # name: records

    def fail(self, what):
        if len(self.violations) < SHOWN_MAX:
            self.violations.append(what)

    def equal(self, what, found, wanted):
        if found != wanted:
            self.fail(f"{what}: {found}, not {wanted}")

    def check(self):
        client = self.node.client()
        try:
            self.topics = {name: list(client.topic(name))
                           for name in ("ledger", "balances", "dead-letters")}
            self.attempt(self.check_balances)
            for player in self.bets:
                self.attempt(self.check_player, client, player)
            for check in (self.check_offsets, self.check_ledger_topic, self.check_balances_topic):
                self.attempt(check)
            self.equal("dead letters", len(self.topics["dead-letters"]), 0)
        finally:
            client.close()

    def attempt(self, check, *arguments):
        """What cannot be checked does not hold."""
        try:
            check(*arguments)
        except Exception as error:
            self.fail(f"{check.__name__} {arguments[1:]}: {error!r}")

    def check_balances(self):
        done = self.node.verb("export", "balances", "--json", timeout_s=120)
        self.equal("export balances: exit code", done.code, 0)
        lines = done.json_lines()
        found = {line["player"]: line["balances"] for line in lines}
        self.equal("exported lines", len(lines), len(found))
        for player in self.expected.keys() | found.keys():
            wanted = [{"asset": "PTS", "units": str(self.expected.get(player)), "scale": 0}]
            self.equal(f"balance of {player}", found.get(player), wanted)

    def check_player(self, client, player):
        """Every bet once, in a chain without a gap, that adds up."""
        bets = self.bets[player]
        entries = list(client.pages(f"/v1/players/{player}/ledger", "entries"))
        sequence, total, previous, causes, hashes = 0, 0, bytes(32), set(), []
        for entry in entries:
            sequence += 1
            at = f"ledger of {player}, entry {entry['sequence']}"
            delta, cause = int(entry["delta"]["units"]), entry["cause_event"]
            self.equal(f"{at}: sequence", entry["sequence"], str(sequence))
            self.equal(f"{at}: delta for bet {cause}", delta, bets.get(cause))
            if cause in causes:
                self.fail(f"{at}: bet {cause} is there twice")
            causes.add(cause)
            self.equal(f"{at}: before", entry["balance_before"]["units"], str(total))
            total += delta
            self.equal(f"{at}: after", entry["balance_after"]["units"], str(total))
            body = base64.b64decode(entry["body"], validate=True)
            commitment = hashlib.sha256(bytes.fromhex(entry["salt"]) + body).digest()
            self.equal(f"{at}: commitment", entry["commitment"], commitment.hex())
            self.equal(f"{at}: previous hash", entry["previous_hash"], previous.hex())
            previous = hashlib.sha256(previous + header_of(entry, commitment)).digest()
            self.equal(f"{at}: hash", entry["hash"], previous.hex())
            hashes.append(entry["hash"])
        self.hashes[player] = hashes
        earning = sum(1 for points in bets.values() if points > 0)
        state = state_of(client.get_json(f"/v1/players/{player}"))
        self.equal(f"{player}: wagers, entries, points", state,
                   (len(bets), earning, self.expected[player]))
        self.equal(f"{player}: sum of the ledger", total, self.expected[player])
        self.equal(f"{player}: entries", len(entries), earning)

    def check_offsets(self):
        for name, records in self.topics.items():
            next_offset = Counter()
            for record in records:
                partition = record["id"].split("/")[1]
                self.equal("record", record["id"], f"{name}/{partition}/{next_offset[partition]}")
                next_offset[partition] += 1

    def check_ledger_topic(self):
        """Each entry once, in its order, with the hash that the ledger has."""
        published = defaultdict(list)
        for record in self.topics["ledger"]:
            posting = record["data"]
            player, sequence = posting["player"], posting["sequence"]
            self.equal("posting id", posting["posting_id"], f"{player}/{sequence}")
            self.equal(f"topic ledger: sequence of {player}", sequence,
                       str(len(published[player]) + 1))
            published[player].append(posting["entry_hash"])
        for player in self.hashes.keys() | published.keys():
            if published.get(player, []) != self.hashes.get(player, []):
                self.fail(f"topic ledger has {len(published.get(player, []))} entries of {player} "
                          f"that are not the {len(self.hashes.get(player, []))} of the ledger")

    def check_balances_topic(self):
        """Each record is the sum of the ledger up to the entry that it names; the last is the
        balance."""
        sums = {}
        for record in self.topics["ledger"]:
            posting = record["data"]
            sums[posting["player"], posting["sequence"]] = posting["balance_after"]["units"]
        last = {}
        for record in self.topics["balances"]:
            data = record["data"]
            player, sequence = data["player"], int(data["ledger_sequence"])
            self.equal(f"topic balances: {player} at entry {sequence}", data["balance"]["units"],
                       sums.get((player, str(sequence))))
            if sequence <= last.get(player, (0, ""))[0]:
                self.fail(f"topic balances: {player}: entry {sequence} after {last[player][0]}")
            last[player] = (sequence, data["balance"]["units"])
        for player, points in self.expected.items():
            if points or player in last:
                self.equal(f"topic balances: last of {player}", last.get(player, (0, "none"))[1],
                           str(points))

    def check_witness(self, witness):
        """What a reader saw at any time is exactly the beginning of what there is."""
        final = defaultdict(list)
        for name, records in self.topics.items():
            for record in records:
                final[name, int(record["id"].split("/")[1])].append(record)
        for where, seen in witness.seen.items():
            for index, record in enumerate(seen):
                now = final[where][index] if index < len(final[where]) else "nothing"
                if record != now:
                    self.fail(f"a reader saw {record}, now there is {now}")
                    break
        for player, state in witness.states.items():
            final_state = (len(self.bets[player]), len(self.hashes[player]), self.expected[player])
            if any(seen > now for seen, now in zip(state, final_state)):
                self.fail(f"a reader saw {player} at {state}, now it is {final_state}")


def header_of(entry, commitment):
    """What the chain covers: docs/formats/ledger.md. All numbers big-endian."""
    delta = entry["delta"]
    asset = delta["asset"].encode()
    return (int(entry["sequence"]).to_bytes(8, "big") + bytes([len(asset)]) + asset +
            bytes([delta["scale"]]) + int(delta["units"]).to_bytes(16, "big", signed=True) +
            commitment)
