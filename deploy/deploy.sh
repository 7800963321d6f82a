#!/bin/sh
# One rolling deployment on this machine, while sales go on (docs/deployment.md says why in this order):
#
#   deploy/deploy.sh RELEASE [--no-migrate] [--quiet-hour]
#
# RELEASE is the new release's folder, its .venv made. --no-migrate: another machine has migrated already. --quiet-hour:
# apply migrations that would block, too. Whatever fails ends it with the old version still serving: run it again.
set -eu
umask 022

root=${POSSYS_ROOT:-/opt/possys}
systemctl=${POSSYS_SYSTEMCTL:-systemctl}
# How a management command runs with the owner's settings and secrets: a program that is given the release and the rest.
manage=${POSSYS_MANAGE:-$(dirname "$(readlink -f "$0")")/manage}
common=${POSSYS_COMMON:-/etc/possys/common.env}
workers="possys-flush possys-tasks possys-mail possys-feed possys-log"
# A migration gives up after two seconds of waiting for a lock, so that sales do not wait behind it; then it tries again.
migrate_tries=10
# Connections that the old version's socket has taken are answered within this time; new ones go to the new version.
drain_s=2

say() { printf '%s %s\n' "$(date +%T)" "$*"; }
fail() { say "FAILED: $*" >&2; exit 1; }
# The link changes in one step: there is no moment without it.
point() { ln -sfn "$1" "$2.new" && mv -fT "$2.new" "$2"; }

[ $# -ge 1 ] || fail "which release?"
release=$(readlink -f "$1") && [ -x "$release/deploy/run" ] || fail "$1 is no release"
shift
migrate=yes quiet=no
for option; do
    case "$option" in
        --no-migrate) migrate=no ;;
        --quiet-hour) quiet=yes ;;
        *) fail "what is $option?" ;;
    esac
done
before=$(readlink -f "$root/current" 2>/dev/null || true)

say "1 of 6: the new version's settings and files"
STATIC_ROOT=$(sed -n 's/^STATIC_ROOT=//p' "$common")
export STATIC_ROOT
"$release/deploy/run" manage messages --compile >/dev/null || fail "the translations"
"$release/deploy/run" manage collectstatic --noinput --skip-checks --verbosity 0 || fail "the static files"
"$manage" "$release" check --deploy || fail "settings that production must not have"

if [ "$migrate" = yes ]; then
    say "2 of 6: the database, while the old version works on it"
    "$manage" "$release" blocking_migrations || [ "$quiet" = yes ] || fail "migrations that would block: --quiet-hour"
    try=1
    until "$manage" "$release" migrate --noinput --verbosity 0; do
        [ "$try" -lt "$migrate_tries" ] || fail "migrate, $try times; what is applied stays, and the old version knows it"
        try=$((try + 1))
        say "once more, try $try of $migrate_tries"
        sleep 2
    done
    "$manage" "$release" prepare || fail "prepare"
else
    say "2 of 6: the database was migrated elsewhere"
fi

say "3 of 6: the new version beside the old one"
point "$release" "$root/current"
old=
for colour in blue green; do
    "$systemctl" is-active --quiet "possys-web@$colour.service" && old=$colour
done
case "$old" in blue) new=green ;; *) new=blue ;; esac
# Started, it says when its workers answer, and only then does nginx's socket lead to it (possys-web@.service).
"$systemctl" start "possys-web@$new.socket" "possys-web@$new.service" || {
    "$systemctl" stop "possys-web@$new.service" "possys-web@$new.socket" || true
    [ -n "$before" ] && point "$before" "$root/current"
    fail "the new version does not start: journalctl -u possys-web@$new. The old one serves."
}
"$systemctl" enable --quiet "possys-web@$new.socket" "possys-web@$new.service"

if [ -n "$old" ]; then
    say "4 of 6: $new serves; $old finishes what it has begun"
    "$systemctl" disable --quiet "possys-web@$old.socket" "possys-web@$old.service"
    sleep "$drain_s"
    "$systemctl" stop "possys-web@$old.service" "possys-web@$old.socket"
else
    say "4 of 6: $new serves; there was none before"
fi

say "5 of 6: workers and Beat; sales wait in the store meanwhile"
here=
for unit in $workers possys-beat; do
    "$systemctl" is-enabled --quiet "$unit.service" && here="$here $unit.service"
done
# shellcheck disable=SC2086 # several names
[ -z "$here" ] || "$systemctl" restart $here || fail "a worker does not start:$here"

say "6 of 6: does everything flow?"
for unit in "possys-web@$new.service" $here; do
    "$systemctl" is-active --quiet "$unit" || fail "$unit has ended: journalctl -u $unit"
done
# It may have been so before: the deployment is done all the same.
"$manage" "$release" health || say "LOOK: health names something above (docs/operations.md)"
say "deployed ${release##*/}"
