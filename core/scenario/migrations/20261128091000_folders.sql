-- +goose Up
ALTER TABLE scenarios ADD COLUMN folder TEXT NOT NULL DEFAULT '';
ALTER TABLE scenarios ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE scenario_revisions ADD COLUMN folder TEXT NOT NULL DEFAULT '';
ALTER TABLE scenario_revisions ADD COLUMN source TEXT NOT NULL DEFAULT '';

CREATE TABLE team_files (
    team_id    TEXT NOT NULL,
    digest     TEXT NOT NULL,
    size       BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (team_id, digest)
);
