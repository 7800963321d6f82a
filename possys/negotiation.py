"""In which form the API answers."""

from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request


class OneAnswer(DefaultContentNegotiation):
    """There is one form of answer, whatever is asked for: a program that names a wrong one can still read it."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        """The first one."""
        return renderers[0], renderers[0].media_type
