#!/usr/bin/env python3
"""The least that a node's user has to be allowed on a broker with ACLs: each of them is needed, no more is.

usage: tools/kafka/acls.py --cluster NAME --principal User:NAME [--input TOPIC]... [--topics-exist] [--remove]
       ./dev kafka acls    the same, and --apply does it on the broker of ./dev kafka start --secure

Prints the commands for kafka-acls.sh of Apache Kafka, which read from the environment where the brokers are
(BOOTSTRAP) and who asks (ADMIN, a file of properties); to run them: ... | BOOTSTRAP=HOST:PORT ADMIN=FILE sh -e

  --cluster NAME      `kafka.cluster` of node.toml
  --principal WHO     who the node is for the broker: User:laurel, with TLS alone User:CN=...
  --input TOPIC       each `topic` of an [[input]]
  --topics-exist      the topics of the cluster are there: the node may make none. A first start makes them; run
                      this with --remove and without --topics-exist, and then with it, to take that back
  --remove            takes away instead of giving
"""

import argparse
import shlex
import sys
from typing import NamedTuple


class Acl(NamedTuple):
    resource: str   # as the option of kafka-acls.sh
    name: str
    pattern: str    # literal or prefixed
    operation: str
    why: str


def needed(cluster, inputs=(), topics_exist=False):
    """Describe comes with Read and Write. Idempotent writes need no right of their own since Kafka 3.0."""
    out = [
        Acl("--topic", f"{cluster}.", "prefixed", "Read", "the changelog, messages, results asked for by the API"),
        Acl("--topic", f"{cluster}.", "prefixed", "Write", "commits"),
        Acl("--topic", f"{cluster}.", "prefixed", "DescribeConfigs", "topics that exist are compared with what they have to be"),
        Acl("--topic", f"{cluster}.inbox", "literal", "Delete", "what all have finished in the inbox is deleted"),
        Acl("--transactional-id", f"{cluster}.", "prefixed", "Write", "one transactional id per partition"),
    ]
    if not topics_exist:
        out.append(Acl("--topic", f"{cluster}.", "prefixed", "Create", "the first start makes the topics"))
    if inputs:
        out.append(Acl("--group", cluster, "literal", "Read", "how far inputs are read, for lag tools"))
    out += [Acl("--topic", topic, "literal", "Read", "an input") for topic in inputs]
    return out


def arguments(acl, principal, remove=False):
    """Of kafka-acls.sh, behind those that say where the brokers are."""
    return [*(["--remove", "--force"] if remove else ["--add"]), "--allow-principal", principal,
            "--operation", acl.operation, acl.resource, acl.name, "--resource-pattern-type", acl.pattern]


def parse(given):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     usage=argparse.SUPPRESS)
    parser.add_argument("--cluster", required=True)
    parser.add_argument("--principal", required=True)
    parser.add_argument("--input", action="append", default=[])
    parser.add_argument("--topics-exist", action="store_true")
    parser.add_argument("--remove", action="store_true")
    parser.add_argument("--apply", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(given)


def main(given, run=None):
    """`run`: kafka-acls.sh with these arguments on a broker; its exit code."""
    options = parse(given)
    if options.apply and run is None:
        print("acls: --apply is for ./dev kafka acls", file=sys.stderr)
        return 2
    for acl in needed(options.cluster, options.input, options.topics_exist):
        what = arguments(acl, options.principal, options.remove)
        if options.apply:
            code = run(what)
            if code != 0:
                return code
        else:
            print(f"# {acl.why}")
            print('kafka-acls.sh --bootstrap-server "$BOOTSTRAP" --command-config "$ADMIN" ' + shlex.join(what))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
