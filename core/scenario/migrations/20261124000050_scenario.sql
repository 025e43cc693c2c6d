-- +goose Up
CREATE TABLE scenarios (
    id          TEXT PRIMARY KEY,
    slug        TEXT NOT NULL UNIQUE,
    team_id     TEXT NOT NULL,
    title_en    TEXT NOT NULL,
    title_zh    TEXT NOT NULL,
    owner       TEXT NOT NULL,
    level       TEXT NOT NULL,
    data_class  TEXT NOT NULL,
    revision    BIGINT NOT NULL,
    digest      TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    archived_at BIGINT
);

CREATE TABLE scenario_revisions (
    scenario_id TEXT NOT NULL REFERENCES scenarios (id),
    revision    BIGINT NOT NULL,
    digest      TEXT NOT NULL,
    based_on    TEXT NOT NULL,
    document    BYTEA NOT NULL,
    actor       TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (scenario_id, revision)
);

CREATE TABLE scenario_bindings (
    scenario_id TEXT NOT NULL REFERENCES scenarios (id),
    role        TEXT NOT NULL,
    name        TEXT NOT NULL,
    digest      TEXT NOT NULL,
    PRIMARY KEY (scenario_id, role, name)
);
