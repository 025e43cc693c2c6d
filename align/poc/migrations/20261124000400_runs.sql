-- +goose Up
CREATE TABLE runs (
    id             TEXT PRIMARY KEY,
    scenario_id    TEXT NOT NULL REFERENCES scenarios (id),
    spec_digest    TEXT NOT NULL,
    document       BYTEA NOT NULL,
    folder         TEXT NOT NULL,
    state          TEXT NOT NULL,
    step           TEXT NOT NULL,
    exploratory    BIGINT NOT NULL,
    dataset_id     TEXT NOT NULL,
    results_digest TEXT NOT NULL,
    problem        TEXT NOT NULL,
    actor          TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    finished_at    BIGINT
);
CREATE INDEX runs_by_scenario ON runs (scenario_id, created_at);
CREATE UNIQUE INDEX runs_unfinished ON runs (scenario_id, spec_digest) WHERE finished_at IS NULL;
