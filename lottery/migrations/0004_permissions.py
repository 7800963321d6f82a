"""Rights of their own for what two people decide, for paying, for whom to pay, and for barring players."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("lottery", "0003_messages"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="claim",
            options={
                "ordering": ("-claimed_at",),
                "permissions": (("see_payee", "Can see whom to pay and into which account"),),
            },
        ),
        migrations.AlterModelOptions(
            name="draw",
            options={
                "ordering": ("-number",),
                "permissions": (
                    ("open_draw", "Can approve the opening of a draw"),
                    ("draw_draw", "Can freeze, postpone and hold a draw"),
                    ("publish_draw", "Can approve the publication of a draw"),
                ),
            },
        ),
        migrations.AlterModelOptions(
            name="player",
            options={
                "ordering": ("-confirmed_at",),
                "permissions": (("bar_player", "Can bar players and let them in again"),),
            },
        ),
        migrations.AlterModelOptions(
            name="win",
            options={
                "ordering": ("draw", "number"),
                "permissions": (
                    ("approve_payout", "Can approve and refuse payouts"),
                    ("pay_out", "Can export payouts for the payer and mark them paid"),
                ),
            },
        ),
    ]
