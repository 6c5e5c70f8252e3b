"""What all campaigns have in common: their options, their verdict as JSON, their exit code."""

import argparse
import json
import os
import random
import shutil
import sys

import harness


def main(program, description, make_run, kills, fail_points, faults=False, more=None):
    """`make_run(options)`: has opening(), say(), execute() -> verdict, and its folder. `more(parser)`
    adds options of its own."""
    parser = argparse.ArgumentParser(prog=program, description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter,
                                     usage=argparse.SUPPRESS)
    parser.add_argument("--laurel", default=harness.LAUREL, help="the program, built with fail points")
    parser.add_argument("--kills", type=int, default=kills, help="at random; default %(default)s")
    parser.add_argument("--fail-points", type=int, default=fail_points, metavar="N",
                        help="times that each is armed; default %(default)s")
    if faults:
        parser.add_argument("--faults", type=int, default=None, metavar="N",
                            help="that are no deaths of a node alone; default: each once")
    parser.add_argument("--seed", type=int, default=None, help="of the plan; default: drawn")
    parser.add_argument("--file", help="CSV of wagers; default: the real ones")
    parser.add_argument("--keep", action="store_true", help="leave the data directory")
    parser.add_argument("--json", action="store_true", help="no progress, the verdict on one line")
    if more is not None:
        more(parser)
    options = parser.parse_args()
    options.laurel = os.path.abspath(options.laurel)
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(10**9)
    run = make_run(options)
    run.say(f"seed {options.seed}, {run.opening()}")
    verdict = run.execute()
    print(json.dumps(verdict, indent=None if options.json else 2))
    if verdict["verdict"] == "ok" and not options.keep:
        shutil.rmtree(run.folder, ignore_errors=True)
        return 0
    print(f"what is left: {run.folder}", file=sys.stderr)
    return {"ok": 0, "violated": 1, "invalid": 2}[verdict["verdict"]]
