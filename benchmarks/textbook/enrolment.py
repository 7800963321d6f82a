"""Users, tokens and tills of the textbook endpoint."""

from collections.abc import Sequence

from rest_framework.authtoken.models import Token

from benchmarks.textbook.models import Till
from possys.accounts.models import User

BATCH_ROWS = 5000


def enrol(numbers: Sequence[int]) -> list[str]:
    """A till with a user and a token for each number; answers the tokens in the same order."""
    users = User.objects.bulk_create(
        [User(username=f"till-{number}", password="!") for number in numbers], batch_size=BATCH_ROWS
    )
    Till.objects.bulk_create(
        [Till(number=number, user=user) for number, user in zip(numbers, users, strict=True)], batch_size=BATCH_ROWS
    )
    tokens = [Token(user=user, key=Token.generate_key()) for user in users]
    Token.objects.bulk_create(tokens, batch_size=BATCH_ROWS)
    return [token.key for token in tokens]
