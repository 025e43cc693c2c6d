-- +goose Up
CREATE TABLE failure_modes (
    id          TEXT PRIMARY KEY,
    scenario_id TEXT NOT NULL,
    text        TEXT NOT NULL,
    occurrences BIGINT NOT NULL,
    first_at    BIGINT,
    last_at     BIGINT,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE INDEX failure_modes_by_scenario ON failure_modes (scenario_id, occurrences, id);

CREATE TABLE failures (
    id          TEXT PRIMARY KEY,
    scenario_id TEXT NOT NULL,
    import_id   TEXT NOT NULL,
    mode_id     TEXT NOT NULL REFERENCES failure_modes (id),
    digest      TEXT NOT NULL,
    text        TEXT NOT NULL,
    expected    TEXT NOT NULL,
    case_id     TEXT NOT NULL,
    got         TEXT NOT NULL,
    channel     TEXT NOT NULL,
    note        TEXT NOT NULL,
    occurred_at BIGINT,
    file        TEXT NOT NULL,
    line        BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    UNIQUE (scenario_id, digest)
);
CREATE INDEX failures_by_mode ON failures (mode_id, id);
