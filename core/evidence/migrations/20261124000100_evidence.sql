-- +goose Up
-- A log is a Merkle tree (RFC 6962) by the name of its origin. Several logs
-- share these tables; what their leaves hold stands in tables of their owners.
CREATE TABLE log_heads (
    origin TEXT   NOT NULL PRIMARY KEY,
    size   BIGINT NOT NULL
);

-- hashes holds the hashes that the leaf completes, 32 bytes each: its own,
-- then those of the subtrees that end with it, smallest first.
CREATE TABLE log_leaves (
    origin TEXT   NOT NULL,
    leaf   BIGINT NOT NULL,
    hashes BYTEA  NOT NULL,
    PRIMARY KEY (origin, leaf)
);

-- note is the signed checkpoint of the log when it had that size.
CREATE TABLE log_checkpoints (
    origin TEXT   NOT NULL,
    size   BIGINT NOT NULL,
    note   BYTEA  NOT NULL,
    PRIMARY KEY (origin, size)
);

-- The public keys, oldest first, each statement a DSSE envelope.
CREATE TABLE log_keys (
    seq       BIGINT NOT NULL PRIMARY KEY,
    id        TEXT   NOT NULL UNIQUE,
    statement BYTEA  NOT NULL
);

-- The envelope is the evidence. All columns but leaf are derived from it, and
-- verification compares them with it.
CREATE TABLE evidence (
    leaf        BIGINT NOT NULL PRIMARY KEY,
    id          TEXT   NOT NULL UNIQUE,
    scenario    TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    provenance  TEXT   NOT NULL,
    exploratory BIGINT NOT NULL,
    supersedes  TEXT   NOT NULL,
    run         TEXT   NOT NULL,
    appended    BIGINT NOT NULL,
    envelope    BYTEA  NOT NULL
);

CREATE INDEX evidence_by_scenario ON evidence (scenario, leaf);
CREATE INDEX evidence_by_kind ON evidence (kind, leaf);
CREATE UNIQUE INDEX evidence_once_per_run ON evidence (run, kind, scenario) WHERE run <> '' AND supersedes = '';
CREATE UNIQUE INDEX evidence_superseded_once ON evidence (supersedes) WHERE supersedes <> '';
