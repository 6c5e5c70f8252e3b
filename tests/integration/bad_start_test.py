"""What a node cannot start with: it says what, where, what is allowed, and ends at once."""

import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import harness
from harness import CRASH_GAME, LAUREL, SCALE, NodeTest, verb

ENDS_WITHIN_S = 2


def refused_start(test, *arguments):
    """What `laurel run` says before it ends with 1, in time."""
    before = time.monotonic()
    done = verb("run", *arguments, timeout_s=20)
    test.assertLess(time.monotonic() - before, ENDS_WITHIN_S * SCALE)
    test.assertEqual(done.code, 1, done.err)
    test.assertNotIn("runs on", done.err)
    return done.err


class BadStart(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="laurel-itest-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def refuse(self, *messages, node="", catalog=None, data=None):
        """`laurel run` on this node.toml ends with 1, in time, and says all of that."""
        config = self.folder / "node.toml"
        config.write_bytes(node if isinstance(node, bytes) else node.encode())
        for name, text in (catalog or {}).items():
            (self.folder / "catalog").mkdir(exist_ok=True)
            (self.folder / "catalog" / name).write_text(text)
        error = refused_start(self, "--config", config, "--data", data or self.folder / "data",
                              "--port", "0")
        for message in messages:
            self.assertIn(message.replace("FILE", str(config)), error)

    def test_unknown_keys(self):
        self.refuse("FILE:2:1: listen.prot: there is no such key", "did you mean port?",
                    "allowed: address, port,", node="[listen]\nprot = 7400\n")
        self.refuse("FILE:3:2: lisen: there is no such key", "allowed: node, listen, data",
                    node="\n\n[lisen]\nport = 7400\n")
        self.refuse("FILE:1:1: port: there is no such key", node="port = 7400\n")
        # All of them at once.
        self.refuse("FILE:1:1: a: ", "FILE:2:1: b: ", "FILE:4:1: node.c: ",
                    node="a = 1\nb = 2\n[node]\nc = 3\n")

    def test_mistyped_values(self):
        for text, messages in (
                ('[listen]\nport = "7400"\n', ["FILE:2:8: listen.port: is a text",
                                               "allowed: a whole number, 0 to 65535"]),
                ("[listen]\nport = 65536\n", ["FILE:2:8: listen.port: 65536 is out of range",
                                              "allowed: 0 to 65535"]),
                ("[listen]\nport = -1\n", ["listen.port: -1 is out of range"]),
                ("[listen]\nport = 74.5\n", ["FILE:2:8: listen.port: ", "a whole number"]),
                ("[listen]\nport = 99999999999999999999\n", ["FILE:2:"]),
                ("[listen]\naddress = 127\n", ["FILE:2:11: listen.address: ", "allowed: "]),
                ("[listen]\nallow_plaintext = 1\n", ["listen.allow_plaintext: ", "true"]),
                ("listen = 5\n", ["FILE:1:10: listen: ", "allowed: "]),
                ("[[listen]]\n", ["listen: "]),
                ("partitions = 0\n", ["FILE:1:14: partitions: 0 is out of range",
                                      "allowed: 1 to 1024"]),
                ('[engine]\nkind = "redis"\n', ["FILE:2:8: engine.kind: ", "allowed: embedded, kafka"]),
                ('[log]\nlevel = "loud"\n', ["log.level: ", "error, warn, info, debug"]),
                ("[memory]\ncache_mb = 1\n", ["memory.cache_mb: 1 is out of range", "1048576"]),
                ('[node]\nid = ""\n', ["node.id: allowed: 1 to 64 characters"]),
                ('[data]\ndir = ""\n', ["data.dir: may not be empty"])):
            with self.subTest(text):
                self.refuse(*messages, node=text)

    def test_files_that_are_no_toml(self):
        self.refuse("FILE:2:", node="[listen]\nport =\n")
        self.refuse("FILE:1:", node="[listen\n")
        self.refuse("FILE:3:", node="[listen]\nport = 1\nport = 2\n")
        self.refuse("FILE", node=b"\xff\xfe\x00")
        self.refuse("FILE", node="a" * 100 + "." + "b." * 5000 + "c = 1\n")
        self.refuse("FILE", node="x = " + "[" * 10_000 + "]" * 10_000 + "\n")
        self.assertIn("no-such.toml: cannot be read",
                      refused_start(self, "--config", "no-such.toml"))

    def test_addresses(self):
        """Any but loopback wants TLS, or the explicit word that it is not wanted."""
        for address in ("0.0.0.0", "::", "192.0.2.1", "10.0.0.1", "example.org"):
            with self.subTest(address):
                self.refuse(f'"{address}" is reached from other machines', "allowed: a loopback",
                            "tls_cert", "allow_plaintext",
                            node=f'[listen]\naddress = "{address}"\n')
        self.refuse("no address", node='[listen]\naddress = "127.0.0.500"\n')
        self.refuse("one needs the other", node='[listen]\ntls_cert = "cert.pem"\n')
        self.refuse("cert.pem", node='[listen]\ntls_cert = "cert.pem"\ntls_key = "key.pem"\n')

    def test_catalogs(self):
        program = (CRASH_GAME / "catalog" / "program.toml").read_text()
        catalog = self.folder / "catalog"
        for name, text, messages in (
                ("program.toml", program.replace("per_stake", "per_stak"),
                 ["program.toml:7:1: earn[0].per_stak: there is no such key"]),
                ("program.toml", program.replace('"1/10"', '"1/0"'), ["program.toml:7:"]),
                ("program.toml", program.replace('"1/10"', '"much"'), ["program.toml:7:"]),
                ("program.toml", program.replace('"1/10"', "0.1"), ["program.toml:7:"]),
                ("program.toml", program + "per_stake = \"1\"\n", ["program.toml:8:"]),
                ("program.toml", program.replace('asset = "BIT"\n', ""),
                 ["earn[0].asset", "is required"]),
                ("program.toml", 'zone = "Mars/Olympus"\n' + program,
                 ["zone", "is no zone of this machine"]),
                ("progam.toml", program, ["progam.toml: nothing declares this document",
                                          "allowed: assets.toml"]),
                ("notes.txt", "", ["notes.txt: nothing declares this document"]),
                ("assets.toml", 'assets = [{ id = "eur", scale = 2 }]', ['"eur" is no asset']),
                ("assets.toml", 'assets = [{ id = "EUR", scale = 39 }]', ["allowed: 0 to 38"]),
                ("assets.toml", 'assets = [{ id = "EUR" }]', ["scale: is required"]),
                ("assets.toml", 'assets = [{ id = "EUR", scale = 2 }, { id = "EUR", scale = 2 }]',
                 ['"EUR" is there twice'])):
            with self.subTest(text[-40:], name=name):
                self.refuse(*messages, catalog={name: text})
                shutil.rmtree(catalog)
        self.refuse("no-such", node='[catalog]\ndir = "no-such"\n')

    def test_directories(self):
        file = self.folder / "file"
        file.write_text("")
        self.refuse(str(file), data=file)
        self.refuse("/proc/none", data="/proc/none")
        foreign = self.folder / "foreign"
        (foreign / "db").mkdir(parents=True)
        self.refuse("holds a database but no IDENTITY", data=foreign)
        (foreign / "IDENTITY").write_text("something else\n")
        self.refuse("this is no data directory of Laurel", data=foreign)


class SecondNode(NodeTest):
    def refuse(self, *arguments):
        error = refused_start(self, "--config", CRASH_GAME / "node.toml", *arguments)
        self.assertCode(self.node.verb("status"), 0)  # the first one goes on
        return error

    def test_a_second_node_on_a_data_directory_is_refused_and_told_whose_it_is(self):
        for data in (self.node.data, self.node.data / ".." / "data" / "."):
            error = self.refuse("--data", data, "--port", "0")
            self.assertIn(f"in use by process {self.node.process.pid} ", error)
            self.assertIn(str(data), error)
            self.assertIn("data-dir-in-use", error)
        # So is a verb that wants to read the directory itself.
        done = self.assertCode(verb("verify", "--data", self.node.data), 1)
        self.assertIn(f"in use by process {self.node.process.pid} ", done.err)

    def test_a_port_in_use_is_named(self):
        error = self.refuse("--data", self.folder / "other", "--port", str(self.node.port))
        self.assertIn(f"127.0.0.1:{self.node.port}", error)
        self.assertIn("the port is in use", error)
        # What was made of its directory is whole: with another port it starts.
        other = self.new_node("other-node")
        other.data = self.folder / "other"
        other.start()
        self.assertEqual(other.stop(), 0)

    def test_the_directory_of_a_killed_node_is_free(self):
        node = self.new_node("killed")
        node.start()
        node.kill()
        node.start()
        self.assertEqual(node.stop(), 0)

    def test_two_at_once_on_a_new_directory_one_wins(self):
        processes = [subprocess.Popen([LAUREL, "run", "--data", str(self.folder / "race"), "--port",
                                       "0"], stderr=subprocess.PIPE, text=True)
                     for _ in range(2)]
        first = []
        for process in processes:
            self.addCleanup(process.stderr.close)
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            line = ""
            while not re.search("runs on|in use by", line):
                line = process.stderr.readline()
                self.assertNotEqual(line, "")
            first.append("runs on" in line)
        self.assertEqual(sorted(first), [False, True])

    def test_a_directory_remembers_its_partitions(self):
        node = self.new_node("partitions")
        node.config = node.folder / "node.toml"
        node.config.write_text("partitions = 4\n")
        node.start()
        self.assertEqual(len(node.verb("status", "--json").json()["partitions"]), 4)
        self.assertEqual(node.stop(), 0)
        error = self.refuse("--data", node.data, "--port", "0")
        self.assertIn("was created with 4", error)


if __name__ == "__main__":
    unittest.main()
