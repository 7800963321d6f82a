"""The admin's search: what staff types leads to a receipt, a terminal, a store, a retailer; apps register who looks.

Each looker is asked only for people who have its right, and answers a bounded number of rows by an index. A hit that is
exactly what was typed, if it is the only such one, is where the field leads at once.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# A pasted link is longer than anything else that leads anywhere.
TERM_LENGTH_MAX = 200
# Of one kind on a page: who sees more of them types on.
HITS_MAX = 8
# Fewer characters begin the names of half the country.
PREFIX_LENGTH_MIN = 3


class Hit(NamedTuple):
    """Something found: its own page, and whether it is exactly what was typed."""

    title: str
    description: str
    link: str
    icon: str
    is_exact: bool = False


class Looker(NamedTuple):
    """Who looks for one kind of thing: `find` gets what was typed, without blanks around it."""

    name: str
    right: str
    find: Callable[[str], Sequence[Hit]]
    rank: int


class Found(NamedTuple):
    """What there is, and the kinds that could not be looked for now."""

    hits: list[Hit]
    not_asked: list[str]

    @property
    def only(self) -> Hit | None:
        """Where to go at once."""
        exact = [hit for hit in self.hits if hit.is_exact]
        return exact[0] if len(exact) == 1 else None


_lookers: dict[str, Looker] = {}


def register(looker: Looker) -> None:
    """Adds a kind of thing; a second one of the same name replaces the first."""
    _lookers[looker.name] = looker


def search(user: Any, typed: str) -> Found:
    """All that this person may see of what was typed, exact hits first."""
    term = typed.replace("\x00", "").strip()
    found = Found([], [])
    if not term or len(term) > TERM_LENGTH_MAX:
        return found
    for looker in sorted(_lookers.values(), key=lambda one: one.rank):
        if not user.has_perm(looker.right):
            continue
        try:
            found.hits.extend(looker.find(term)[:HITS_MAX])
        except (DatabaseError, RedisError, OSError) as fault:
            logger.warning("%s cannot be searched: %s", looker.name, fault)
            found.not_asked.append(looker.name)
    found.hits.sort(key=lambda hit: not hit.is_exact)
    return found


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Where the field of the first page leads: to the one exact hit, or to a list."""
    typed = request.GET.get("q", "")
    found = search(request.user, typed)
    if (only := found.only) is not None:
        return HttpResponseRedirect(only.link)
    context = {
        **admin.site.each_context(request),
        "title": "Search",
        "typed": typed[:TERM_LENGTH_MAX],
        "found": found,
        "prefix_min": PREFIX_LENGTH_MIN,
        "hits_max": HITS_MAX,
    }
    return _unkept(TemplateResponse(request, "admin/find.html", context))


@require_safe
def palette(request: HttpRequest) -> HttpResponse:
    """What unfold's command palette asks for, in place of unfold's own answer.

    That one keeps what a person found in the cache for minutes, rights and all, and fails while the cache is away.
    """
    typed = request.GET.get("s", "")
    if not typed.strip():
        return HttpResponse()
    started_s = time.monotonic()
    hits = [*search(request.user, typed).hits, *_pages(request, typed.strip().lower())]
    paginator = Paginator(hits, max(1, len(hits)))
    is_palette = "extended" in request.GET
    template = "unfold/helpers/command_results.html" if is_palette else "unfold/helpers/search_results.html"
    context = {
        "page_obj": paginator,
        "results": paginator.page(1),
        "page_counter": 0,
        "execution_time": time.monotonic() - started_s,
    }
    response = TemplateResponse(request, template, context, headers={"HX-Trigger": "search"})
    return _unkept(response)


def _pages(request: HttpRequest, term: str) -> list[Hit]:
    """The admin's own pages, by name, as far as the person may see them."""
    return [
        Hit(str(model["name"]), str(app["name"]), model["admin_url"], "tag")
        for app in admin.site.get_app_list(request)
        for model in app["models"]
        if model["admin_url"] and (term in str(model["name"]).lower() or term in str(app["name"]).lower())
    ]


def _unkept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
