"""What makes stores comparable, which weeks were published, and what of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0001_roll_ups"),
    ]

    operations = [
        migrations.CreateModel(
            name="PeerWeek",
            fields=[
                (
                    "week",
                    models.DateField(
                        help_text="Its Monday. The figures are of four weeks, this the last.",
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("term", models.DateField()),
                ("stores", models.IntegerField(help_text="Stores of the cohort.")),
                ("published_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "published week of peers",
            },
        ),
        migrations.CreateModel(
            name="ChosenKind",
            fields=[
                ("store", models.IntegerField(help_text="The store's number.", primary_key=True, serialize=False)),
                (
                    "name",
                    models.CharField(
                        help_text="Such as: pharmacy. Stores with the same words are compared.", max_length=60
                    ),
                ),
                ("chosen_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name": "chosen kind of a store",
                "verbose_name_plural": "chosen kinds of stores",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="a_chosen_kind_has_a_name"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CohortStore",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "term", "store", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("term", models.DateField(help_text="The term's first day, a Monday.")),
                ("store", models.IntegerField()),
                ("retailer", models.IntegerField()),
                ("currency", models.CharField(help_text="The one that most of its sales are in.", max_length=3)),
                ("kind", models.CharField(max_length=120)),
                (
                    "category",
                    models.CharField(blank=True, help_text="The one with the largest revenue.", max_length=60),
                ),
                (
                    "share",
                    models.IntegerField(
                        help_text="Of the category in the revenue of all, in hundredths of a per cent."
                    ),
                ),
                ("sales_per_week", models.IntegerField()),
                ("is_chosen", models.BooleanField(help_text="Whether staff chose what it is.")),
            ],
            options={
                "verbose_name": "store of a cohort",
                "indexes": [models.Index(fields=["term", "kind", "currency"], name="cohort_stores_of_a_kind")],
            },
        ),
        migrations.CreateModel(
            name="PeerFigure",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "store", "week", "figure", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("store", models.IntegerField()),
                ("week", models.DateField()),
                ("figure", models.CharField(help_text="A key of analytics.peers.figures.FIGURES.", max_length=10)),
                ("currency", models.CharField(max_length=3)),
                ("kind", models.CharField(max_length=120)),
                (
                    "own",
                    models.BigIntegerField(
                        help_text="None where nothing can be said, such as a change from nothing.", null=True
                    ),
                ),
                ("lower", models.BigIntegerField(null=True)),
                ("median", models.BigIntegerField(null=True)),
                ("upper", models.BigIntegerField(null=True)),
                ("others_at_least", models.IntegerField(help_text="A round number; so many or more.", null=True)),
            ],
            options={
                "verbose_name": "figure beside its peers'",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lower", None), ("median", None), ("others_at_least", None), ("upper", None)),
                            models.Q(
                                ("lower__isnull", False),
                                ("median__isnull", False),
                                ("others_at_least__gte", 20),
                                ("others_at_least__isnull", False),
                                ("upper__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="peers_are_enough_or_not_told",
                    )
                ],
            },
        ),
    ]
