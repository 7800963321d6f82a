"""Migrations that would make sales wait, or break the version that still runs, are named."""

from typing import Any

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.migration import Migration
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.functions import Now

from possys.blocking import blocking, steps_of

# What was applied before anybody had sales to lose: the first release begins with all of these.
BEFORE_THE_FIRST_RELEASE = {
    "accounting.0002_late_days_and_closed_to",
    "findings.0002_findings_that_wait",
    "ledger.0004_what_soundness_asks",
    "lottery.0002_what_is_fixed",
    "lottery.0006_wins_go_forward",
    "portal.0002_api_keys",
    "transactions.0002_lives_keys_and_steps",
    "warehouse.0003_what_a_forecast_learnt",
}
# Reviewed by somebody who wrote down why it may be; each belongs into the CHANGELOG, too.
REVIEWED = {
    "portal.0003_second_factor": "some rows for each person of a retailer: its constraint is checked in a moment"
}

NAME = models.CharField(max_length=20)
INDEX = models.Index(fields=["name"], name="tills_by_name")
CHECK = models.CheckConstraint(condition=models.Q(name__gt=""), name="a_till_has_a_name")
MADE = migrations.CreateModel("New", [("id", models.BigAutoField(primary_key=True)), ("name", NAME)])


def steps(*operations: Any) -> list[str]:
    """What is said of a migration of a table `fleet_till`, that has been in use, with these operations."""
    fields: list[tuple[str, models.Field[Any, Any]]] = [
        ("id", models.BigAutoField(primary_key=True)), ("name", NAME), ("note", models.TextField(null=True)),
    ]  # fmt: skip
    state = ProjectState({("fleet", "till"): ModelState("fleet", "Till", fields)})
    migration = type("Migration", (Migration,), {"operations": list(operations)})("0009_next", "fleet")
    return [f"{found.step} {found.why}" for found in steps_of(migration, state)]


@pytest.mark.parametrize(
    "operation",
    [
        MADE,
        migrations.AddField("till", "a", models.TextField(null=True)),
        migrations.AddField("till", "a", models.IntegerField(db_default=0)),
        migrations.AddField("till", "a", models.DateTimeField(db_default=Now())),
        migrations.AlterField("till", "name", models.CharField(max_length=40)),
        migrations.AlterField(
            "till", "name", models.CharField(max_length=20, verbose_name="name", choices=[("a", "b")])
        ),
        migrations.AlterField("till", "name", models.CharField(max_length=20, null=True)),
        AddIndexConcurrently("till", INDEX),
        AddConstraintNotValid("till", CHECK),
        migrations.RunSQL("CREATE INDEX CONCURRENTLY i ON public.fleet_till (name)"),
        migrations.RunSQL("CREATE TRIGGER t BEFORE UPDATE OR TRUNCATE ON fleet_till EXECUTE FUNCTION f()"),
        migrations.RunSQL("CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN UPDATE fleet_till SET a = 1; END $$"),
        migrations.SeparateDatabaseAndState([], [migrations.RemoveField("till", "note")]),
    ],
)
def test_what_only_adds_passes(operation: Any) -> None:
    assert steps(operation) == []


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (migrations.AddField("till", "a", models.TextField(default="")), "AddField till.a has no value"),
        (migrations.AddField("till", "a", models.TextField(null=True, db_index=True)), "builds an index"),
        (migrations.AddField("till", "a", models.TextField(null=True, unique=True)), "builds an index"),
        (
            migrations.AddField("till", "a", models.ForeignKey("fleet.Till", models.CASCADE, null=True)),
            "builds an index",
        ),
        (migrations.AlterField("till", "name", models.IntegerField()), "changes varchar(20) to integer"),
        (migrations.AlterField("till", "name", models.CharField(max_length=10)), "changes varchar(20) to varchar(10)"),
        (migrations.AlterField("till", "note", models.TextField(default="")), "reads the whole table"),
        (migrations.AlterField("till", "name", models.CharField(max_length=20, unique=True)), "builds an index"),
        (migrations.RemoveField("till", "note"), "takes away"),
        (migrations.RenameField("till", "note", "remark"), "takes away"),
        (migrations.DeleteModel("Till"), "takes away"),
        (migrations.RenameModel("Till", "Register"), "takes away"),
        (migrations.AddIndex("till", INDEX), "AddIndexConcurrently"),
        (migrations.AddConstraint("till", CHECK), "AddConstraintNotValid"),
        (migrations.RunPython(lambda apps, editor: None), "RunPython"),
        (migrations.RunSQL("create unique index i on public.fleet_till (name)"), "CREATE INDEX fleet_till"),
        (migrations.RunSQL("ALTER TABLE fleet_till ADD a int"), "ALTER TABLE fleet_till"),
        (migrations.RunSQL("UPDATE fleet_till SET name = ''"), "UPDATE fleet_till"),
        (migrations.RunSQL("DELETE FROM fleet_till"), "DELETE fleet_till"),
        (migrations.RunSQL("TRUNCATE fleet_till"), "TRUNCATE fleet_till"),
    ],
)
def test_what_blocks_or_breaks_is_named(operation: Any, said: str) -> None:
    found = steps(operation)
    assert len(found) == 1
    assert said in found[0]


def test_a_table_that_the_migration_makes_itself_is_nobodys_yet() -> None:
    assert steps(MADE, migrations.AddIndex("new", INDEX), migrations.RunSQL("ALTER TABLE fleet_new ADD a int")) == []


def test_no_migration_of_this_project_blocks_but_those_that_were_reviewed() -> None:
    found = {step.migration: str(step) for step in blocking()}
    assert set(found) - BEFORE_THE_FIRST_RELEASE - set(REVIEWED) == set(), list(found.values())
    # What is excused must exist, and need it.
    assert (BEFORE_THE_FIRST_RELEASE | set(REVIEWED)) - set(found) == set()
