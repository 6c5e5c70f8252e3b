"""Links with TLS and SASL: each way to say who one is, and what a node says that is not taken in."""

import base64
import json
import os
import re
import subprocess
import time
import unittest

import kafka
from kafka_secure import SecureCase, acls, tool


class KafkaLink(SecureCase):
    # ---- Links that do not come to be -----------------------------------------------------------
    def test_a_node_that_is_not_taken_in_says_why(self):
        topic, cluster = self.made()
        other = self.folder / "other"
        other.mkdir()
        tool.secure.make_certificates(other)
        port = kafka.bootstrap().rsplit(":", 1)[1]
        tls = ("do not take this node in", "certificate verify failed", "check security.protocol, ssl.ca.location")
        cases = {
            "a wrong password": ({"sasl_password": "Geheim123"}, None,
                                 ("do not take this node in", "Invalid username or password",
                                  "check sasl.mechanisms, sasl.username and sasl.password")),
            "an unknown mechanism": ({"sasl_mechanisms": "SCRAM-SHA-256"}, None,
                                     ("do not take this node in", "supported mechanisms: SCRAM-SHA-512")),
            "an untrusted certificate": ({"ssl_ca_location": other / "ca.pem"}, None, tls),
            "another name": ({}, f"127.0.0.1:{port}", tls),
            "no TLS": ({"security_protocol": "SASL_PLAINTEXT"}, None,
                       ("no Kafka broker at", "check its port and security.protocol, now SASL_PLAINTEXT")),
            "a property that is none": ({"sasl_pasword": "Geheim123"}, None,
                                        ("property sasl.pasword", "kafka.client_file")),
        }
        for what, (changes, bootstrap, texts) in cases.items():
            with self.subTest(what):
                node = self.site(cluster, topic, self.properties(**changes), bootstrap, quick=True)
                self.refused(node, *texts)
                self.assertNotIn("Geheim123", node.log())
                self.assertLess(len(node.log().splitlines()), 15, node.log())

    # ---- Other ways to say who one is -----------------------------------------------------------
    def test_scram(self):
        topic, cluster = self.made()
        self.allow(acls.needed(cluster, [topic]))
        node = self.site(cluster, topic, self.broker / "laurel.scram.properties")
        version = subprocess.run(["kcat", "-V"], capture_output=True, text=True, check=True).stdout
        found = tuple(map(int, re.search(r"librdkafka (\d+)\.(\d+)\.(\d+)", version).groups()))
        newer = os.environ.get("LAUREL_LIBRDKAFKA", "")
        if newer:
            node.start({"LD_LIBRARY_PATH": newer})
        elif found >= (2, 6, 1):
            node.start()
        else:
            self.refused(node, "cannot do SCRAM with Kafka 4: take 2.6.1 or newer")
            self.skipTest("SCRAM with Kafka 4 takes librdkafka 2.6.1: LAUREL_LIBRDKAFKA names a folder with it")
        self.produce(topic, self.rows)
        self.counted(node, cluster, self.rows)

    @staticmethod
    def put_token(path, life_s):
        """An unsigned one, as this broker takes it."""
        def part(claims):
            return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        now = int(time.time())
        passing = path.with_suffix(".new")
        passing.write_text(f'{part({"alg": "none"})}.{part({"sub": "laurel", "iat": now, "exp": now + life_s})}.\n')
        passing.rename(path)

    def test_oauthbearer_with_tokens_from_a_file(self):
        topic, cluster = self.made()
        self.allow(acls.needed(cluster, [topic]))
        token = self.folder / "token"
        client_file = self.properties(sasl_mechanisms="OAUTHBEARER", sasl_username=None, sasl_password=None,
                                      sasl_oauthbearer_config=f"token_file={token}")
        node = self.site(cluster, topic, client_file)
        self.refused(node, "Failed to acquire SASL OAUTHBEARER token", f"cannot read {token}")
        life_s = 8
        self.put_token(token, life_s)
        node.start()
        self.produce(topic, self.rows[:self.step])
        self.counted(node, cluster, self.rows[:self.step])
        until = time.monotonic() + 2.5 * life_s  # past the end of the first token, and of the second
        while time.monotonic() < until:
            self.put_token(token, life_s)
            time.sleep(1)
        self.produce(topic, self.rows[self.step:])
        self.put_token(token, 600)
        self.counted(node, cluster, self.rows)
        token.write_text("Geheim123")  # for whoever connects from now on
        node.kill()
        self.refused(node, "the OAUTHBEARER token is none")
        self.assertNotIn("Geheim123", node.log())


if __name__ == "__main__":
    unittest.main()
