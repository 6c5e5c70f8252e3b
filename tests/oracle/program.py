"""The oracle of reward programmes: what a program.toml makes of wagers and voids, one after another.

Reads the same TOML, shares nothing else with the product: fractions, the zones of Python.
"""

import math
import tomllib
from collections import defaultdict
from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

# The tiers of ../shared/data/README.md.
TIERS = "".join(f'\n[[tier]]\nname = "{name}"\nfrom = {start}\nmultiplier = "{factor}"\n'
                for name, start, factor in (("basic", 0, 1), ("silver", 10_000, 2),
                                            ("gold", 100_000, 3)))
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
# Key of the conditions -> (member of the event's data, whether it excludes).
LISTS = {"games": ("game_id", False), "exclude_games": ("game_id", True),
         "categories": ("game_category", False), "exclude_categories": ("game_category", True),
         "providers": ("provider", False), "verticals": ("vertical", False),
         "brands": ("brand", False), "jurisdictions": ("jurisdiction", False),
         "channels": ("channel", False), "funds": ("funds", False)}


def amount(member):
    return Fraction(int(member["units"]), 10 ** member["scale"]) if member else Fraction(0)


def matches(when, data):
    for key, (member, excludes) in LISTS.items():
        if key in when and (data.get(member, "") in when[key]) == excludes:
            return False
    stake = data["stake_total"]
    if "assets" in when and stake["asset"] not in when["assets"]:
        return False
    bands = when.get("stake")
    return not bands or any(
        band["asset"] == stake["asset"] and amount(stake) >= Fraction(band.get("min", "0"))
        and ("max" not in band or amount(stake) <= Fraction(band["max"])) for band in bands)


def rounded(value, rule):
    floor = math.floor(value)
    rest = value - floor
    if rule == "up":
        return math.ceil(value)
    if rule == "half_up":
        return floor + (rest >= Fraction(1, 2))
    if rule == "half_even":
        return round(value)
    return floor


def instant(text, zone):
    """A civil time in a zone. Python moves a skipped reading by the jump; we mean the jump itself."""
    local = datetime.fromisoformat(text).replace(tzinfo=zone, fold=0)
    utc = local.astimezone(ZoneInfo("UTC"))
    if utc.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return utc
    before = utc - timedelta(hours=3)
    for minute in range(6 * 60):
        at = before + timedelta(minutes=minute)
        if at.astimezone(zone).replace(tzinfo=None) >= local.replace(tzinfo=None):
            return at
    raise AssertionError(text)


def in_week(text, local):
    """Whether a reading of the clock is within `Mon-Thu,Sun 22:00-02:00`."""
    days, _, hours = text.partition(" ")
    wanted = set(range(7)) if days == "daily" else set()
    for part in days.split(",") if days != "daily" else ():
        first, _, last = part.partition("-")
        day = DAYS.index(first)
        while True:
            wanted.add(day)
            if day == DAYS.index(last or first):
                break
            day = (day + 1) % 7

    def seconds(clock):
        return sum(int(part) * unit for part, unit in zip(clock.split(":"), (3600, 60, 1)))
    begin, end = map(seconds, hours.split("-")) if hours else (0, 86400)
    now = local.hour * 3600 + local.minute * 60 + local.second
    if end > begin:
        return local.weekday() in wanted and begin <= now < end
    return (local.weekday() in wanted and now >= begin) or (
        (local.weekday() - 1) % 7 in wanted and now < end)


class Player:
    def __init__(self):
        self.points = self.lifetime = 0  # minor units
        self.tier = ""
        self.days = defaultdict(int)
        self.wagers = self.test_wagers = self.voids = self.early = 0
        self.settled = {}  # tx -> (points, day)
        self.voided = set()


class Program:
    def __init__(self, text):
        self.document = tomllib.loads(text)
        self.unit = 10 ** self.document.get("points_scale", 0)
        self.zone = ZoneInfo(self.document.get("zone", "UTC"))
        self.players = defaultdict(Player)

    def tier_of(self, lifetime):
        held = {"name": "", "multiplier": "1"}
        for tier in self.document.get("tier", []):
            if lifetime >= tier.get("from", 0) * self.unit:
                held = tier
        return held

    def rules(self, data):
        out = []
        for rule in self.document.get("earn", []):
            if rule.get("asset", data["stake_total"]["asset"]) != data["stake_total"]["asset"]:
                continue
            if matches(rule.get("when", {}), data):
                out.append(rule)
        return out if self.document.get("match") == "all" else out[:1]

    def campaigns(self, data, at):
        best = {}
        for number, campaign in enumerate(self.document.get("campaign", [])):
            zone = ZoneInfo(campaign["zone"]) if "zone" in campaign else self.zone
            if "from" in campaign and at < instant(campaign["from"], zone):
                continue
            if "to" in campaign and at >= instant(campaign["to"], zone):
                continue
            local = at.astimezone(zone)
            if "every" in campaign and not any(in_week(each, local) for each in campaign["every"]):
                continue
            if not matches(campaign.get("when", {}), data):
                continue
            key = campaign.get("group", number)
            best[key] = max(best.get(key, Fraction(0)), Fraction(campaign["multiplier"]))
        return best.values()

    def rejects(self, data):
        earn = self.document.get("earn", [])
        return (earn and self.document.get("other_assets", "reject") == "reject"
                and all(rule.get("asset", "") not in ("", data["stake_total"]["asset"])
                        for rule in earn))

    def settle(self, name, at, data):
        """The status the event must get."""
        player, tx = self.players[name], data["tx_id"]
        if tx in player.voided:
            player.wagers += 1
            player.early -= 1
            player.settled[tx] = (0, None)
            return "accepted"
        if data.get("is_test"):
            player.test_wagers += 1
            player.settled[tx] = (0, None)
            return "accepted"
        if self.rejects(data):
            return "rejected"
        player.wagers += 1
        value = Fraction(0)
        for rule in self.rules(data):
            value += amount(data["stake_total"]) * Fraction(rule.get("per_stake", "0"))
            value += amount(data.get("win_total")) * Fraction(rule.get("per_win", "0"))
            value += Fraction(rule.get("fixed", "0"))
        value *= Fraction(self.tier_of(player.lifetime).get("multiplier", "1")) * self.unit
        for multiplier in self.campaigns(data, at):
            value *= multiplier
        points = rounded(value, self.document.get("rounding", "down"))
        caps, day = self.document.get("cap", {}), at.astimezone(self.zone).date()
        if "per_bet" in caps:
            points = min(points, caps["per_bet"] * self.unit)
        if "per_day" in caps:
            points = min(points, max(0, caps["per_day"] * self.unit - player.days[day]))
        self.add(player, points, day)
        player.settled[tx] = (points, day)
        player.tier = self.tier_of(player.lifetime)["name"]
        return "accepted"

    def void(self, name, tx):
        player = self.players[name]
        player.voids += 1
        player.voided.add(tx)
        if tx in player.settled:
            points, day = player.settled[tx]
            self.add(player, -points, day)
        else:
            player.early += 1
        player.tier = self.tier_of(player.lifetime)["name"]
        return "accepted"

    def points(self):
        return {name: player.points for name, player in self.players.items()}

    @staticmethod
    def add(player, points, day):
        player.points += points
        player.lifetime += points
        player.days[day] += points


def bets(program, rows):
    """Settles rows of bets, in their order; a bet counts once. See points.py."""
    seen = set()
    for row in rows:
        if row["Id"] in seen:
            continue
        seen.add(row["Id"])
        at = datetime.fromisoformat(row["PlayDate"].replace("Z", "+00:00"))
        units = Fraction(row["Bet"]) * 100
        assert units.denominator == 1
        program.settle(row["Username"], at, {
            "tx_id": row["Id"], "vertical": "casino",
            "stake_total": {"units": units.numerator, "asset": "BIT", "scale": 2}})


def play(text, rows):
    """Points per player."""
    program = Program(text)
    bets(program, rows)
    return program.points()
