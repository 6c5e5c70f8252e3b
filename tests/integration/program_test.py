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
from harness import CRASH_GAME, NodeTest, points
from points import rows_of
from program import Program, play

# The tiers of ../shared/data/README.md.
TIERS = "".join(f'\n[[tier]]\nname = "{name}"\nfrom = {start}\nmultiplier = "{factor}"\n'
                for name, start, factor in (("basic", 0, 1), ("silver", 10_000, 2),
                                            ("gold", 100_000, 3)))
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

    def check(self, rows, total):
        program = (CRASH_GAME / "catalog" / "program.toml").read_text() + TIERS
        node = self.node_of(program)
        text = io.StringIO()
        writer = csv.DictWriter(text, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
        done = self.assertCode(node.ingest(self.file("wagers.csv", text.getvalue())), 0)
        self.assertEqual(done.json()["accepted"], str(len(rows)))
        got = points(node.balances())
        self.assertEqual(got, play(program, rows))
        if total is not None:
            self.assertEqual(sum(got.values()), total)
        self.assertCode(node.verb("verify"), 0)
        self.assertEqual(node.stop(), 0)

    def test_the_order_of_the_file(self):
        rows = list(rows_of(harness.WAGERS))
        self.check(rows, 29_221_621 if harness.HAS_REAL_WAGERS else None)

    def test_the_order_of_play(self):
        rows = sorted(rows_of(harness.WAGERS), key=lambda row: int(row["Id"]))
        self.check(rows, 29_244_490 if harness.HAS_REAL_WAGERS else None)


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

    def events(self, draw, oracle, count):
        """Events and the status that each must get."""
        for tx_id in range(count):
            event, at = self.wager(draw, tx_id)
            yield event, oracle.settle(event["subject"], at, event["data"])

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
