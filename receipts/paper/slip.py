"""The words of a printed receipt in the active language, in the order of a till's slip."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from receipts.paper.rows import HEAD_PT, SMALL_PT, TOTAL_PT, Block, centred, gap, pair, rule, table, text
from receipts.receipt import PublicSale, Receipt
from receipts.templatetags.receipt_format import (
    amount,
    kind_name,
    method_name,
    moment,
    moment_like,
    money,
    offset,
    plain,
    unit_price,
)
from transactions.sale import Line

INDENT_MM = 3.0


def slip(receipt: Receipt, remarks: Sequence[str] = ()) -> list[Block]:
    """Everything above the QR code; `remarks` say what became of the receipt since, such as that it was refunded."""
    sale = receipt.sale
    return [
        _head(receipt, remarks),
        *([*_line(line, sale.currency)] for line in sale.lines),
        _sums(sale),
        _taxes(sale),
        _payments(sale),
    ]


def foot(receipt: Receipt, copied: str = "") -> Block:
    """What stands below the QR code: the code, the till's key, how often it was copied, and where to check it."""
    received = moment_like(receipt.received_at, receipt.sale.issued_at)
    checked = _("Check this receipt: %(site)s") % {"site": settings.SITE_URL}
    recorded = _("This shows the sale as it is recorded. It was received on %(moment)s.") % {"moment": received}
    signed = _("Till key %(key)s") % {"key": receipt.till_key}
    return [
        *centred(receipt.code, TOTAL_PT, bold=True),
        *(centred(signed, SMALL_PT) if receipt.till_key else []),
        *(centred(copied, SMALL_PT) if copied else []),
        gap(1.5),
        *centred(checked, SMALL_PT),
        gap(1.0),
        *centred(recorded, SMALL_PT),
    ]


def title(receipt: Receipt) -> str:
    """The document's title: `Receipt XXXX-XXXX-XXXX-XXXX, Corner Shops`."""
    return _("Receipt %(code)s, %(retailer)s") % {"code": receipt.code, "retailer": receipt.names.retailer}


def _head(receipt: Receipt, remarks: Sequence[str]) -> Block:
    sale, names = receipt.sale, receipt.names
    rows = [
        *centred(names.retailer, TOTAL_PT, bold=True),
        *centred(names.store),
        *(centred(names.address) if names.address else []),
        gap(2.0),
    ]
    if sale.mode == "training":
        rows += [*centred(_("TEST – not a receipt"), TOTAL_PT, bold=True), gap(1.0)]
    if sale.type != "sale":
        rows += centred(_("Refund") if sale.type == "refund" else _("Void"), TOTAL_PT, bold=True)
    if sale.refers_to:
        rows += centred(_("Belongs to the receipt %(code)s") % {"code": sale.refers_to})
    if sale.reason:
        rows += centred(_("Reason: %(reason)s") % {"reason": sale.reason})
    for remark in remarks:
        rows += centred(remark, HEAD_PT, bold=True)
    till = _("Till %(number)s") % {"number": sale.terminal}
    rows += pair(f"{moment(sale.issued_at)} {offset(sale.issued_at)}".strip(), till)
    if sale.mode == "offline":
        rows += text(_("Printed while the till was offline"))
    return [*rows, rule(), *pair(_("Item"), sale.currency, SMALL_PT)]


def _line(line: Line, currency: str) -> Block:
    kind = "" if line.kind == "item" else str(kind_name(line.kind))
    name = f"{line.name} ({kind})" if kind and kind != line.name else line.name
    rows = pair(name, f"{amount(line.amount, currency)}\u00a0{line.tax}")
    if line.unit_price is not None or line.unit or plain(line.quantity) != "1":
        detail = " ".join(part for part in (plain(line.quantity), line.unit) if part)
        if line.unit_price is not None:
            detail = f"{detail} × {unit_price(line.unit_price, currency)}"
        rows += text(detail, indent_mm=INDENT_MM)
    if line.discount:
        rows += pair(_("Discount"), amount(-line.discount, currency), SMALL_PT, indent_mm=INDENT_MM)
    return rows


def _sums(sale: PublicSale) -> Block:
    rows = [rule()]
    if sale.rounding or not sale.taxes_included:
        rows += pair(_("Sum of the items"), amount(sale.lines_total, sale.currency))
    if sale.taxes_added is not None:
        rows += pair(_("Taxes"), amount(sale.taxes_added, sale.currency))
    if sale.rounding:
        rows += pair(_("Rounding"), amount(sale.rounding, sale.currency))
    return [*rows, *pair(_("Total"), money(sale.total, sale.currency), TOTAL_PT, bold=True)]


def _taxes(sale: PublicSale) -> Block:
    if not sale.taxes:
        return []
    head = _("Taxes, included in the amounts") if sale.taxes_included else _("Taxes, added to the amounts")
    rows = [(_("Code"), _("Rate"), _("Net"), _("Tax"))]
    for tax in sale.taxes:
        rate = _("exempt") if tax.rate is None else f"{plain(tax.rate)}\u00a0%"
        rows.append((tax.code, rate, amount(tax.net, sale.currency), amount(tax.tax, sale.currency)))
    return [rule(), *text(head, SMALL_PT), *table(rows)]


def _payments(sale: PublicSale) -> Block:
    if not sale.payments:
        return []
    rows = [rule(), *text(_("Paid") if sale.type == "sale" else _("Given back"), SMALL_PT)]
    for payment in sale.payments:
        rows += pair(str(method_name(payment.method)), amount(payment.amount, sale.currency))
    if sale.tendered is not None:
        rows += pair(_("Tendered"), amount(sale.tendered, sale.currency), SMALL_PT)
    if sale.change is not None:
        rows += pair(_("Change"), amount(sale.change, sale.currency), SMALL_PT)
    return rows


def issued_at(receipt: Receipt) -> datetime:
    """When the receipt was issued, aware."""
    return datetime.fromisoformat(receipt.sale.issued_at)
