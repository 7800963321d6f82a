"""The check of the system's library."""

import ctypes.util

import pytest

from warehouse.demand.checks import check_openmp


def test_a_machine_without_the_library_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    (found,) = check_openmp(None)
    assert (found.id, "libgomp1" in str(found.hint)) == ("possys.W006", True)
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: f"lib{name}.so.1")
    assert check_openmp(None) == []
