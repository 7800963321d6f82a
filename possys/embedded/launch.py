"""Starts one program that ends when its parent does, as another user if asked; run as a script.

    python -I -S launch.py PARENT_PID SIGNAL ACCOUNT PROGRAM [ARGUMENT ...]

SIGNAL is what the kernel sends the program when its parent dies, even by kill -9 (0: nothing). ACCOUNT:
    same            stays who it is
    namespace       a user namespace without privileges: no longer root to itself, while its files stay root's
    UID:GID         that user, as `setpriv --reuid --regid --clear-groups` does
Does what `setpriv` and `unshare` do and not by calling them: a change of user clears the parent-death signal,
so one process has to do both in the right order; and others cannot start an interpreter in root's home.
Only the standard library, as the interpreter starts without site-packages to be quick.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000


def become(account: str) -> None:
    """Take on the account; raises OSError when the kernel does not allow it."""
    if account == "namespace":
        _call("unshare", CLONE_NEWUSER)
    elif account != "same":
        uid, gid = (int(part) for part in account.split(":"))
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)


def die_with_parent(parent: int, signal_number: int) -> None:
    """Ask the kernel for the signal on the parent's death; exits when that has already happened."""
    if signal_number == 0 or not sys.platform.startswith("linux"):
        return
    _call("prctl", PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:
        sys.exit("the parent is gone")


def _call(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*(ctypes.c_ulong(argument) for argument in arguments)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    parent_pid, death_signal, account_name, *command = sys.argv[1:]
    become(account_name)
    die_with_parent(int(parent_pid), int(death_signal))
    os.execvp(command[0], command)  # noqa: S606 (the command is the caller's own)
