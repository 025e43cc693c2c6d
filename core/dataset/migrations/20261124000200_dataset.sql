-- +goose Up
-- A version belongs to a scenario; the same content in two scenarios is two
-- rows and one set of files in the file store.
CREATE TABLE dataset_versions (
    id          TEXT PRIMARY KEY,
    scenario_id TEXT NOT NULL,
    digest      TEXT NOT NULL,
    manifest    BYTEA NOT NULL,
    train_rows  BIGINT NOT NULL,
    test_rows   BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    UNIQUE (scenario_id, digest)
);
