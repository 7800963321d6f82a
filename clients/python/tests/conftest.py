"""Makes the fixtures known; they lie in a module whose name is theirs alone, as there are more conftests here."""

from till_fixtures import enrol, far, till

__all__ = ["enrol", "far", "till"]
