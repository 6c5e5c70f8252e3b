"""`laurel verify` finds what is wrong with scores, ranks, boards and their changes: it is shown a node
through a proxy that changes one thing."""

import http.server
import json
import re
import threading
import unittest
from urllib.parse import unquote

from boards import BoardsTest
from harness import verb


class Proxy:
    """Passes requests on, and lets `tamper(path, body)` change what comes back."""

    def __init__(self, node, tamper):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # headers and body in one piece, or every reply waits for an ACK

            def do_GET(self):
                client = node.client()
                reply = client.get(self.path)
                client.close()
                body = reply.body
                if reply.status == 200:
                    found = json.loads(body)
                    tamper(unquote(self.path), found)
                    body = json.dumps(found).encode()
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.headers["Content-Type"])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class VerifyBoardsTest(BoardsTest):
    def verified(self, tamper):
        self.fresh(self.path())
        with Proxy(self.one, tamper) as url:
            done = verb("verify", "--json", server=url)
        verdict = done.json()
        self.assertEqual(done.code, 1 if verdict["violations"] else 0, done)
        return verdict["violations"]

    def board(self, change, style="standard"):
        """Tampers with pages of the board `stakes` in that rank style."""
        def tamper(path, body):
            if "/runs/stakes@" in path and "/entries?" in path and f"rank={style}" in path:
                change(body["entries"])
        return self.verified(tamper)

    def assertFound(self, violations, words):
        self.assertTrue(any(re.search(words, each) for each in violations), violations)

    def test_what_is_as_it_should_be(self):
        self.assertEqual(self.verified(lambda path, body: None), [])

    def test_two_players_who_have_changed_places(self):
        def swap(entries):
            entries[3], entries[4] = entries[4], entries[3]
        self.assertFound(self.board(swap), "stands behind")

    def test_a_rank_that_is_wrong_in_any_style(self):
        for style in ("standard", "ordinal", "modified", "dense"):
            def change(entries):
                entries[-1]["rank"] += 1
            self.assertFound(self.board(change, style), "rank")

    def test_a_score_that_the_contributions_do_not_make(self):
        def tamper(path, body):
            if path.startswith("/v1/actors/entry"):
                for entry in body["actors"] if "actors" in body else [body]:
                    if "state" in entry and entry["key"].endswith("/p007"):
                        entry["state"]["score"] = str(int(entry["state"]["score"]) + 1)
        self.assertFound(self.verified(tamper), "contributions; they make")

    def test_a_score_that_the_entry_does_not_have(self):
        def tamper(path, body):
            if "/runs/stakes@" in path and "/entries" in path:
                for entry in body["entries"][:1] if "rank=" in path or "cursor" not in path else []:
                    entry["score"]["units"] = str(int(entry["score"]["units"]) + 7)
                if "entry" in body:
                    body["entry"]["score"]["units"] = str(int(body["entry"]["score"]["units"]) + 7)
        self.assertFound(self.verified(tamper), "and the entry says")

    def test_a_player_who_is_missing(self):
        def tamper(path, body):
            if "/runs/stakes@" in path and "/entries" in path:
                del body["entries"][-1]
        self.assertFound(self.verified(tamper), "members, and a board of")

    def chain(self, change):
        def tamper(path, body):
            if path.startswith("/v1/topics/position-changes") and body["events"]:
                change([event["data"] for event in body["events"]])
        return self.verified(tamper)

    def test_a_change_that_is_missing_or_is_not_what_happened(self):
        for number in range(3):  # so that there are several changes, and shifts
            type(self).position = self.feed(5, [f"new{number}{i}" for i in range(9)])

        def gap(changes):
            later = [change for change in changes if change["version"] != "1"]
            if later:
                later[-1]["version"] = str(int(later[-1]["version"]) + 1)
        self.assertFound(self.chain(gap), "follows version")

        def score(changes):
            for mover in changes[0]["movers"]:
                if "after" in mover:
                    mover["after"]["columns"] = [str(int(mover["after"]["columns"][0]) - 1)]
                    return
        self.assertFound(self.chain(score), "was not at position|is not what its")

        def shift(changes):
            for change in changes:
                if change["shifts"]:
                    change["shifts"][0]["by"] = str(int(change["shifts"][0]["by"]) + 1)
                    return
        self.assertFound(self.chain(shift), "shifts are not")

    def test_a_board_that_its_changes_do_not_lead_to(self):
        def tamper(path, body):
            if "/runs/stakes@" in path and "/entries?" in path and "rank=standard" in path:
                body["entries"][0]["reached"] = body["entries"][0]["reached"].replace("2", "3", 1)
        self.assertFound(self.verified(tamper), "is not what its .* changes give")

    def test_a_node_that_is_being_fed_has_no_violations(self):
        stop = threading.Event()

        def feed():
            while not stop.is_set():
                type(self).position = self.feed(10, [f"p{i:03}" for i in range(40)])
        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            for _ in range(2):
                done = self.one.verb("verify", "--json")
                self.assertEqual((done.code, done.json()["violations"]), (0, []))
        finally:
            stop.set()
            feeder.join()


if __name__ == "__main__":
    unittest.main()
