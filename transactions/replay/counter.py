"""A curl line that sends a small correct sale from the demo's front desk, as often as it is pasted."""

# Sequence numbers of the front desk are seconds since this moment (2023-11-14), so a later paste has a
# higher number; 29 bits of seconds last until 2040. Two pastes within one second are the same sale and get
# the same code.
SEQUENCE_EPOCH_S = 1_700_000_000
SALE = (
    '{"terminal":%(terminal)d,"sequence":%(sequence)s,"type":"sale","mode":"online",'
    '"issued_at":"%(issued_at)s","currency":"USD","total":549,"rounding":0,"taxes_included":true,"lines":[{"kind":"item","sku":"1029743",'
    '"gtin":null,"name":"Fluid Milk 1 ga","category":"Fluid Milk Products","quantity":"1","unit":"pcs",'
    '"unit_price":"299","discount":20,"amount":279,"tax":"B"},{"kind":"item","sku":"1082185","gtin":null,'
    '"name":"Bananas","category":"Tropical Fruit","quantity":"2.5","unit":"kg",'
    '"unit_price":"108","discount":0,"amount":270,"tax":"B"}],"taxes":[{"code":"B","rate":"2.25","net":537,"tax":12}],'
    '"payments":[{"method":"cash","amount":549}],"tendered":1000,"refers_to":null,"reason":null,'
    '"operator":"1","buyer":null,"lottery":null}'
)


def curl_line(*, url: str, terminal: int, token: str) -> str:
    """One line for a POSIX shell: the shell fills in the time and the number when it is run."""
    sale = SALE % {
        "terminal": terminal,
        "sequence": f"'$(($(date +%s)-{SEQUENCE_EPOCH_S}))'",
        "issued_at": "'$(date -u +%Y-%m-%dT%H:%M:%S)'+00:00",
    }
    return (
        f"curl -sS {url}/api/v1/transactions -H 'Authorization: Bearer {token}' "
        f"-H 'Content-Type: application/json' -d '{sale}'"
    )
