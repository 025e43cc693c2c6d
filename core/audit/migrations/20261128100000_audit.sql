-- +goose Up
-- The entry is the leaf of the log of audit. All columns but leaf are derived
-- from it, and verification compares them with it.
CREATE TABLE audit_entries (
    leaf      BIGINT NOT NULL PRIMARY KEY,
    id        TEXT   NOT NULL UNIQUE,
    at        BIGINT NOT NULL,
    actor     TEXT   NOT NULL,
    operation TEXT   NOT NULL,
    entry     BYTEA  NOT NULL
);

CREATE INDEX audit_by_actor ON audit_entries (actor, leaf);
CREATE INDEX audit_by_operation ON audit_entries (operation, leaf);

-- Finds entries by the ids of what they are about.
CREATE TABLE audit_things (
    thing TEXT   NOT NULL,
    leaf  BIGINT NOT NULL,
    PRIMARY KEY (thing, leaf)
);
