"""Backups and drills as they ended: what says how old the last good one is."""

from django.db import models


class BackupRun(models.Model):
    """One run of `manage.py backup` or `manage.py restore_drill`, as it ended."""

    class Kind(models.TextChoices):
        BACKUP = "backup"
        DRILL = "drill"

    kind = models.CharField(max_length=10, choices=Kind)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    is_well = models.BooleanField()
    name = models.CharField(max_length=100, help_text="The backup that was made or tried.")
    bytes = models.BigIntegerField()
    said = models.TextField(help_text="What the run said in the end.")

    class Meta:
        ordering = ("-id",)
        verbose_name = "backup or drill"
        verbose_name_plural = "backups and drills"
        indexes = (models.Index(fields=("kind", "is_well", "-id"), name="backup_runs_by_kind"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}, {self.ended_at:%Y-%m-%d %H:%M}"
