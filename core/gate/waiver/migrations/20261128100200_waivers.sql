-- +goose Up
-- state is requested, approved or withdrawn. What counts for a gate is the
-- evidence; this is how it came about.
CREATE TABLE waivers (
    id           TEXT   NOT NULL PRIMARY KEY,
    scenario_id  TEXT   NOT NULL,
    gate         TEXT   NOT NULL,
    rule         TEXT   NOT NULL,
    why          TEXT   NOT NULL,
    until        BIGINT NOT NULL,
    state        TEXT   NOT NULL,
    requested_by TEXT   NOT NULL,
    requester    TEXT   NOT NULL,
    requested_at BIGINT NOT NULL,
    decided_by   TEXT   NOT NULL,
    decider      TEXT   NOT NULL,
    decided_at   BIGINT NOT NULL
);
CREATE INDEX waivers_by_scenario ON waivers (scenario_id, id);
