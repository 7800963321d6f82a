"""What the lottery is fed: sales with a lottery tag, and what was taken back. Its tables hold nothing else."""

from ledger.consumers import consumer
from ledger.corrections import taken_back
from ledger.feed import FedBlock, FedSale
from ledger.models import identity_of
from lottery.draws.rules import facts_of
from lottery.entries.collecting import CONSUMER
from lottery.entries.models import TaggedSale, TakenBack


@consumer(CONSUMER, tables=[TaggedSale, TakenBack])
def handle(block: FedBlock) -> None:
    """Keeps a block's tagged sales, refunds and voids, each by its place."""
    sales = block.sales
    tagged = [_tagged(block, one) for one in sales if one.sale.lottery and one.sale.type == "sale"]
    back = [row for one in sales if one.sale.refers_to for row in _taken_back(block, one)]
    if tagged:
        TaggedSale.objects.bulk_create(tagged)
    if back:
        TakenBack.objects.bulk_create(back)


def _tagged(block: FedBlock, one: FedSale) -> TaggedSale:
    facts = facts_of(one.sale)
    return TaggedSale(
        shard=block.shard,
        block=block.number,
        position=one.position,
        identity=identity_of(one.sale.terminal, one.sale.sequence),
        issued_on=facts.issued_on,
        code=one.code,
        tag=one.sale.lottery or "",
        retailer=one.retailer,
        store=one.store,
        mode=facts.mode,
        currency=facts.currency,
        total=facts.total,
        methods=sorted(facts.methods),
        is_business=facts.is_business,
    )


def _taken_back(block: FedBlock, one: FedSale) -> list[TakenBack]:
    """The row of a refund or void; none when it names no sale of ours."""
    place = taken_back(one.sale.refers_to)
    if place is None:
        return []
    original, original_on = identity_of(place.terminal, place.sequence), place.day
    return [
        TakenBack(
            shard=block.shard, block=block.number, position=one.position, original=original, original_on=original_on,
            retailer=one.retailer,
        )
    ]  # fmt: skip
