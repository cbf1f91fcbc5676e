"""Triggers by which the database itself refuses to rewrite the history; made with the tables."""

import sqlalchemy as sa

_SQLITE_ENTRIES = [
    f"CREATE TRIGGER signoff_audit_no_{verb.lower()} BEFORE {verb} ON signoff_audit"
    " BEGIN SELECT RAISE(ABORT, 'signoff_audit is append-only'); END"
    for verb in ("UPDATE", "DELETE")
]
_SQLITE_CHAINS = [
    "CREATE TRIGGER signoff_audit_chain_grows BEFORE UPDATE ON signoff_audit_chain WHEN NEW.length < OLD.length"
    " BEGIN SELECT RAISE(ABORT, 'signoff_audit_chain only grows'); END"
]
_POSTGRESQL_ENTRIES = [
    "CREATE OR REPLACE FUNCTION signoff_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'signoff_audit is append-only'; END $$",
    "CREATE TRIGGER signoff_audit_append_only BEFORE UPDATE OR DELETE ON signoff_audit"
    " FOR EACH ROW EXECUTE FUNCTION signoff_audit_refuse()",
]
_POSTGRESQL_CHAINS = [
    "CREATE OR REPLACE FUNCTION signoff_audit_chain_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'signoff_audit_chain only grows'; END $$",
    "CREATE TRIGGER signoff_audit_chain_grows BEFORE UPDATE ON signoff_audit_chain FOR EACH ROW"
    " WHEN (NEW.length < OLD.length) EXECUTE FUNCTION signoff_audit_chain_refuse()",
]


def guard(entries: sa.Table, chains: sa.Table) -> None:
    """Make the triggers whenever the two tables are made."""
    for table, dialect, statements in (
        (entries, "sqlite", _SQLITE_ENTRIES),
        (chains, "sqlite", _SQLITE_CHAINS),
        (entries, "postgresql", _POSTGRESQL_ENTRIES),
        (chains, "postgresql", _POSTGRESQL_CHAINS),
    ):
        for statement in statements:
            trigger = sa.DDL(statement)  # type: ignore[no-untyped-call]
            sa.event.listen(table, "after_create", trigger.execute_if(dialect=dialect))
