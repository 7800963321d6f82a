"""Makes a data folder of a backup, which PostgreSQL then rolls forward with the kept WAL when it is started."""

import shlex
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ledger.backups.folder import Backup, backups_in, chain_of
from ledger.backups.programs import BackupError, run


def choose(folder: Path, *, name: str | None = None, until: datetime | None = None) -> Backup:
    """The backup of that name, else the newest that had ended by `until`. Raises BackupError."""
    known = backups_in(folder)
    fitting = [
        one
        for one in known
        if (name is None or one.facts.name == name) and (until is None or one.facts.ended_at <= until)
    ]
    if not fitting:
        raise BackupError(f"no backup in {folder} fits ({len(known)} are there)")
    return fitting[-1]


def restore(backup: Backup, data: Path) -> None:
    """Writes the backup's data folder to `data`, which must not exist or be empty. Raises BackupError."""
    if data.exists() and any(data.iterdir()):
        raise BackupError(f"{data} is not empty: nothing is overwritten")
    chain = chain_of(backup, backups_in(backup.path.parent))
    data.parent.mkdir(parents=True, exist_ok=True)
    if len(chain) > 1:
        if data.exists():
            data.rmdir()
        run("pg_combinebackup", [f"--output={data}", *[one.base for one in chain]])
    else:
        shutil.copytree(chain[0].base, data, dirs_exist_ok=True)
    data.chmod(0o700)


def recovery_settings(wal: Path | None, until: datetime | None) -> dict[str, str]:
    """The settings with which PostgreSQL rolls forward: to the end of the WAL, or to a moment."""
    if wal is None:
        command = "false"
    else:
        # The last file of pg_receivewal is not complete yet and called so.
        whole, partial = (_quoted(wal / name) for name in ("%f", "%f.partial"))
        command = f'cp {whole} "%p" || cp {partial} "%p"'
    settings = {"restore_command": command, "recovery_target_action": "promote", "recovery_target_timeline": "latest"}
    if until is not None:
        settings["recovery_target_time"] = until.isoformat(sep=" ")
    return settings


def ask_for_recovery(data: Path, settings: dict[str, str]) -> None:
    """Has the next start of PostgreSQL roll the data folder forward; until that is done it lets nobody in."""
    with (data / "postgresql.auto.conf").open("a") as file:
        file.write("# Added by manage.py restore_backup.\n")
        # Services would meet a database that refuses to be written to, and stop.
        file.writelines(lines({**settings, "hot_standby": "off"}))
    (data / "recovery.signal").touch(mode=0o600)


def lines(settings: dict[str, str]) -> Sequence[str]:
    """Settings as lines of PostgreSQL's configuration."""
    return [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items()]


def _quoted(path: Path) -> str:
    """The path for the shell; PostgreSQL's own %f at its end stays."""
    folder = str(path.parent.resolve()).replace("%", "%%")
    return f'{shlex.quote(folder)}/"{path.name}"'
