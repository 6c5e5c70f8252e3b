"""Programmes on the real program: rules, tiers, campaigns, caps and voids, against an oracle that
reads the same program.toml with fractions and Python's zones."""

import csv
import io
import itertools
import random
import shutil
import tempfile
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

import harness
from harness import CRASH_GAME, VOIDS, NodeTest, points
from points import rows_of
from program import TIERS, Program, bets, play

ASSETS = 'assets = [{ id = "BIT", scale = 2 }, { id = "EUR", scale = 2 }, { id = "JPY", scale = 0 }]'


class ProgramTest(NodeTest):
    """A node per programme, not one for all."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="laurel-itest-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.numbers = itertools.count()

    def node_of(self, program):
        node = self.new_node(f"node-{next(self.numbers)}")
        catalog = node.folder / "catalog"
        catalog.mkdir()
        (catalog / "program.toml").write_text(program)
        (catalog / "assets.toml").write_text(ASSETS)
        node.config = node.folder / "node.toml"
        node.config.write_text("")
        node.start()
        return node


class RealWagers(ProgramTest):
    """With tiers the order decides; both totals are those of the data's own page."""

    PROGRAM = (CRASH_GAME / "catalog" / "program.toml").read_text() + TIERS

    def ingest(self, node, rows, *more, **options):
        text = io.StringIO()
        writer = csv.DictWriter(text, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
        done = self.assertCode(node.ingest(self.file("rows.csv", text.getvalue()), *more, **options), 0)
        self.assertEqual(done.json()["accepted"], str(len(rows)))

    def check(self, rows, played, total, *more):
        node = self.node_of(self.PROGRAM)
        self.ingest(node, rows, *more)
        got = points(node.balances())
        self.assertEqual(got, play(self.PROGRAM, played))
        if total is not None:
            self.assertEqual(sum(got.values()), total)
        self.assertCode(node.verb("verify"), 0)
        self.assertEqual(node.stop(), 0)

    def test_the_order_of_the_file(self):
        rows = list(rows_of(harness.WAGERS))
        self.check(rows, rows, 29_221_621 if harness.HAS_REAL_WAGERS else None, "--live")

    def test_the_order_of_play(self):
        """However the rows are shuffled: they are staged."""
        rows = list(rows_of(harness.WAGERS))
        played = sorted(rows, key=lambda row: int(row["Id"]))
        self.check(rows, played, 29_244_490 if harness.HAS_REAL_WAGERS else None)

    def test_one_in_a_hundred_is_voided_before_after_and_long_after(self):
        rows = list(rows_of(harness.WAGERS))
        rows = list({row["Id"]: row for row in rows}.values())
        voided = random.Random(1).sample(range(len(rows)), max(30, len(rows) // 100))
        mapping = self.file("voids.toml", VOIDS)
        node, oracle = self.node_of(self.PROGRAM), Program(self.PROGRAM)

        def void(numbers):
            self.ingest(node, [rows[number] for number in numbers], "--live", mapping=mapping)
            for number in numbers:
                oracle.void(rows[number]["Username"], rows[number]["Id"])

        def settle(some):
            self.ingest(node, some, "--live")
            bets(oracle, some)
        third = len(voided) // 3
        void(voided[:third])
        half = len(rows) // 2
        settle(rows[:half])
        void([number for number in voided[third:2 * third] if number < half])
        settle(rows[half:])
        self.assertEqual(node.stop(), 0)
        node.start()  # what was earned is found again in the store
        void(voided[2 * third:])
        # Who has nothing but wagers that were void when they came has no balance.
        got = {name: amounts for name, amounts in node.balances().items() if amounts}
        wanted = {name: earned for name, earned in oracle.points().items()
                  if earned or name in got}
        self.assertEqual(points(got), wanted)
        self.assertCode(node.verb("verify"), 0)
        self.assertEqual(node.stop(), 0)


class RandomPrograms(ProgramTest):
    """Programmes and wagers drawn from a seed, around the changes of the clocks of 2021."""

    GAMES, CATEGORIES = ["aces", "book", "crash", ""], ["slots", "table", ""]
    PROVIDERS = ["acme", "zeta", ""]

    def conditions(self, draw):
        parts = []
        for key, values in (("games", self.GAMES), ("exclude_games", self.GAMES),
                            ("categories", self.CATEGORIES), ("providers", self.PROVIDERS)):
            if draw.random() < 0.25:
                chosen = draw.sample([each for each in values if each], draw.randint(1, 2))
                if key == "exclude_games":
                    chosen = chosen[:1]
                    if parts and parts[0].startswith("games"):
                        continue
                parts.append(f"{key} = {chosen}".replace("'", '"'))
        if draw.random() < 0.3:
            bands = ", ".join(f'{{ asset = "{asset}", min = "{draw.choice(("0", "0.5", "7"))}", '
                              f'max = "{draw.choice(("20.01", "300"))}" }}'
                              for asset in draw.sample(["EUR", "BIT", "JPY"], 2))
            parts.append(f"stake = [{bands}]")
        return f"when = {{ {', '.join(parts)} }}\n" if parts else ""

    def ratio(self, draw, most=4):
        return f'"{draw.randint(1, most * 3)}/{draw.randint(1, 6)}"'

    def program(self, draw):
        zones = ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]
        text = f'points_asset = "PTS"\npoints_scale = {draw.choice((0, 0, 2))}\n'
        text += f'zone = "{draw.choice(zones)}"\nmatch = "{draw.choice(("first", "all"))}"\n'
        text += f'rounding = "{draw.choice(("down", "up", "half_up", "half_even"))}"\n'
        text += f'other_assets = "{draw.choice(("reject", "ignore"))}"\n'
        if draw.random() < 0.7:
            caps = [f"per_bet = {draw.randint(20, 300)}", f"per_day = {draw.randint(100, 600)}"]
            text += "[cap]\n" + "\n".join(draw.sample(caps, draw.randint(1, 2))) + "\n"
        for number in range(draw.randint(1, 4)):
            asset = draw.choice(["EUR", "EUR", "BIT", "JPY", ""])
            kinds = draw.sample(["per_stake", "per_win", "fixed"], draw.randint(1, 3))
            if not asset:
                kinds = ["fixed"]
            text += f'[[earn]]\nname = "rule-{number}"\n' + self.conditions(draw)
            text += f'asset = "{asset}"\n' if asset else ""
            text += "".join(f"{kind} = {self.ratio(draw)}\n" for kind in kinds)
        start = draw.choice((0, 50))
        for number in range(draw.randint(0, 3)):
            text += (f'[[tier]]\nname = "tier-{number}"\nfrom = {start}\n'
                     f"multiplier = {self.ratio(draw)}\n")
            start += draw.randint(100, 2000)
        for number in range(draw.randint(0, 4)):
            text += f'[[campaign]]\nname = "campaign-{number}"\nmultiplier = {self.ratio(draw)}\n'
            if draw.random() < 0.6:
                text += 'from = "2021-03-28 02:30"\nto = "2021-10-31 02:30"\n'
            if draw.random() < 0.7:
                every = draw.sample(["daily 01:00-02:30", "Sat,Sun 22:00-04:00", "Sun 00:00-24:00",
                                     "Fri-Mon 02:00-03:00", "Wed", "daily 02:15-02:45"], 2)
                text += f"every = {every}\n".replace("'", '"')
            text += f'zone = "{draw.choice(zones)}"\n' if draw.random() < 0.3 else ""
            text += f'group = "{draw.choice("gh")}"\n' if draw.random() < 0.6 else ""
            text += self.conditions(draw)
        return text

    def wager(self, draw, tx_id):
        day = draw.choice([datetime(2021, month, day, tzinfo=timezone.utc) for month, day in
                           ((3, 14), (3, 27), (3, 28), (4, 3), (10, 2), (10, 30), (10, 31), (11, 7))])
        at = day + timedelta(seconds=draw.randrange(86_400))
        asset, scale = draw.choice((("EUR", 2), ("EUR", 2), ("BIT", 2), ("JPY", 0)))

        def money(most):
            return {"units": str(draw.randrange(most * 10 ** scale)), "asset": asset, "scale": scale}
        data = {"tx_id": str(tx_id), "stake_total": money(draw.choice((10, 400)))}
        for key, values in (("game_id", self.GAMES), ("game_category", self.CATEGORIES),
                            ("provider", self.PROVIDERS)):
            if value := draw.choice(values):
                data[key] = value
        if draw.random() < 0.5:
            data["win_total"] = money(100)
        if draw.random() < 0.05:
            data["is_test"] = True
        return harness.wager(f"p{draw.randrange(4)}", tx_id, 0, data=data,
                             time=at.isoformat().replace("+00:00", "Z")), at

    @staticmethod
    def void(oracle, wager):
        """The void of a wager, and its status."""
        name, tx_id = wager["subject"], wager["data"]["tx_id"]
        return (wager | {"id": f"v-{tx_id}", "type": "laurel.wager.voided.v1",
                         "data": {"voids_tx_id": tx_id}}, oracle.void(name, tx_id))

    def events(self, draw, oracle, count):
        """Events and the status that each must get: wagers, some of them voided before they come,
        right after, or in the end; some voids of nothing, some twice."""
        later = []
        for tx_id in range(count):
            wager, at = self.wager(draw, tx_id)
            fate = draw.random()
            if fate < 0.05:
                yield self.void(oracle, wager)
            if fate < 0.97:
                yield wager, oracle.settle(wager["subject"], at, wager["data"])
            if 0.05 <= fate < 0.10 or fate >= 0.97:
                void, status = self.void(oracle, wager)
                yield void, status
                yield void | {"id": "again"}, "duplicate"
            elif 0.10 <= fate < 0.15:
                later.append(wager)
        for wager in later:
            yield self.void(oracle, wager)

    def test_every_player_is_as_the_oracle_says(self):
        for seed in range(8):
            draw = random.Random(seed)
            text = self.program(draw)
            with self.subTest(f"seed {seed}\n{text}"):
                self.play(draw, text)

    def play(self, draw, text):
        node, oracle = self.node_of(text), Program(text)
        client = node.client()
        self.addCleanup(client.close)
        pairs = list(self.events(draw, oracle, 300))
        reply = client.post_events([event for event, _ in pairs])
        self.assertEqual(reply.status, 202, reply.body)
        self.assertEqual([each["status"] for each in reply.json()["results"]],
                         [status for _, status in pairs])
        for name, player in oracle.players.items():
            self.check_player(client, name, player)
        self.assertCode(node.verb("verify"), 0)
        self.assertEqual(node.stop(), 0)

    def check_player(self, client, name, player):
        if player.wagers + player.test_wagers + player.voids == 0:
            return  # all its wagers were refused
        state = client.get_json(f"/v1/players/{name}")["state"]

        def units(member):
            return sum(int(each["units"]) for each in state.get(member, []))
        self.assertEqual(
            (units("balances"), units("lifetime"), state.get("tier", ""),
             int(state.get("wagers", 0)), int(state.get("test_wagers", 0)),
             int(state.get("voids", 0)), int(state.get("early_voids", 0))),
            (player.points, player.lifetime, player.tier, player.wagers, player.test_wagers,
             player.voids, player.early))


if __name__ == "__main__":
    unittest.main()
