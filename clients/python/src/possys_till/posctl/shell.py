"""The conversation at the till: what is typed or scanned, a line at a time, and what is printed for it."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

from possys_till import amounts
from possys_till.faults import TillError
from possys_till.posctl.basket import Basket
from possys_till.posctl.catalogue import Catalogue, Product
from possys_till.receipt import WIDTH, Receipt
from possys_till.till import Till

HELP = """\
Scan or type       a GTIN, a SKU, or how words of the name begin: milk, choc mi
  3*milk           three of it; 0.350*ham weighs it
  -2               storno: takes line 2 off; - takes the last one off
  discount 10%     off the last line; discount 2 0.50 off line 2; discount all 5% off everything
  total            shows the basket; cancel empties it
Take payment       cash 20 gives change, cash alone takes it exactly; card, voucher, transfer likewise
  card 5           pays a part; go on until nothing is open
Take back          refund CODE [LINE[*QUANTITY] ...] [: reason]; void CODE [: reason]
Other              copy [CODE]; last; train on, train off
  queue            what waits, and what needs a person; resend N sends a sale put aside again as
                   it is, resend N now with the present time when the clock was wrong
  correct N        sends the basket in place of sale N that was refused, paid in cash or by: correct N card
  status           how the till stands; try asks the server now
  help, quit"""
QUANTITY = re.compile(r"(\d{1,9}(?:[.,]\d{1,4})?)\s*\*\s*(.*)", re.ASCII)
STORNO = re.compile(r"-\s*(\d*)", re.ASCII)
METHODS = ("cash", "card", "voucher", "transfer", "account", "other")
# Black on white, whatever the terminal's own colours are: readers need a light margin.
BLACK_ON_WHITE, PLAIN = "\x1b[30;107m", "\x1b[0m"


class UsageError(TillError):
    """What was typed is no command."""


@dataclass
class Shell:
    """One cashier at one till. `colours` where the output is a terminal."""

    till: Till
    catalogue: Catalogue
    out: TextIO
    width: int = WIDTH
    colours: bool = False
    faults: int = 0
    training: bool = False
    choice: list[Product] = field(default_factory=list)
    chosen_quantity: str = "1"

    def __post_init__(self) -> None:
        self.basket = Basket(self.catalogue.rules)
        self._commands: dict[str, Callable[[str], None]] = {
            "total": self._total, "cancel": self._cancel, "discount": self._discount, "refund": self._refund,
            "void": self._void, "copy": self._copy, "last": self._last, "train": self._train, "queue": self._queue,
            "resend": self._resend, "correct": self._correct, "status": self._status, "try": self._try,
            "help": lambda _: self.say(HELP),
        }  # fmt: skip

    @property
    def commands(self) -> list[str]:
        """The words that are commands."""
        return [*self._commands, *METHODS, "quit"]

    @property
    def prompt(self) -> str:
        """What stands before the cursor."""
        status = self.till.status()
        mode = "training" if self.training else "online" if status.online else "OFFLINE"
        if not status.online and status.standing not in ("active", "credential refused"):
            mode = status.standing.upper()
        waiting = f", {status.waiting} waiting" if status.waiting else ""
        due = f" {self.money(self.basket.open_amount)}" if self.basket.lines else ""
        return f"till {status.terminal} {mode}{waiting}{due}> "

    def say(self, text: str) -> None:
        """One line or more."""
        print(text, file=self.out)

    def money(self, amount: int) -> str:
        """An amount with its currency."""
        return f"{amounts.shown(amount, self.catalogue.rules.currency)} {self.catalogue.rules.currency}"

    def tell_news(self) -> None:
        """What happened in the background meanwhile."""
        for one in self.till.news():
            self.say(f"* {one.text}")

    def run(self, typed: str) -> bool:
        """Does what was typed; whether to go on. What is wrong is said, and counted in `faults`."""
        typed = typed.strip()
        word, _, rest = typed.partition(" ")
        if word.lower() in ("quit", "exit"):
            return False
        try:
            if typed:
                self._do(typed, word.lower(), rest.strip())
        except (TillError, ValueError) as fault:
            self.faults += 1
            self.say(f"! {fault}")
        return True

    def _do(self, typed: str, word: str, rest: str) -> None:
        if word in METHODS:
            self._pay(word, rest)
        elif word in self._commands:
            self._commands[word](rest)
        elif found := STORNO.fullmatch(typed):
            line = self.basket.take_off(int(found[1] or len(self.basket.lines)))
            self.say(f"- {line.name}")
        else:
            self._scan(typed)

    # The basket

    def _scan(self, typed: str) -> None:
        """A product by what was scanned or typed, or the number of one of those that were offered."""
        if self.choice and typed.isdigit() and 1 <= int(typed) <= len(self.choice):
            product, quantity = self.choice[int(typed) - 1], self.chosen_quantity
        else:
            quantity, what = "1", typed
            if found := QUANTITY.fullmatch(typed):
                quantity, what = found[1].replace(",", "."), found[2]
            products = self.catalogue.find(what)
            if not products:
                raise UsageError(f"nothing here is called {what!r}; help says what can be typed")
            if len(products) > 1:
                self.choice, self.chosen_quantity = products, quantity
                for place, one in enumerate(products, start=1):
                    self.say(f"  {place}  {one.name}  {self._price(one)}")
                self.say("Which one? Type its number, or more of its name.")
                return
            product = products[0]
        self.choice = []
        if self.basket.payments:
            raise UsageError("a payment was taken already: finish it, or cancel")
        line = self.basket.add(product, quantity)
        amount = amounts.shown(self.basket.amount(line), self.catalogue.rules.currency)
        number = f"{len(self.basket.lines)}."
        many = "" if quantity == "1" else f"  {quantity} {product.unit} x {self._price(product)}"
        self.say(f"{number:<4}{product.name}{many}  {amount}")

    def _price(self, product: Product) -> str:
        whole, _, fraction = product.price.partition(".")
        return amounts.shown(int(whole), self.catalogue.rules.currency) + fraction

    def _total(self, _: str) -> None:
        currency = self.catalogue.rules.currency
        for number, line in enumerate(self.basket.lines, start=1):
            off = f" (less {amounts.shown(line.discount, currency)})" if line.discount else ""
            self.say(f"{f'{number}.':<4}{line.quantity} {line.name}{off}  {self.money(self.basket.amount(line))}")
        for payment in self.basket.payments:
            self.say(f"    {payment.method}  {self.money(payment.amount or 0)}")
        self.say(f"Total {self.money(self.basket.total)}, open {self.money(self.basket.open_amount)}")

    def _cancel(self, _: str) -> None:
        self.basket.clear()
        self.choice = []
        self.say("The basket is empty.")

    def _discount(self, rest: str) -> None:
        first, _, second = rest.partition(" ")
        if first == "all":
            self.basket.discount_all(second.strip())
        else:
            number, text = (first, second) if second else (str(len(self.basket.lines)), first)
            if not text or not number.isdigit():
                raise UsageError("discount 10%, discount 2 0.50, or discount all 5%")
            line = self.basket.discount(int(number), text.strip())
            self.say(f"    {line.name} less {self.money(line.discount)}")
        self.say(f"Total {self.money(self.basket.total)}")

    # Payments and receipts

    def _pay(self, method: str, rest: str) -> None:
        amount = amounts.read_money(rest, self.catalogue.rules.currency) if rest else None
        if not self.basket.pay(method, amount):  # type: ignore[arg-type] # one of METHODS
            self.say(f"Open {self.money(self.basket.open_amount)}")
            return
        try:
            receipt = self.till.sell(self.basket.lines, self.basket.payments, training=self.training)
        except BaseException:
            # The goods are still on the counter: the cashier may try again, or cancel.
            self.basket.payments.clear()
            raise
        self.basket.clear()
        self._print(receipt)
        if receipt.change:
            self.say(f"Change: {self.money(receipt.change)}")

    def _refund(self, rest: str) -> None:
        words, reason = _reason(rest)
        if not words:
            raise UsageError("refund CODE [LINE[*QUANTITY] ...] [: reason]")
        code, *places = words
        if not places:
            self._print(self.till.refund(code, reason=reason))
            return
        lines = {}
        for word in places:
            number, _, quantity = word.partition("*")
            if not number.isdigit() or number == "0":
                raise UsageError(f"{word!r} is no line of the receipt, such as 2, or 2*1 for one of it")
            lines[int(number) - 1] = quantity or self.till.quantity_of(code, int(number) - 1)
        self._print(self.till.refund(code, lines, reason=reason))

    def _void(self, rest: str) -> None:
        words, reason = _reason(rest)
        if len(words) != 1:
            raise UsageError("void CODE [: reason]")
        self._print(self.till.void(words[0], reason=reason))

    def _copy(self, rest: str) -> None:
        code = rest
        if not code:
            last = self.till.last()
            if last is None or last.code is None:
                raise UsageError("copy CODE: the last sale has no code yet")
            code = last.code
        self._print(self.till.copy(code))

    def _last(self, _: str) -> None:
        last = self.till.last()
        if last is None:
            raise UsageError("nothing was sold yet")
        self._print(last)

    def _print(self, receipt: Receipt) -> None:
        """The receipt; its QR code in black on white where the output is a terminal."""
        self.say("")
        screen = max(self.width, shutil.get_terminal_size().columns)
        above, code, below = receipt.parts(self.width, qr_width=screen)
        before, after = (BLACK_ON_WHITE, PLAIN) if self.colours else ("", "")
        left = " " * max(0, (self.width - len(code[0])) // 2) if code else ""
        self.say("\n".join([*above, *(f"{left}{before}{line}{after}" for line in code), *below]))
        self.say("")
        for warning in receipt.warnings:
            self.say(f"! {warning}")

    # The till itself

    def _train(self, rest: str) -> None:
        if rest not in ("on", "off"):
            raise UsageError("train on, or train off")
        self.training = rest == "on"
        self.say("Training: nothing is recorded." if self.training else "This is for real again.")

    def _queue(self, _: str) -> None:
        waiting, aside = self.till.waiting(), self.till.aside()
        if not waiting and not aside:
            self.say("Nothing waits.")
        for receipt in waiting:
            self.say(f"{receipt.sequence:>6}  {receipt.issued_at:%Y-%m-%d %H:%M}  {self.money(receipt.total):>14}  "
                     f"waits, due by {receipt.due_by:%Y-%m-%d %H:%M}")  # fmt: skip
        for receipt, status, words in aside:
            self.say(f"{receipt.sequence:>6}  {receipt.issued_at:%Y-%m-%d %H:%M}  {self.money(receipt.total):>14}  "
                     f"needs a person ({status}): {words}")  # fmt: skip

    def _resend(self, rest: str) -> None:
        number, _, when = rest.partition(" ")
        if when not in ("", "now"):
            raise UsageError("resend N, or resend N now when its time was wrong")
        self.till.correct(_number(number), issued_at=self.till.settings.now() if when else None)
        self.say("It is sent again.")

    def _correct(self, rest: str) -> None:
        number, _, method = rest.partition(" ")
        if method and method not in METHODS:
            raise UsageError(f"{method!r} is none of {', '.join(METHODS)}")
        if not self.basket.lines:
            raise UsageError("the basket is empty: scan what sale N should have been, then correct N")
        self.basket.payments.clear()
        self.basket.pay(method or "cash", None)  # type: ignore[arg-type] # one of METHODS
        self.till.correct(_number(number), self.basket.lines, self.basket.payments)
        self.basket.clear()
        self.say("It is sent again, corrected.")

    def _status(self, _: str) -> None:
        status, held = self.till.status(), self.till.credential
        lines = [
            f"Terminal {status.terminal} of {held.retailer.get('name', '?')}, {held.store.get('name', '?')}: "
            f"{status.standing}",
            f"Server {held.url}: {'online' if status.online else 'OFFLINE'}{f', {status.why}' if status.why else ''}",
            f"Waiting {status.waiting}, for a person {status.aside}"
            + (f", next try in {status.next_try_s:.0f} s" if status.next_try_s else ""),
            f"Clock: {status.clock or 'right'}" if status.clock_ahead_s is not None else "Clock: not compared yet",
            f"Credential until {status.expires_on or '?'}, key {status.fingerprint or 'none'}",
        ]
        self.say("\n".join(lines))

    def _try(self, _: str) -> None:
        self.till.look_now()
        self.say("Asking the server." if self.till.drain(self.till.settings.answer_limit_s) else "No answer yet.")


def _reason(rest: str) -> tuple[list[str], str | None]:
    words, _, reason = rest.partition(":")
    return words.split(), reason.strip() or None


def _number(text: str) -> int:
    if not text.isdigit():
        raise UsageError("name the number of the sale, as `queue` shows it")
    return int(text)
