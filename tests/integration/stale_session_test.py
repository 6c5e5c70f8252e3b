"""laurel ingest and a server that forgets its sessions. The server is made up: a node does so rarely."""

import http.server
import json
import shutil
import tempfile
import threading
import unittest
from pathlib import Path

import harness


class Forgetful(http.server.BaseHTTPRequestHandler):
    """Makes sessions and says 404 to the first `forgets` requests that use one."""
    protocol_version = "HTTP/1.1"
    forgets = 0
    made = used = 0

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        server = type(self)
        if self.path == "/v1/ingest/sessions":
            server.made += 1
            self.answer(201, {"session": f"s{server.made}"})
            return
        if self.path.startswith("/v1/backfills"):
            self.answer(200, {"id": "1", "state": "open"})
            return
        server.used += 1
        if server.used <= server.forgets:
            self.answer(404, {"detail": "there is no such ingest session"})
        else:
            counts = dict.fromkeys(("accepted", "duplicate", "conflict", "rejected"), 0)
            self.answer(200, counts | {"rejections": []})

    def do_GET(self):
        self.answer(200, {"id": "1", "state": "finished", "rejections": []})

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class StaleSession(unittest.TestCase):
    def ingest(self, forgets, *more):
        Forgetful.forgets, Forgetful.made, Forgetful.used = forgets, 0, 0
        folder = Path(tempfile.mkdtemp(prefix="laurel-stale-"))
        self.addCleanup(shutil.rmtree, folder)
        file = folder / "one.csv"
        file.write_text(f"{harness.CSV_HEADER}\n{harness.csv_row(1, 'p1')}\n")
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forgetful) as server:
            server.daemon_threads = True
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                return harness.verb("ingest", file, "--map", harness.MAPPING, *more,
                                    server=f"http://127.0.0.1:{server.server_port}", timeout_s=20)
            finally:
                server.shutdown()
                thread.join()

    def test_a_session_forgotten_is_made_again(self):
        self.assertEqual(self.ingest(1).code, 0)
        self.assertEqual(Forgetful.made, 2)
        self.assertEqual(self.ingest(3).code, 0)

    def test_a_node_that_forgets_every_session_is_given_up_with_a_clear_error(self):
        done = self.ingest(10**9)
        self.assertEqual(done.code, 1, done)
        self.assertIn("the node forgot 5 sessions in a row", done.err)
        self.assertIn("gave up at line 1", done.err)
        self.assertEqual(Forgetful.made, 5)

    def test_no_time_to_retry_ends_it_sooner(self):
        done = self.ingest(10**9, "--retry", "0")
        self.assertEqual(done.code, 1, done)
        self.assertIn("does not know the session", done.err)
        self.assertEqual(Forgetful.made, 2)


if __name__ == "__main__":
    unittest.main()
