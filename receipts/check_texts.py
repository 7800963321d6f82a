"""What js/self_check.js says to people, handed over in the page; `{word}` stands for what the script puts in.

Numbers stand behind a colon, so that no text needs plural forms.
"""

from django.utils.translation import gettext_lazy as _

# Each step: what is said when it is right, and when it is wrong.
STEPS = {
    "read": [_("The proof can be read, and is written as it must be"), _("The proof cannot be read")],
    "code": [_("It is the proof of this receipt"), _("It is the proof of another receipt")],
    "place": [
        _("The record stands at its own place in its block"),
        _("The record stands at a place that is not its own"),
    ],
    "block": [_("The record is in its block, unchanged"), _("The record is not what was sealed in the block")],
    "log": [
        _("The block is in the ledger's log, unchanged"),
        _("The block is not what stands in the ledger's log"),
    ],
    "till": [
        _("The till itself signed this sale, and nothing in it was changed since"),
        _("The signature on this sale is not the till's"),
    ],
    "key": [_("The log is signed by the ledger's key"), _("The log is not signed by the ledger's key")],
    "witnesses": [_("Witnesses outside have seen the same log"), _("A witness's signature is false")],
}

# By the short names that verify.js gives to what is wrong, see docs/proof-format.md.
FAULTS = {
    "file": _("The file is not what a proof file must be."),
    "record": _("The record in the file is not what its format says."),
    "header": _("The block's header in the file is not what its format says."),
    "log": _("The log's part of the file is not what its format says."),
    "checkpoint": _("The checkpoint in the file is not what its format says."),
    "code": _("The proof is of {found}, not of {code}."),
    "place": _("The record's own shard, epoch and number are not those of position {position} of the block."),
    "leaf-path": _("The record's hash does not lead to the block's root."),
    "log-path": _("The hash of the block's header does not lead to the root that the log's key signed."),
    "till-signature": _("The signature is not of the till's key over this sale."),
    "origin": _("The checkpoint is of the log {origin}; no key of that log was given."),
    "key": _("No given key of {origin} signed the checkpoint."),
    "signature": _("A signature under the name {origin} is false."),
    "cosignature": _("A signature under a witness's name is false."),
    "unsupported": _("This browser cannot check Ed25519 signatures."),
}

# Why the button brought no proof: the heading and the text, by the word that receipts/proofs.py answers.
REFUSALS = {
    "soon": [
        _("The proof is still being made"),
        _("The sale is recorded and safe, but its proof takes longer than usual. Press the button again in a while."),
    ],
    "away": [
        _("The proof cannot be fetched at the moment"),
        _("This says nothing about your receipt. Try again later."),
    ],
    "offline": [
        _("The proof could not be fetched"),
        _("This says nothing about your receipt. See whether you are connected to the internet, and try again."),
    ],
    "missing": [
        _("There is no proof at this address"),
        _("Open the receipt again with the link or the QR code that is printed on it."),
    ],
    "removed": [
        _("The record was removed"),
        _("Since you opened this page its record was removed because the law demanded it. Load the page again."),
    ],
    "damaged": [
        _("What we have stored is not what was recorded"),
        _(
            "So it cannot be proven. This is our fault, not yours, and the operator has been alarmed. Keep your printed"
            " receipt, and every proof or page of it that you have saved before."
        ),
    ],
    "limited": [
        _("Too many requests came from where you are"),
        _("Wait some minutes, then press the button again."),
    ],
}

TEXTS = {
    "steps": STEPS,
    "faults": FAULTS,
    "refusals": REFUSALS,
    "right": _("Right:"),
    "wrong": _("Wrong:"),
    "unknown": _("Not checked:"),
    "notChecked": _("The signature was not checked"),
    "fetching": _("Fetching the proof …"),
    "waiting": _("The proof is being made: it is ready in a few seconds. This page asks again by itself."),
    # Below the steps.
    "codeRead": _("Read from the proven record: {code}"),
    "place": _("Shard {shard}, block {block}, position {position}, number {number}"),
    "tillSigned": _(
        "Checked with the till's key {key}. Compare it with the till key that is printed on the paper: if it is the"
        " same, this till made the sale, and nobody else can have, not even we."
    ),
    "givenKey": _("With the key that you gave."),
    "fetchedKey": _("With the key that came with the proof."),
    "witnessKeys": _("With the witnesses' keys that came with the proof."),
    "witness": _("{name}, {moment}"),
    "recordHash": _("The record's hash: {hash}"),
    "recordClimb": _("Hashes computed here: {count}. The last is the block's seal, {hash}"),
    "blockHash": _("The block's hash: {hash}"),
    "blockClimb": _("Hashes computed here: {count}. The last is the root of the log at size {size}, {hash}"),
    "rightNeighbour": _("with the right neighbour {sibling} gives {found}"),
    "leftNeighbour": _("with the left neighbour {sibling} gives {found}"),
    # The verdict.
    "fits": _("It adds up: this sale is recorded, and nothing was changed"),
    "unsigned": _("Nothing is wrong, but the signature was not checked"),
    "unsignedWhy": _(
        "Every hash adds up. Whether the ledger's key signed them could not be checked: this browser is too old for"
        " that. Try another one, or the program below."
    ),
    "fitsNot": _("It does not add up"),
    "changed": _(
        "Open the receipt's own address once more, and check again. If it still fails, keep this page and show it to"
        " somebody independent: it is evidence that something was changed."
    ),
    "otherKey": _(
        "Either the key that you gave is not this ledger's, or this page is not. Compare the key once more with where"
        " you got it."
    ),
    "unreadable": _("The proof in this page was changed so that it cannot be read at all."),
    "saved": _("To keep the proof, save this page now as a complete page: the copy can be checked without us."),
    "compare": _("This is what the proven record says. Compare it with the receipt in your hand:"),
    "code": _("Receipt code"),
    "total": _("Total"),
    "till": _("Till"),
    "tillKey": _("Till key"),
    "issued": _("Issued"),
    "received": _("Received"),
    "logTerm": _("Log"),
    "logFact": _("{origin}, entries: {size}"),
    "lines": _("Lines"),
    "moreLines": _("further lines: {count}"),
    # Where nothing can be checked.
    "noHashes": _("It cannot be checked at this address"),
    "noHashesWhy": _(
        "Browsers compute hashes only on pages that came by https or from your own disk. The proof is in this page now:"
        " save it and open the copy, or use the program below."
    ),
    "broken": _("It could not be checked"),
    "brokenWhy": _("Something in this page does not work: {fault}"),
    "noKey": _("This is not a ledger's key, or it was not copied whole."),
}
