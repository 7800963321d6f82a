"""A process of the run that does one thing and ends: it is started again only when it was killed."""

from possys.embedded.program import Program

# A command that was refused something says so and ends with this; starting it again would only be refused again.
REFUSED = 1


class Errand(Program):
    """Like any program, and content to have ended."""

    @property
    def running(self) -> bool:
        """Whether it needs no new start: it runs, has finished, or was refused something."""
        return super().running or self.has_ended

    @property
    def was_refused(self) -> bool:
        """Whether it gave up."""
        return self._process is not None and self._process.poll() == REFUSED

    @property
    def has_ended(self) -> bool:
        """Whether it has said its last."""
        return self._process is not None and self._process.poll() in {0, REFUSED}

    def stop(self) -> None:
        """Stop it unless it has ended, hours ago perhaps: its number may be another process's by now."""
        if not self.has_ended:
            super().stop()
