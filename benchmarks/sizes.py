"""How long and how large each part of a run is."""

from dataclasses import dataclass

from transactions.stream import SHARD_COUNT


@dataclass(frozen=True, slots=True)
class Sizes:
    """Seconds, counts and rates of one run; `stores` is a multiple of the shards, each store has TILLS terminals."""

    name: str
    rounds: int
    stores: int
    templates: int
    one_s: float
    latency_s: float
    batch_s: float
    search_step_s: float
    search_steps_max: int
    hold_s: float
    holds_max: int
    delay_s: float
    delay_rate: int
    signed_rate: int
    proofs: int
    pages_s: float
    pages_rate: int
    pages_sales_rate: int
    flush_records: int
    micro_sales: int
    fleet_tills: int
    admin_tills: int
    admin_findings: int
    admin_people: int
    admin_sales: int
    admin_asks: int


# The tills of a supermarket; 79 times 64 stores of them are 101,120 terminals.
TILLS = 20

SIZES = {
    size.name: size
    for size in (
        Sizes(
            name="full",
            rounds=3,
            stores=79 * SHARD_COUNT,
            templates=8000,
            one_s=8.0,
            latency_s=15.0,
            batch_s=30.0,
            search_step_s=5.0,
            search_steps_max=16,
            hold_s=120.0,
            holds_max=6,
            delay_s=30.0,
            delay_rate=10_000,
            signed_rate=5_000,
            proofs=400,
            pages_s=10.0,
            pages_rate=20,
            pages_sales_rate=5_000,
            flush_records=250_000,
            micro_sales=4000,
            fleet_tills=2_500_000,
            admin_tills=2_500_000,
            admin_findings=300_000,
            admin_people=60_000,
            admin_sales=20_000,
            admin_asks=10,
        ),
        Sizes(
            name="quick",
            rounds=1,
            stores=79 * SHARD_COUNT,
            templates=2000,
            one_s=3.0,
            latency_s=4.0,
            batch_s=4.0,
            search_step_s=2.0,
            search_steps_max=5,
            hold_s=8.0,
            holds_max=4,
            delay_s=5.0,
            delay_rate=10_000,
            signed_rate=5_000,
            proofs=400,
            pages_s=3.0,
            pages_rate=20,
            pages_sales_rate=5_000,
            flush_records=30_000,
            micro_sales=1000,
            fleet_tills=100_000,
            admin_tills=100_000,
            admin_findings=10_000,
            admin_people=2_000,
            admin_sales=10_000,
            admin_asks=5,
        ),
        Sizes(
            name="tiny",
            rounds=1,
            stores=SHARD_COUNT,
            templates=200,
            one_s=0.5,
            latency_s=0.5,
            batch_s=0.5,
            search_step_s=0.5,
            search_steps_max=2,
            hold_s=1.0,
            holds_max=1,
            delay_s=1.0,
            delay_rate=1000,
            signed_rate=1000,
            proofs=50,
            pages_s=0.5,
            pages_rate=20,
            pages_sales_rate=1000,
            flush_records=2000,
            micro_sales=100,
            fleet_tills=2_000,
            admin_tills=2_000,
            admin_findings=300,
            admin_people=200,
            admin_sales=1_000,
            admin_asks=1,
        ),
    )
}
