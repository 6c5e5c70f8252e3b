"""Start and stop of the program: drain on SIGTERM, one owner of a directory, metrics."""

import re
import threading
import unittest

import harness


class Stop(harness.NodeTest):
    def test_sigterm_under_load_loses_nothing_and_the_next_start_replays_nothing(self):
        node = self.new_node("loaded")
        node.start()
        acknowledged, stop = [], threading.Event()

        def feed():
            client = node.client()
            number = 0
            try:
                while not stop.is_set():
                    events = [harness.wager(f"p{i % 7}", f"t{number}-{i}", 1000) for i in range(50)]
                    reply = client.post_events(events)
                    if reply.status != 202:
                        return
                    acknowledged.extend(events)
                    number += 1
            except (OSError, harness.http.client.HTTPException):
                pass
            finally:
                client.close()

        feeding = threading.Thread(target=feed)
        feeding.start()
        while len(acknowledged) < 1000:
            self.assertTrue(feeding.is_alive())
        self.assertEqual(node.stop(), 0, node.log())
        stop.set()
        feeding.join()
        before = node.verb("export", "balances", "--json", "--data", node.data).out
        node.start()
        client = node.client()
        self.addCleanup(client.close)
        status = client.get_json("/v1/status")
        self.assertEqual({each["state"] for each in status["partitions"]}, {"running"})
        self.assertEqual({each["epoch"] for each in status["partitions"]}, {"2"})
        self.assertEqual(status["commits"], "0")
        self.assertEqual(node.verb("export", "balances", "--json").out, before)
        for start in range(0, len(acknowledged), 1000):
            counts = client.post_events(acknowledged[start:start + 1000]).json()
            self.assertEqual(counts["accepted"], 0)
        self.assertCode(node.verb("verify"), 0)

    def test_a_second_node_on_the_directory_is_refused_and_told_who_has_it(self):
        second = harness.Node(self.folder, data=self.node.data)
        second.launch()
        self.assertEqual(second.process.wait(10 * harness.SCALE), 1)
        self.assertIn(f"process {self.node.process.pid}", second.log())
        self.assertIn("data-dir-in-use", second.log())

    def test_a_port_in_use_is_a_clear_error(self):
        folder = self.folder / "same-port"
        folder.mkdir()
        other = harness.Node(folder)
        other.port = self.node.port
        other.launch()
        self.assertEqual(other.process.wait(10 * harness.SCALE), 1)
        self.assertIn("port is in use", other.log())

    def test_metrics_are_prometheus_text(self):
        client = self.node.client()
        self.addCleanup(client.close)
        client.post_events([harness.wager("m1", "m1", 5000), harness.wager("a b", "m1", 5000)])
        reply = client.get("/metrics")
        self.assertEqual(reply.status, 200)
        text = reply.body.decode()
        for family in ("laurel_turns_total", "laurel_events_total", "laurel_commits_total",
                       "laurel_lag_events", "laurel_activations", "laurel_memory_bytes",
                       "laurel_wager_committed_seconds", "laurel_dead_letters_total"):
            self.assertIn(f"# TYPE {family} ", text)
        self.assertIn('laurel_dead_letters_total{reason="bad-player-id"} 1', text)
        sample = re.compile(r'[a-z_:]+(\{([a-z]+="[^"]*",?)+\})? [-+0-9.eInfa]+')
        for line in text.splitlines():
            if line and not line.startswith("#"):
                self.assertRegex(line, sample)


if __name__ == "__main__":
    unittest.main()
