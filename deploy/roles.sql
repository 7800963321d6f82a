-- The database's roles (docs/operations.md, "Roles"). Run before the first `manage.py migrate`, as a superuser, in the
-- ledger's database; again after a new version, to change a password, or to take over tables of an older installation:
--
--   psql -d possys -v owner_password=... -v flush_password=... -v log_password=... -v web_password=... \
--        -v backup_password=... -f deploy/roles.sql
--
-- What each role may do with each table is in ledger/roles.py; `manage.py prepare` grants it.

-- Passwords must not reach the server's log through a statement that fails.
SET log_min_error_statement = panic;

DO $do$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['possys_owner', 'possys_flush', 'possys_log', 'possys_web',
                              'possys_backup'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I', name);
        END IF;
        -- NOINHERIT: a membership that somebody grants by mistake gives nothing by itself.
        EXECUTE format(
            'ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT', name);
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), name);
        EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', name);
    END LOOP;
    -- Nobody else gets in, and nobody but the owner makes objects, not even temporary ones.
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('ALTER DATABASE %I OWNER TO possys_owner', current_database());
END
$do$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO possys_owner;

ALTER ROLE possys_owner PASSWORD :'owner_password';
ALTER ROLE possys_flush PASSWORD :'flush_password';
ALTER ROLE possys_log PASSWORD :'log_password';
ALTER ROLE possys_web PASSWORD :'web_password';
-- Copies the database and its WAL, and so reads everything; it changes nothing. pg_hba.conf must let it in for
-- "replication", from the backup machine alone.
ALTER ROLE possys_backup REPLICATION PASSWORD :'backup_password';

-- Tables and functions of an installation that is older than its roles become the owner's.
DO $do$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT oid::regclass AS name FROM pg_catalog.pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
          AND relowner <> 'possys_owner'::regrole
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO possys_owner', found.name);
    END LOOP;
    FOR found IN
        SELECT oid::regprocedure AS name FROM pg_catalog.pg_proc
        WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'ledger\_%'
          AND proowner <> 'possys_owner'::regrole
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO possys_owner', found.name);
    END LOOP;
END
$do$;
