"""The hash chain of a ledger, computed anew from what the API shows (docs/formats/ledger.md)."""

import base64
import hashlib

GENESIS = bytes(32)


def check_chain(entries):
    """The sum of the deltas. Raises AssertionError where the chain does not hold."""
    head, total = GENESIS, 0
    for number, entry in enumerate(entries, 1):
        assert int(entry["sequence"]) == number, f"entry {entry['sequence']} where {number} belongs"
        delta = entry["delta"]
        asset = delta["asset"].encode()
        commitment = hashlib.sha256(bytes.fromhex(entry["salt"])
                                    + base64.b64decode(entry["body"])).digest()
        assert commitment.hex() == entry["commitment"], f"entry {number}: not the body committed to"
        header = (number.to_bytes(8, "big") + bytes([len(asset)]) + asset + bytes([delta["scale"]])
                  + int(delta["units"]).to_bytes(16, "big", signed=True) + commitment)
        assert bytes.fromhex(entry["previous_hash"]) == head, f"entry {number}: chain broken"
        head = hashlib.sha256(head + header).digest()
        assert head.hex() == entry["hash"], f"entry {number}: wrong hash"
        total += int(delta["units"])
    return total
