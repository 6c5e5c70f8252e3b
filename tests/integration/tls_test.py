"""A node with a certificate, and the verbs that speak to it."""

import subprocess
import unittest

import harness


class Tls(harness.NodeTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        site = cls.folder / "tls-site"
        site.mkdir()
        cls.ca = site / "cert.pem"
        cls.make_certificate(site, "cert", "IP:127.0.0.1")
        cls.make_certificate(site, "other", "DNS:elsewhere.example")
        cls.secure = cls.serve(site, "cert")
        cls.misnamed = cls.serve(site, "other")

    @classmethod
    def make_certificate(cls, site, name, who):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=test",
                        "-addext", f"subjectAltName={who}", "-keyout", site / f"{name}.key",
                        "-out", site / f"{name}.pem"], check=True, capture_output=True)

    @classmethod
    def serve(cls, site, name):
        """The port of a node with that certificate."""
        port = harness.free_port()
        config = site / f"{name}.toml"
        config.write_text(f'[listen]\nport = {port}\ntls_cert = "{name}.pem"\ntls_key = "{name}.key"\n')
        log = open(cls.folder / f"{name}.log", "wb")
        cls.addClassCleanup(log.close)
        node = subprocess.Popen([harness.LAUREL, "run", "--config", config, "--data",
                                 cls.folder / f"{name}-data"], stdout=log, stderr=log)

        def end():
            node.terminate()
            if node.wait(15 * harness.SCALE) != 0:
                raise AssertionError((cls.folder / f"{name}.log").read_text())
        cls.addClassCleanup(end)
        harness.eventually(lambda: b"runs on https://" in (cls.folder / f"{name}.log").read_bytes(), True, 20)
        return port

    def status(self, port, *more):
        return harness.verb("status", "--json", "--server", f"https://127.0.0.1:{port}", *more)

    def test_a_verb_that_trusts_the_ca_is_answered(self):
        done = self.assertCode(self.status(self.secure, "--ca", self.ca), 0)
        self.assertEqual(done.json()["state"], "running")
        rows = self.file("tls.csv", f"{harness.CSV_HEADER}\n{harness.csv_row(1, 'tls')}\n")
        # Without a catalog the wager is rejected: that it was is the answer of a commit.
        self.assertCode(harness.verb("ingest", rows, "--map", harness.MAPPING, "--server",
                                     f"https://127.0.0.1:{self.secure}", "--ca", self.ca), 4)

    def test_a_certificate_of_nobody_we_trust_is_refused(self):
        for more in (), ("--ca", self.ca.with_name("other.pem")):
            done = self.assertCode(self.status(self.secure, *more), 3)
            self.assertIn(f"the certificate of https://127.0.0.1:{self.secure} is refused: self-signed "
                          "certificate", done.err)
            self.assertNotIn("no node answers", done.err)

    def test_a_trusted_certificate_for_another_name_is_refused(self):
        done = self.assertCode(self.status(self.misnamed, "--ca", self.ca.with_name("other.pem")), 3)
        self.assertIn("is refused: it is not for 127.0.0.1", done.err)

    def test_ingest_does_not_try_again_what_is_refused(self):
        rows = self.file("refused.csv", f"{harness.CSV_HEADER}\n{harness.csv_row(2, 'tls')}\n")
        done = self.assertCode(harness.verb("ingest", rows, "--map", harness.MAPPING, "--retry", "3600",
                                            "--server", f"https://127.0.0.1:{self.secure}"), 3)
        self.assertIn("is refused", done.err)

    def test_plain_text_to_a_tls_port_and_tls_to_a_plain_one_are_refused(self):
        self.assertCode(harness.verb("status", "--server", f"http://127.0.0.1:{self.secure}"), 3)
        done = self.assertCode(self.status(self.node.port, "--ca", self.ca), 3)
        self.assertIn("no node answers", done.err)

    def test_a_ca_that_cannot_be_read_is_a_clear_error(self):
        done = self.assertCode(self.status(self.secure, "--ca", "/nowhere.pem"), 1)
        self.assertIn("cannot read the CA in /nowhere.pem", done.err)


if __name__ == "__main__":
    unittest.main()
