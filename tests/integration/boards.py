"""What the tests of tournaments share: a site, a node that is fed, scores worked out from the wagers."""

import hashlib
import itertools
import random
import shutil
from datetime import datetime, timedelta, timezone

from harness import CRASH_GAME, Node, NodeTest, finish, wager

UTC = timezone.utc
TOURNAMENTS = """
[[tournament]]
id = "stakes"
name = "Most staked"
operator = "total_stake"
asset = "BIT"
scale = 2
start = "{day}"
every = "1d"
duration = "1d"
rank_style = "standard"

[[tournament]]
id = "smallest"
operator = "best"
asset = "BIT"
scale = 2
direction = "low"
start = "{day}"
every = "1d"

[[tournament]]
id = "minute"
operator = "count"
start = "{day}"
every = "1m"
grace = "1s"

[[tournament]]
id = "nobody"
operator = "count"
wagers = {{ games = ["no-such-game"] }}
start = "{day}"
every = "1d"

[[tournament]]
id = "later"
operator = "count"
start = "2199-01-01T00:00"
end = "2199-01-02T00:00"
"""


def text_of(when):
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Naive:
    """Boards from the definition: every wager is kept, all is worked out anew."""

    def __init__(self):
        self.wagers = []  # player, time, stake, win

    def board(self, tournament, start, end):
        scores = {}
        for player, when, stake, win in self.wagers:
            if not start <= when < end:
                continue
            score, reached = scores.get(player, (None, None))
            if tournament == "smallest":
                if score is None or win < score or (win == score and when < reached):
                    score, reached = win, when
            else:
                score = (score or 0) + (stake if tournament == "stakes" else 1)
                reached = max(reached or when, when)
            scores[player] = (score, reached)
        run = f"{tournament}@{start.strftime('%Y-%m-%dT%H:%MZ')}"

        def order(player):
            score, reached = scores[player]
            tie = hashlib.sha256(f"{run}|{player}".encode()).digest()[:8]
            return (score if tournament == "smallest" else -score, reached, tie, player)
        return [(player, str(scores[player][0]), text_of(scores[player][1]))
                for player in sorted(scores, key=order)]


def ranks(rows, style):
    """`rows` in order; a row's result is its score and time."""
    results = [row[1:] for row in rows]
    if style == "ordinal":
        return list(range(1, len(rows) + 1))
    if style == "standard":
        return [results.index(result) + 1 for result in results]
    if style == "modified":
        return [len(results) - results[::-1].index(result) for result in results]
    groups = [result for result, _ in itertools.groupby(results)]
    return [groups.index(result) + 1 for result in results]


def rows_of(entries):
    return [(entry["player"], entry["score"]["units"], entry["reached"]) for entry in entries]


class BoardsTest(NodeTest):
    """A class with one node and some hundred wagers of now."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        site = cls.folder / "site"
        shutil.copytree(CRASH_GAME / "catalog", site / "catalog")
        begin = cls.day - timedelta(days=2)
        (site / "catalog" / "tournaments.toml").write_text(
            TOURNAMENTS.format(day=begin.strftime("%Y-%m-%dT%H:%M")))
        (site / "node.toml").write_text('[catalog]\ndir = "catalog"\n')
        cls.one = Node(site, config=site / "node.toml")
        cls.one.start()
        cls.addClassCleanup(finish, cls.one)
        cls.naive = Naive()
        cls.numbers = itertools.count()
        cls.random = random.Random(4)
        cls.client_of_class = cls.one.client()
        cls.addClassCleanup(cls.client_of_class.close)
        cls.position = cls.feed(400, [f"p{i:03}" for i in range(120)])

    @classmethod
    def feed(cls, count, players):
        """Wagers of now; some of one moment and stake, so that results are equal. The position."""
        moment = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
        events, wagers = [], []
        for _ in range(count):
            player = cls.random.choice(players)
            when = moment + timedelta(microseconds=cls.random.choice((0, 0, 0, 17)))
            stake = cls.random.choice((100, 100, 250))
            win = cls.random.choice((0, 50, 1000))
            event = wager(player, next(cls.numbers), stake, time=text_of(when))
            event["data"]["win_total"] = {"units": str(win), "asset": "BIT", "scale": 2}
            events.append(event)
            wagers.append((player, when, stake, win))
        reply = cls.client_of_class.post_events(events)
        body = reply.json()
        if body["accepted"] != count:
            raise AssertionError(body)
        cls.naive.wagers += wagers
        return body["position"]

    def setUp(self):
        self.client = self.one.client()
        self.addCleanup(self.client.close)

    def run_of(self, tournament):
        return f"{tournament}@{self.day.strftime('%Y-%m-%dT%H:%MZ')}"

    def path(self, tournament="stakes", rest="entries"):
        return f"/v1/tournaments/{tournament}/runs/{self.run_of(tournament)}/{rest}"

    def expected(self, tournament="stakes"):
        return self.naive.board(tournament, self.day, self.day + timedelta(days=1))

    def fresh(self, path, position=None):
        mark = "&" if "?" in path else "?"
        return self.client.get_json(f"{path}{mark}min_position={position or self.position}")
