"""Boards over HTTP and by the command line, against scores worked out here from the wagers."""

import base64
import json
import threading
import time
import unittest
from datetime import datetime, timedelta

from boards import UTC, BoardsTest, ranks, rows_of, text_of
from harness import SCALE, verb


class TournamentTest(BoardsTest):
    def problem(self, path, status, word=""):
        reply = self.client.get(path)
        self.assertEqual(reply.status, status, reply.body)
        self.assertEqual(reply.headers["Content-Type"], "application/problem+json")
        self.assertIn(word, reply.json()["detail"])

    def test_the_whole_board_with_every_rank_style(self):
        for tournament in ("stakes", "smallest"):
            rows = self.expected(tournament)
            for style in ("ordinal", "standard", "modified", "dense"):
                board = self.fresh(self.path(tournament, f"entries?limit=1000&rank={style}"))
                self.assertEqual(rows_of(board["entries"]), rows)
                self.assertEqual([entry["rank"] for entry in board["entries"]], ranks(rows, style))
                self.assertEqual([entry["position"] for entry in board["entries"]],
                                 list(range(1, len(rows) + 1)))
                self.assertEqual((board["rank_style"], board["state"]), (style, "open"))
                self.assertEqual(board["members"], str(len(rows)))
        self.assertEqual(self.fresh(self.path())["rank_style"], "standard")  # of the tournament
        self.assertEqual(self.fresh(self.path())["entries"][0]["score"]["scale"], 2)

    def test_around_a_player_and_a_score(self):
        rows = self.expected()
        styled = ranks(rows, "standard")
        for place in (0, 1, 57, len(rows) - 1):
            board = self.fresh(self.path(rest=f"entries/{rows[place][0]}?above=3&below=5"))
            self.assertEqual(rows_of(board["entries"]), rows[max(0, place - 3):place + 6])
            self.assertEqual(board["entry"]["position"], place + 1)
            self.assertEqual(board["entry"]["rank"], styled[place])
        self.assertEqual(len(self.fresh(self.path(rest=f"entries/{rows[50][0]}"))["entries"]), 21)
        for score in (0, int(rows[40][1]), 10 ** 12):
            first = next((i for i, row in enumerate(rows) if int(row[1]) <= score), len(rows))
            board = self.fresh(self.path(rest=f"entries:around-score?score={score}&above=4&below=2"))
            self.assertEqual(rows_of(board["entries"]), rows[max(0, first - 4):first + 2])

    def test_some_players_at_once(self):
        rows = self.expected()
        asked = [rows[70][0], "stranger", rows[3][0]]
        reply = self.client.post(self.path(rest=f"entries:batch?min_position={self.position}"),
                                 json.dumps({"players": asked}), "application/json")
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(rows_of(reply.json()["entries"]), [rows[70], rows[3]])
        self.assertEqual(reply.json()["absent"], ["stranger"])
        for body in ("", "[]", '{"players": "p1"}', '{"players": [1]}', '{"players": ["a b"]}',
                     json.dumps({"players": ["p"] * 1001})):
            reply = self.client.post(self.path(rest="entries:batch"), body, "application/json")
            self.assertEqual(reply.status, 400, body)

    def test_pages_of_a_pinned_version_neither_skip_nor_repeat_while_ranks_move(self):
        stop = threading.Event()
        players = [f"p{i:03}" for i in range(150)]

        def move():
            while not stop.is_set():
                type(self).position = self.feed(20, players)
        mover = threading.Thread(target=move)
        mover.start()
        try:
            for _ in range(5):
                page = self.client.get_json(self.path(rest="entries?limit=11&snapshot=true"))
                members, version = int(page["members"]), page["version"]
                seen = rows_of(page["entries"])
                while page["next"]:
                    time.sleep(0.01)
                    page = self.client.get_json(self.path(rest=f"entries?limit=11&cursor={page['next']}"))
                    self.assertEqual(page["version"], version)
                    seen += rows_of(page["entries"])
                self.assertEqual(len(seen), members)
                self.assertEqual(len({row[0] for row in seen}), members)
                self.assertEqual([(-int(row[1]), row[2]) for row in seen],
                                 sorted((-int(row[1]), row[2]) for row in seen))
            newer = self.client.get_json(self.path())
            self.assertGreater(int(newer["version"]), int(version))
        finally:
            stop.set()
            mover.join()

    def test_pages_that_are_not_pinned_go_on_behind_the_last_row(self):
        page = self.fresh(self.path(rest="entries?limit=30"))
        seen = rows_of(page["entries"])
        while page["next"]:
            page = self.client.get_json(self.path(rest=f"entries?limit=30&cursor={page['next']}"))
            seen += rows_of(page["entries"])
        self.assertEqual(seen, self.expected())

    def test_a_reader_sees_what_it_wrote(self):
        for number in range(30):
            player = f"writer{number}"
            position = self.feed(1, [player])
            for tournament in ("stakes", "smallest"):
                board = self.fresh(self.path(tournament, f"entries/{player}"), position)
                self.assertEqual(rows_of([board["entry"]])[0],
                                 next(row for row in self.expected(tournament) if row[0] == player))
        type(self).position = position

    def test_a_strong_read_and_one_of_a_bounded_age(self):
        player = "strong"
        type(self).position = self.feed(1, [player])
        self.fresh(self.path(rest=f"entries/{player}"))
        before = self.client.get_json("/v1/status")["commits"]
        board = self.client.get_json(self.path(rest="entries?consistency=strong&limit=1000"))
        self.assertEqual(rows_of(board["entries"]), self.expected())
        self.assertGreaterEqual(int(board["stale_ms"]), 0)
        self.assertGreater(int(self.client.get_json("/v1/status")["commits"]), int(before))
        self.client.get_json(self.path(rest="entries?consistency=bounded&max_stale_ms=1000"))
        again = self.client.get_json(
            self.path(rest=f"entries?consistency=committed&min_position={board['position']}"))
        self.assertEqual(again["version"], board["version"])

    def test_a_position_that_never_comes_is_answered_with_503(self):
        far = base64.urlsafe_b64encode(b"w0:99999999").decode().rstrip("=")
        reply = self.client.get(self.path(rest=f"entries?min_position={far}"))
        self.assertEqual(reply.status, 503)
        self.assertEqual(reply.headers["Retry-After"], "1")

    def test_a_run_with_nobody_reads_as_empty(self):
        for run, state in (("current", "open"), ("next", "upcoming"),
                           ((self.day - timedelta(days=1)).strftime("%Y-%m-%dT%H:%MZ"), "final")):
            board = self.client.get_json(f"/v1/tournaments/nobody/runs/{run}/entries")
            self.assertEqual((board["entries"], board["state"], board["members"], board["next"]),
                             ([], state, "0", None))
        self.problem("/v1/tournaments/nobody/runs/current/entries/p001", 404, "not on the board")
        board = self.client.get_json("/v1/tournaments/nobody/runs/current/entries:around-score?score=5")
        self.assertEqual(board["entries"], [])

    def test_tournaments_by_state(self):
        listed = self.client.get_json("/v1/tournaments")
        self.assertEqual([each["tournament"] for each in listed["tournaments"]],
                         ["later", "minute", "nobody", "smallest", "stakes"])
        stakes = listed["tournaments"][-1]
        self.assertEqual((stakes["operator"], stakes["asset"], stakes["scale"]),
                         ("total_stake", "BIT", 2))
        self.assertEqual([run["state"] for run in stakes["runs"]], ["final", "open", "upcoming"])
        upcoming = self.client.get_json("/v1/tournaments?state=upcoming")["tournaments"]
        self.assertIn("later", [each["tournament"] for each in upcoming])
        opened = self.client.get_json("/v1/tournaments?state=open")["tournaments"]
        self.assertNotIn("later", [each["tournament"] for each in opened])
        self.assertEqual({run["state"] for each in opened for run in each["runs"]}, {"open"})
        self.assertEqual(self.client.get_json("/v1/tournaments/stakes"), stakes | {
            "runs": self.client.get_json("/v1/tournaments/stakes")["runs"]})
        page = self.client.get_json("/v1/tournaments?limit=2")
        self.assertEqual([each["tournament"] for each in page["tournaments"]], ["later", "minute"])
        page = self.client.get_json(f"/v1/tournaments?limit=3&cursor={page['next']}")
        self.assertEqual([each["tournament"] for each in page["tournaments"]],
                         ["nobody", "smallest", "stakes"])
        self.assertIsNone(page["next"])

    def test_the_runs_of_a_tournament(self):
        page = self.client.get_json("/v1/tournaments/stakes/runs")
        self.assertEqual([run["run"][-17:] for run in page["runs"]],
                         [(self.day + timedelta(days=days)).strftime("%Y-%m-%dT%H:%MZ")
                          for days in (-2, -1, 0, 1)])
        first = self.client.get_json("/v1/tournaments/minute/runs?limit=7")
        second = self.client.get_json(f"/v1/tournaments/minute/runs?limit=7&cursor={first['next']}")
        starts = [run["start"] for run in first["runs"] + second["runs"]]
        begin = self.day - timedelta(days=2)
        self.assertEqual(starts, [text_of(begin + timedelta(minutes=i)) for i in range(14)])

    def test_what_is_not_there_and_what_is_wrong(self):
        self.problem("/v1/tournaments/strange", 404, "strange")
        self.problem("/v1/tournaments/strange/runs", 404)
        self.problem("/v1/tournaments/strange/runs/current/entries", 404)
        self.problem("/v1/tournaments/stakes/runs/2026-02-16T18:01Z/entries", 404, "no run")
        self.problem("/v1/tournaments/stakes/runs/yesterday/entries", 400, "is no run")
        self.problem(f"/v1/tournaments/stakes/runs/{self.run_of('smallest')}/entries", 404)
        self.problem(self.path(rest="entries/stranger"), 404)
        self.problem("/v1/tournaments/later/runs/current", 404, "current")
        for wrong in ("limit=0", "limit=1001", "rank=best", "snapshot=1", "cursor=abc",
                      "consistency=weak", "consistency=bounded", "max_stale_ms=5",
                      "min_position=!", "consistency=bounded&max_stale_ms=-1"):
            self.problem(self.path(rest=f"entries?{wrong}"), 400)
        for wrong in ("", "score=1.5", "score=", "score=99999999999999999999", "score=1&above=1001"):
            self.problem(self.path(rest=f"entries:around-score?{wrong}"), 400)
        self.problem(self.path(rest="entries/p001?below=x"), 400)
        self.problem("/v1/tournaments?state=running", 400, "upcoming, open, closing, final")
        self.assertEqual(self.client.request("PUT", self.path()).status, 405)
        cursor = self.fresh(self.path(rest="entries?limit=1"))["next"]
        self.problem(self.path("smallest", f"entries?cursor={cursor}"), 400)
        self.problem(self.path(rest=f"entries?cursor={cursor[:-3]}AAA"), 400)

    def test_the_command_line(self):
        self.fresh(self.path())
        rows = self.expected()
        run = self.run_of("stakes")
        done = self.assertCode(self.one.verb("tournament", "standings", "stakes", "--top", "5"), 0)
        self.assertIn(f"{run}: open, {len(rows)} players", done.out)
        self.assertIn(rows[0][0], done.out)
        self.assertIn(f"{int(rows[0][1]) / 100:.2f}", done.out)
        top = self.one.verb("tournament", "standings", run, "--top", "1500", "--json").json()
        self.assertEqual(rows_of(top["entries"]), rows)
        around = self.one.verb("tournament", "standings", run, "--around", rows[9][0], "--json",
                               "--rank", "dense").json()
        self.assertEqual(around["entry"]["rank"], ranks(rows, "dense")[9])
        some = self.one.verb("tournament", "standings", "stakes", "--players",
                             f"{rows[1][0]},{rows[0][0]}", "--json").json()
        self.assertEqual(rows_of(some["entries"]), [rows[1], rows[0]])
        near = self.one.verb("tournament", "standings", "stakes", "--around-score", rows[9][1],
                             "--json").json()
        self.assertTrue(near["entries"])
        lines = self.one.verb("export", "standings", run, self.run_of("smallest"), "--json").json_lines()
        self.assertEqual(rows_of(line for line in lines if line["run"] == run), rows)
        self.assertEqual(rows_of(line for line in lines if line["run"] != run),
                         self.expected("smallest"))
        whole = self.one.verb("export", "standings", "--json").json_lines()
        self.assertLessEqual({run, self.run_of("smallest")}, {line["run"] for line in whole})
        self.assertIn("Most staked", self.one.verb("tournament", "show", "stakes").out)
        self.assertIn("open", self.one.verb("tournament", "show", run).out)
        listed = self.one.verb("tournament", "list", "--state", "upcoming").out
        self.assertIn("later@2199-01-01T00:00Z", listed)
        self.assertEqual(self.one.verb("tournament", "standings", "strange").code, 1)
        self.assertEqual(self.one.verb("tournament", "standings").code, 2)

    def test_verify_recomputes_boards_of_the_running_and_of_the_stopped_node(self):
        self.fresh(self.path())
        done = self.assertCode(self.one.verb("verify", "--json"), 0).json()
        self.assertEqual(done["violations"], [])
        self.assertGreaterEqual(int(done["boards"]["runs"]), 3)
        self.assertGreaterEqual(int(done["boards"]["places"]), 2 * len(self.expected()))
        self.assertEqual(done["boards"]["without_chain"], "0")
        self.assertIn("score and rank", self.one.verb("verify").out)

    def test_zz_a_run_that_is_over_keeps_its_standings_also_when_the_node_is_stopped(self):
        if self.day != datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0):
            self.skipTest("midnight has passed")
        start = datetime.now(UTC).replace(second=0, microsecond=0)
        if datetime.now(UTC).second < 3 or datetime.now(UTC).second > 55:
            time.sleep(8)
            start = datetime.now(UTC).replace(second=0, microsecond=0)
        position = self.feed(60, [f"m{i}" for i in range(25)])
        rows = self.naive.board("minute", start, start + timedelta(minutes=1))
        path = f"/v1/tournaments/minute/runs/{start.strftime('%Y-%m-%dT%H:%MZ')}/entries"
        board = self.fresh(path + "?limit=1000&rank=dense", position)
        self.assertEqual(rows_of(board["entries"]), rows)
        page = self.client.get_json(path + "?limit=10&snapshot=true")
        deadline = time.monotonic() + 90 * SCALE
        while (board := self.client.get_json(path + "?limit=1000&rank=modified"))["state"] != "final":
            self.assertLess(time.monotonic(), deadline)
            # The watermark goes on with the wall clock, as all is read.
            time.sleep(0.5)
        self.assertEqual(rows_of(board["entries"]), rows)
        self.assertEqual([entry["rank"] for entry in board["entries"]], ranks(rows, "modified"))
        self.assertIsNone(board["version"])
        rest = self.client.get_json(f"{path}?limit=1000&cursor={page['next']}")
        self.assertEqual(rows_of(page["entries"] + rest["entries"]), rows)
        around = self.client.get_json(f"{path}/{rows[7][0]}?above=2&below=2")
        self.assertEqual(rows_of(around["entries"]), rows[5:10])
        self.problem(f"{path}/stranger", 404)
        self.assertCode(self.one.verb("verify"), 0)
        self.assertEqual(self.one.stop(), 0)
        try:
            done = self.assertCode(verb("verify", "--json", "--data", self.one.data), 0).json()
            self.assertEqual((done["violations"], done["boards"]["waiting"]), ([], "0"))
            run = f"minute@{start.strftime('%Y-%m-%dT%H:%MZ')}"
            lines = verb("export", "standings", run, "--json", "--data", self.one.data).json_lines()
            self.assertEqual(rows_of(lines), rows)
        finally:
            self.one.start()


if __name__ == "__main__":
    unittest.main()
